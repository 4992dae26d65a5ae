"""From the shop's resources to the rows of one page: filtered, in order, after the cursor."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.filters import LOWER, UPPER, Condition
from tap_klaviyo.sandbox.instants import instant_of
from tap_klaviyo.sandbox.shop.store import Shelf, ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_klaviyo.sandbox.paging import Position
    from tap_klaviyo.sandbox.shop import Resource, Shop
    from tap_klaviyo.sandbox.shop.store import Entry

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda have, want: bool(have == want),
    "any": lambda have, want: have in want,
    "contains": lambda have, want: want.lower() in have.lower(),
    "starts-with": lambda have, want: have.lower().startswith(want.lower()),
    "ends-with": lambda have, want: have.lower().endswith(want.lower()),
    "greater-than": lambda have, want: bool(have > want),
    "greater-or-equal": lambda have, want: bool(have >= want),
    "less-than": lambda have, want: bool(have < want),
    "less-or-equal": lambda have, want: bool(have <= want),
}
# by these a row has at most one value, an instant, so that a bound cuts the order at one place
_SINGLE = frozenset({"datetime", "created", "updated", "created_at", "updated_at", "scheduled_at", "joined_group_at"})


# what a cursor without an id does to ties
KEPT, LOST, REPEATED = "kept", "lost", "repeated"
# ids sort between these
_FIRST, _LAST = "", "\U0010ffff"


@dataclass(frozen=True)
class Slice:
    """Which rows: up to ``size`` that meet all conditions, from ``after`` on.

    ``sort`` is a field, with ``-`` before it for descending; rows of one value follow each other by id. ``ties`` says
    what becomes of rows that share the instant at the edge of a page: kept apart, lost, or repeated.
    """

    sort: str
    conditions: list[Condition]
    after: Position | None
    size: int
    ties: str = KEPT


def meets(shop: Shop, resource: Resource, condition: Condition) -> bool:
    """Whether one of the values that ``resource`` has for the condition's field meets it."""
    values = [value for value in shop.values(resource, condition.field) if value is not None]
    if condition.operator == "has":
        return bool(values)
    if condition.kind == "date-time":
        values = [instant for instant in map(instant_of, values) if instant is not None]
    want = condition.value
    if isinstance(want, list) and condition.operator == "equals":
        # equal to a list is one of it, except for a field that is a list itself
        return any(value in want for value in values)
    compare = _COMPARE[condition.operator]
    return any(compare(value, want) for value in values)


def _bounds(order: Sequence[Entry], name: str, conditions: Iterable[Condition]) -> tuple[int, int, list[Condition]]:
    """Return where the rows within the bounds on ``name`` begin and end, and the conditions that are left."""
    start, stop, left = 0, len(order), []
    for condition in conditions:
        operator, key = condition.operator, (1, condition.value)
        if condition.field != name or name not in _SINGLE or operator not in (*LOWER, *UPPER):
            left.append(condition)
            continue
        place = bisect_left if operator in {"greater-or-equal", "less-than"} else bisect_right
        if operator in LOWER:
            start = max(start, place(order, key, key=_key))
        else:
            # rows without a value come first, and are below no bound
            start = max(start, bisect_left(order, (1,), key=_key))
            stop = min(stop, place(order, key, key=_key))
    return start, stop, left


def _key(entry: Entry) -> tuple[Any, ...]:
    return entry[0]


def _place(entry: Entry) -> Position:
    return entry[0], entry[1]


def page_of(shop: Shop, source: Shelf | list[Resource], wanted: Slice) -> tuple[list[Resource], Position | None]:
    """Return the rows of one page and, where more follow, the position of its last row."""
    with shop.lock:
        rows: list[Resource] = []
        last: Position | None = None
        walk, conditions = _walk(source, wanted)
        for entry in walk:
            if all(meets(shop, entry[2], condition) for condition in conditions):
                if len(rows) == wanted.size:
                    return rows, _tied(last, entry, wanted)
                rows.append(entry[2])
                last = _place(entry)
        return rows, None


def _tied(last: Position | None, following: Entry, wanted: Slice) -> Position | None:
    """Return where the next page begins, which a cursor without an id says by its instant alone."""
    if last is None or wanted.ties == KEPT or wanted.sort.removeprefix("-") not in _SINGLE or following[0] != last[0]:
        return last
    # a page of nothing but ties would be repeated for ever: then the rest of them is lost
    stuck = wanted.after is not None and wanted.after[0] == last[0]
    again = wanted.ties == REPEATED and not stuck
    return last[0], _LAST if again == wanted.sort.startswith("-") else _FIRST


def _walk(source: Shelf | list[Resource], wanted: Slice) -> tuple[Iterator[Entry], list[Condition]]:
    name, descending = wanted.sort.removeprefix("-"), wanted.sort.startswith("-")
    if isinstance(source, Shelf):
        order = source.order(name, largest=descending)
    else:
        order = ordered(source, name, largest=descending)
    start, stop, left = _bounds(order, name, wanted.conditions)
    if descending:
        if wanted.after is not None:
            stop = min(stop, bisect_left(order, wanted.after, key=_place))
        return (order[at] for at in range(stop - 1, start - 1, -1)), left
    if wanted.after is not None:
        start = max(start, bisect_right(order, wanted.after, key=_place))
    return (order[at] for at in range(start, stop)), left
