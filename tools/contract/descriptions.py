"""Facts that Klaviyo's OpenAPI document states only in its prose.

The pinned document drops every description, so whatever a description alone says is read here first and
written beside the endpoint or the property as a machine-readable ``x-`` key.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
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


_NAMES = r"[a-z_]+(?:, [a-z_]+)*"
_DEFAULT_GROUPING = re.compile(rf"If not passed in, the data will be grouped by ({_NAMES})")
_REQUIRED_GROUPING = re.compile(rf"group by attributes are required: ({_NAMES})")
_PREREQUISITE = re.compile(rf"The prerequisites for ([a-z_]+) is ({_NAMES})")
_FILTERS = (
    re.compile(r"(?:Scalar|List) attributes \((?P<fields>[^)]+)\): Supported operators: (?P<operators>[a-z, -]+)"),
    re.compile(r"Allowed filters are (?P<fields>[a-z_, ]+)\. Allowed operators are (?P<operators>[a-z, -]+)"),
)
_FILTER_VALUES = re.compile(r"When filtering on ([a-z_]+), allowed values are ([\w, -]+)")
_TIME_FILTER = re.compile(r"by providing a `([a-z-]+)` and a `([a-z-]+)` filter on the `(\w+)` field")
_LIST_MAXIMUM = re.compile(r"Max of (\d+) \w+ per (?:list|ANY) filter")
_LIST_OPERATORS = frozenset({"any", "contains-any", "contains-all"})
_INTERVAL_MAXIMUM = re.compile(r"If ([a-z]+) is used, the timeframe cannot be longer than (\d+) (days|weeks)")
_EARLIEST = re.compile(r"Data is unavailable before (\w+ \d+)(?:st|nd|rd|th), (\d{4})")
_TIMEZONES = re.compile(r"a few notable exceptions are ((?:`[\w/]+`(?:, | and )?)+)")
_DAYS = {"days": 1, "weeks": 7}


def facts_of(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the ``x-`` keys that the description of one operation gives.

    - ``x-ratelimit-when``: a list of ``{parameter, value, burst, steady}``, lower limits that a parameter brings
    - ``x-page-size``: rows in a page where the endpoint takes no ``page[size]``
    - ``x-order``: ``newest-first`` where the response has that fixed order
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


def _filters(text: str) -> dict[str, Any]:
    filters: dict[str, Any] = {}
    for match in (match for pattern in _FILTERS for match in pattern.finditer(text)):
        operators = match["operators"].split(", ")
        arities = {
            "single": [operator for operator in operators if operator not in _LIST_OPERATORS],
            "list": [operator for operator in operators if operator in _LIST_OPERATORS],
        }
        for field in match["fields"].split(", "):
            stated = {arity: names for arity, names in arities.items() if names}
            filters[field] = {"operators": stated, "value": {"type": "string"}}
    if values := _FILTER_VALUES.search(text):
        filters[values[1]]["value"]["enum"] = values[2].split(", ")
    if time := _TIME_FILTER.search(text):
        filters[time[3]] = {
            "operators": {"single": [time[1], time[2]]},
            "value": {"type": "string", "format": "date-time"},
        }
    return filters


def property_facts(description: str) -> dict[str, Any]:
    """Return the ``x-`` keys that the description of one property of a report's request gives.

    - ``x-default``, ``x-required``: groupings where none are asked, and groupings that must be asked
    - ``x-requires``: groupings that another one needs beside it
    - ``x-filters``: operators and values by field, in the form of an operation's ``x-klaviyo-filters``
    - ``x-list-maximum``: values in one list of a filter
    - ``x-maximum-days``: the longest time frame, of each interval or of all
    - ``x-earliest``: the first day that has data
    - ``x-refused``: time zones that are not known
    """
    text = re.sub(r"\s+", " ", description)
    facts: dict[str, Any] = {}
    if default := _DEFAULT_GROUPING.search(text):
        facts["x-default"] = default[1].split(", ")
    if required := _REQUIRED_GROUPING.search(text):
        facts["x-required"] = required[1].split(", ")
    if prerequisite := _PREREQUISITE.search(text):
        facts["x-requires"] = {prerequisite[1]: prerequisite[2].split(", ")}
    if filters := _filters(text):
        facts["x-filters"] = filters
    if maximum := _LIST_MAXIMUM.search(text):
        facts["x-list-maximum"] = int(maximum[1])
    if spans := _INTERVAL_MAXIMUM.findall(text):
        facts["x-maximum-days"] = {interval: int(number) * _DAYS[unit] for interval, number, unit in spans}
    elif "(Max length: 1 year)" in text:
        facts["x-maximum-days"] = 365
    if earliest := _EARLIEST.search(text):
        day = datetime.strptime(f"{earliest[1]} {earliest[2]}", "%B %d %Y").replace(tzinfo=UTC)
        facts["x-earliest"] = day.date().isoformat()
    if timezones := _TIMEZONES.search(text):
        facts["x-refused"] = re.findall(r"`([^`]+)`", timezones[1])
    return facts
