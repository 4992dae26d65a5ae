"""A request's query string, read strictly: whatever the document does not list is a 400."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from tap_klaviyo.sandbox.errors import invalid
from tap_klaviyo.sandbox.filters import Condition, conditions_of
from tap_klaviyo.sandbox.operation import additional_type, fields_type

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.operation import Operation

_COMMA_LISTS = ("fields[", "additional-fields[", "include")
_INTEGER = re.compile(r"\d{1,9}")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DEFAULT_PAGE = 100


@dataclass(frozen=True)
class Query:
    """What one request asks for.

    ``fields`` holds the sparse fieldset of each type that has one; ``additional`` the additional fields asked;
    ``sort`` is an attribute with ``-`` before it for descending; ``text`` is the query string as sent and ``others``
    all of it but the cursor.
    """

    fields: dict[str, frozenset[str]]
    additional: dict[str, frozenset[str]]
    include: tuple[str, ...]
    sort: str | None
    conditions: list[Condition]
    page_size: int
    cursor: str | None
    others: str
    text: str
    raw: dict[str, str] = field(default_factory=dict)

    def loosened(self) -> Query:
        """Return the query with rows that equal an exclusive bound let in, as Klaviyo does at times."""
        loose = {"greater-than": "greater-or-equal", "less-than": "less-or-equal"}
        conditions = [replace(one, operator=loose.get(one.operator, one.operator)) for one in self.conditions]
        return replace(self, conditions=conditions)

    def value_of(self, name: str) -> object:
        """Return the value that the filter asks ``name`` to be equal to, None where it asks nothing."""
        return next((c.value for c in self.conditions if c.field == name and c.operator == "equals"), None)


def _parameters(text: str, operation: Operation) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split("&") if text else ():
        name, separator, value = part.partition("=")
        name = unquote_plus(name)
        if name not in operation.parameters:
            raise invalid(f"'{name}' is not a valid query parameter for this endpoint.", name)
        if name in found:
            raise invalid(f"'{name}' was sent more than once.", name)
        if not separator or not value:
            raise invalid(f"'{name}' has no value.", name)
        if _BROKEN_ESCAPE.search(value):
            raise invalid(f"'{name}' is not correctly percent-encoded.", name)
        found[name] = unquote_plus(value, errors="strict")
    return found


def _check_choices(name: str, value: str, operation: Operation) -> None:
    choices = operation.choices(name)
    if choices is None:
        return
    asked = value.split(",") if name.startswith(_COMMA_LISTS) else [value]
    for one in asked:
        if one not in choices:
            raise invalid(f"'{one}' is not a valid value for '{name}'.", name)
    if len(set(asked)) < len(asked):
        raise invalid(f"'{name}' repeats a value.", name)


def _page_size(value: str | None, operation: Operation) -> int:
    if value is None:
        return operation.page_default or _DEFAULT_PAGE
    maximum = operation.page_size or 0
    if not _INTEGER.fullmatch(value) or not 1 <= int(value) <= maximum:
        raise invalid(f"Page size must be an integer between 1 and {maximum}.", "page[size]")
    return int(value)


def query_of(text: str, operation: Operation, now: int) -> Query:
    """Return what the query string ``text`` asks of ``operation`` at the instant ``now``."""
    try:
        raw = _parameters(text, operation)
    except UnicodeDecodeError:
        raise invalid("the query string is not UTF-8.", "filter") from None
    for name, value in raw.items():
        _check_choices(name, value, operation)
    fields, additional = {}, {}
    for name, value in raw.items():
        if resource_type := fields_type(name):
            fields[resource_type] = frozenset(value.split(","))
        elif resource_type := additional_type(name):
            additional[resource_type] = frozenset(value.split(","))
    return Query(
        fields=fields,
        additional=additional,
        include=tuple(raw["include"].split(",")) if "include" in raw else (),
        sort=raw.get("sort"),
        conditions=conditions_of(raw.get("filter"), operation, now),
        page_size=_page_size(raw.get("page[size]"), operation),
        cursor=raw.get("page[cursor]"),
        others="&".join(part for part in text.split("&") if unquote_plus(part.partition("=")[0]) != "page[cursor]"),
        text=text,
        raw=raw,
    )
