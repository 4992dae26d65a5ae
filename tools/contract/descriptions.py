"""Facts that Klaviyo's OpenAPI document states only in its prose.

The pinned document drops every description, so whatever a description alone says is read here first and
written beside the endpoint as a machine-readable ``x-`` key.
"""

from __future__ import annotations

import re
from typing import Any

_CONDITIONAL_LIMIT = re.compile(
    r"Rate limits when using the `(?P<parameter>[^`=]+)=(?P<value>[^`]+)` parameter in your API request:"
    r"\s*<br>Burst: `(?P<burst>\d+/s)`<br>Steady: `(?P<steady>\d+/m)`"
)
_PAGE_MAXIMUM = re.compile(r"Returns a maximum of (\d+) [\w ]+ per (?:request|page)")
_FIXED_PAGE = re.compile(r"fixed page size of (\d+)")
_RETENTION = re.compile(r"retained for (\d+) days")
_FILTER_ALTERNATIVES = (
    # (what the description says, one group of fields of which a filter must name at least one)
    (re.compile(r"A channel filter is required"), ["messages.channel"]),
    (re.compile(r"must be provided as required filter params"), ["coupon.id", "profile.id"]),
)


def facts_of(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the ``x-`` keys that the description of one operation gives.

    - ``x-ratelimit-when``: a list of ``{parameter, value, burst, steady}``, lower limits that a parameter brings
    - ``x-page-size``: rows in a page where the endpoint takes no ``page[size]``
    - ``x-order``: ``newest-first`` where the answer has that fixed order
    - ``x-retention-days``: how far back the endpoint reaches
    - ``x-filter-requires``: fields of which a filter must name one
    """
    text = re.sub(r"\s+", " ", operation.get("description", ""))
    facts: dict[str, Any] = {}
    if limits := [match.groupdict() for match in _CONDITIONAL_LIMIT.finditer(text)]:
        facts["x-ratelimit-when"] = limits
    takes_page_size = any(parameter["name"] == "page[size]" for parameter in operation.get("parameters", ()))
    page = _FIXED_PAGE.search(text) or _PAGE_MAXIMUM.search(text)
    if page and not takes_page_size:
        facts["x-page-size"] = int(page[1])
    if "returned newest first" in text:
        facts["x-order"] = "newest-first"
    if retention := _RETENTION.search(text):
        facts["x-retention-days"] = int(retention[1])
    for pattern, fields in _FILTER_ALTERNATIVES:
        if pattern.search(text):
            facts["x-filter-requires"] = fields
    return facts
