"""Klaviyo filter strings, built of conditions."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from tap_klaviyo.contract.timestamps import ONE_SECOND, ceil_second, filter_literal, floor_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tap_klaviyo.contract import FilterField

Value = str | bool | int | float | datetime


_TEXT = r"""'(?:[^'\\]|\\.)*+'?+|"(?:[^"\\]|\\.)*+"?+"""  # one that does not end takes all the rest
_PIECE = re.compile(rf"{_TEXT}|[(),]|[^'\"(),]++", re.DOTALL)
_MOST = 50  # of `and`; nobody writes so many, and each is a walk through all that is in it
_ALL_OF = re.compile(r"\s*and\s*\((.*)\)\s*", re.DOTALL)


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


def among(field: str, values: Sequence[str]) -> str:
    """Return the condition that a field has one of some values."""
    if len(values) == 1:
        return condition("equals", field, values[0])
    return f"equals({field},[{','.join(map(literal, values))}])"


def parts(text: str) -> list[str]:
    """Return the conditions of a filter, of each ``and`` in it too; all of it where its brackets do not match."""
    found, waiting, opened = [], [text], 0
    while waiting:
        here = waiting.pop()
        inside = _ALL_OF.fullmatch(here) if opened < _MOST else None
        pieces = _listed(inside[1]) if inside else None  # None where the last bracket is not that of the first `and`
        opened += pieces is not None
        pieces = pieces or _listed(here)
        if pieces is None or pieces == [here]:
            found.append(here.strip())
        else:
            waiting += reversed(pieces)
    return found


def _listed(text: str) -> list[str] | None:
    """Cut at the commas outside of brackets and quotes; None where brackets do not match."""
    pieces, depth = [""], 0
    for match in _PIECE.finditer(text):
        piece = match[0]
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth < 0:
            return None
        if piece == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += piece
    return pieces if depth == 0 else None


def all_of(conditions: Iterable[str | None]) -> str | None:
    """Join conditions, or filters, with one ``and``, which Klaviyo does not nest; None where there are none."""
    present = [part for text in conditions if text for part in parts(text)]
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
