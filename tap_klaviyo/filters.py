"""Klaviyo filter strings: built for the tap's own bounds, and checked where a user wrote one."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from tap_klaviyo.timestamps import ONE_SECOND, ceil_second, filter_literal, floor_second, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_klaviyo.contract import FilterField

Value = str | bool | int | float | datetime


class FilterError(ValueError):
    """A filter that the endpoint does not allow; the message says what it does allow."""


def literal(value: Value) -> str:
    """Write a value as Klaviyo reads it: strings quoted, date-times and numbers bare, booleans in lower case."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return filter_literal(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return str(value)


def condition(operator: str, field: str, value: Value) -> str:
    """Return one condition, for example ``equals(archived,true)``."""
    return f"{operator}({field},{literal(value)})"


def all_of(conditions: Iterable[str | None]) -> str | None:
    """Join conditions with ``and``; None where there are none."""
    present = [text for text in conditions if text]
    if len(present) > 1:
        return f"and({','.join(present)})"
    return present[0] if present else None


def from_bound(field: str, filters: Mapping[str, FilterField], start: datetime) -> str | None:
    """Return the inclusive lower bound, or None where the endpoint cannot filter the field from below.

    Profiles, lists and segments know only ``greater-than``: there the bound is one second earlier, and the caller
    drops the rows before ``start``.
    """
    operators = filters[field].operators if field in filters else ()
    start = floor_second(start)
    if "greater-or-equal" in operators:
        return condition("greater-or-equal", field, start)
    if "greater-than" in operators:
        return condition("greater-than", field, start - ONE_SECOND)
    return None


def until_bound(field: str, filters: Mapping[str, FilterField], end: datetime) -> str | None:
    """Return the exclusive upper bound, or None where the endpoint cannot filter the field from above."""
    operators = filters[field].operators if field in filters else ()
    end = ceil_second(end)
    if "less-than" in operators:
        return condition("less-than", field, end)
    if "less-or-equal" in operators:
        return condition("less-or-equal", field, end)
    return None


_TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_$][\w.$-]*)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<bare>[0-9+-][0-9A-Za-z:.+-]*)|(?P<mark>[(),\[\]]))""",
    re.ASCII,
)


def check(text: str, filters: Mapping[str, FilterField]) -> None:
    """Check a filter that a user wrote against what the endpoint allows.

    Raises:
        FilterError: The text does not parse, or names a field, operator or value that the endpoint refuses.
    """
    tokens = list(_tokens(text))
    position = _conditions(tokens, 0, filters)
    if position != len(tokens):
        msg = f"unexpected '{tokens[position][1]}' after the end of the filter"
        raise FilterError(msg)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None or match.lastgroup is None:
            msg = f"cannot read the filter at '{stripped[position : position + 20]}'"
            raise FilterError(msg)
        yield match.lastgroup, match[match.lastgroup]
        position = match.end()


def _expect(tokens: list[tuple[str, str]], position: int, wanted: str) -> int:
    found = tokens[position][1] if position < len(tokens) else "the end"
    if found != wanted:
        msg = f"expected '{wanted}' but found '{found}'"
        raise FilterError(msg)
    return position + 1


def _conditions(tokens: list[tuple[str, str]], position: int, filters: Mapping[str, FilterField]) -> int:
    position = _condition(tokens, position, filters)
    while position < len(tokens) and tokens[position] == ("mark", ","):
        position = _condition(tokens, position + 1, filters)
    return position


def _condition(tokens: list[tuple[str, str]], position: int, filters: Mapping[str, FilterField]) -> int:
    if position >= len(tokens) or tokens[position][0] != "name":
        msg = "expected an operator such as equals(...)"
        raise FilterError(msg)
    operator = tokens[position][1]
    position = _expect(tokens, position + 1, "(")
    if operator == "and":
        return _expect(tokens, _conditions(tokens, position, filters), ")")
    if position >= len(tokens) or tokens[position][0] != "name":
        msg = f"{operator}(...) needs a field"
        raise FilterError(msg)
    field = tokens[position][1]
    if field not in filters:
        msg = f"'{field}' cannot be filtered here; allowed: {', '.join(sorted(filters)) or 'nothing'}"
        raise FilterError(msg)
    fact = filters[field]
    allowed = sorted({*fact.operators, *fact.list_operators})
    if operator not in allowed:
        msg = f"operator '{operator}' is not allowed on '{field}'; allowed: {', '.join(allowed)}"
        raise FilterError(msg)
    position += 1
    if operator == "has":
        return _expect(tokens, position, ")")
    position = _expect(tokens, position, ",")
    return _expect(tokens, _value(tokens, position, operator, field, fact), ")")


def _value(tokens: list[tuple[str, str]], position: int, operator: str, field: str, fact: FilterField) -> int:
    is_list = position < len(tokens) and tokens[position] == ("mark", "[")
    if is_list != (operator in fact.list_operators and (is_list or operator not in fact.operators)):
        msg = f"{operator}({field},…) takes {'one value' if is_list else 'a list in [ ]'}"
        raise FilterError(msg)
    if not is_list:
        return _scalar(tokens, position, field, fact)
    position = _scalar(tokens, position + 1, field, fact)
    while position < len(tokens) and tokens[position] == ("mark", ","):
        position = _scalar(tokens, position + 1, field, fact)
    return _expect(tokens, position, "]")


def _scalar(tokens: list[tuple[str, str]], position: int, field: str, fact: FilterField) -> int:
    kind, text = tokens[position] if position < len(tokens) else ("end", "the end")
    if fact.format == "date-time":
        fits = kind == "bare" and _is_instant(text)
        wanted = "a date-time without quotes, such as 2026-01-01T00:00:00Z"
    elif fact.type == "boolean":
        fits, wanted = text in {"true", "false"}, "true or false"
    elif fact.type in {"number", "integer"}:
        fits, wanted = kind == "bare" and _is_number(text), "a number"
    else:
        fits = kind == "text" and (not fact.enum or text[1:-1] in fact.enum)
        wanted = f"one of {', '.join(fact.enum)}, in quotes" if fact.enum else "text in quotes"
    if not fits:
        msg = f"the value of '{field}' must be {wanted}"
        raise FilterError(msg)
    return position + 1


def _is_instant(text: str) -> bool:
    try:
        parse_instant(text)
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
