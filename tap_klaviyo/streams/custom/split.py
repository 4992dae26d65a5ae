"""A stream that is read in parts, many at once: by the values of a parameter or filter field, or by ranges of one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract import filters
from tap_klaviyo.contract.timestamps import filter_literal, floor_second, parse_instant
from tap_klaviyo.sync.range import EARLIEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_klaviyo.config.entries import Entry
    from tap_klaviyo.contract import FilterField

MOST_PARTS = 1000

_KNOWN = {"every", "filter", "from", "param", "to", "values"}
_DURATION = re.compile(r"(\d{1,6})\s*([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LARGEST = 1e15  # of numbers that a float steps through one by one
_DATE_LENGTH = len("2026-01-01")

Bound = datetime | int | float


@dataclass(frozen=True, slots=True)
class Part:
    """What the requests of one part say beside those of the others; ``start`` and ``end`` where it is a range."""

    params: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """How a stream is split; either ``values``, or a range of numbers or of date-times (``stop`` None: up to now)."""

    param: tuple[str, ...] = ()
    filter: str | None = None
    values: tuple[Any, ...] = ()
    start: Bound | None = None
    stop: Bound | None = None
    every: timedelta | int | float | None = None
    only_dates: bool = False
    allowed: Mapping[str, FilterField] = field(default_factory=dict)

    def parts(self, now: datetime) -> Iterator[Part]:
        """Yield the parts, in order."""
        if self.start is None:
            for value in self.values:
                yield self._equal(value)
            return
        stop: Any = self.stop
        if stop is None:  # a date as an exclusive end must not leave out today
            stop = floor_second(now) + (timedelta(days=1) if self.only_dates else timedelta())
        begin: Any = self.start
        while begin < stop:
            end = stop if stop - begin <= self.every else begin + self.every
            yield self._between(begin, end)
            begin = end

    def _equal(self, value: Any) -> Part:
        if self.filter is not None:
            return Part(conditions=(filters.condition("equals", self.filter, value),))
        return Part(params={self.param[0]: text_of(value)})

    def _between(self, begin: Any, end: Any) -> Part:
        instants = (begin, end) if isinstance(begin, datetime) else (None, None)
        if self.filter is None:
            return Part(dict(zip(self.param, map(self._written, (begin, end)), strict=True)), (), *instants)
        return Part({}, self._bounds(self.filter, begin, end), *instants)

    def _bounds(self, name: str, begin: Any, end: Any) -> tuple[str, ...]:
        if name in self.allowed and isinstance(begin, datetime):
            bounds = (filters.from_bound(name, self.allowed, begin), filters.until_bound(name, self.allowed, end))
            return tuple(condition for condition in bounds if condition)
        return (filters.condition("greater-or-equal", name, begin), filters.condition("less-than", name, end))

    def _written(self, value: Any) -> str:
        if isinstance(value, datetime):
            return value.date().isoformat() if self.only_dates else filter_literal(value)
        return text_of(value)


def text_of(value: Any) -> str:
    """A value as a query parameter has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def parse_split(
    entry: Entry, allowed: Mapping[str, FilterField], replication_key: str | None, now: datetime
) -> Split | None:
    """Read the member `split` of an entry; None where there is none.

    Raises:
        SettingsError: It cannot be followed, or makes more than 1,000 parts.
    """
    if not entry.given("split"):
        return None
    raw = entry.mapping("split")
    entry.only(_KNOWN, within="split")
    param, name = raw.get("param"), raw.get("filter")
    if (param is None) == (name is None):
        entry.fail("split needs either param (the name of a parameter) or filter (the name of a field)")
    if name is not None and (not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_$][\w.$-]*", name)):
        entry.fail("split.filter must be the name of a field")
    if ("values" in raw) == ("from" in raw):
        entry.fail("split needs either values, or from, to and every")
    found = _values(entry, raw, allowed) if "values" in raw else _range(entry, raw, allowed, replication_key, now)
    if sum(1 for _, _ in zip(found.parts(now), range(MOST_PARTS + 1), strict=False)) > MOST_PARTS:
        entry.fail(f"split makes more than {MOST_PARTS} parts")
    return found


def _values(entry: Entry, raw: Mapping[str, Any], allowed: Mapping[str, FilterField]) -> Split:
    param, values = raw.get("param"), raw["values"]
    if param is not None and (not isinstance(param, str) or not param):
        entry.fail("split.param must be the name of one parameter")
    if not isinstance(values, list) or not values or not all(isinstance(value, str | int | float) for value in values):
        entry.fail("split.values must be a list of strings, numbers or booleans")
    if len(set(map(text_of, values))) < len(values):
        entry.fail("split.values has a value twice: its records would come twice")
    return Split((param,) if param else (), raw.get("filter"), tuple(values), allowed=allowed)


def _range(
    entry: Entry, raw: Mapping[str, Any], allowed: Mapping[str, FilterField], replication_key: str | None, now: datetime
) -> Split:
    param, name = raw.get("param"), str(raw.get("filter"))
    if param is not None and not (
        isinstance(param, list) and all(isinstance(one, str) for one in param) and len(set(param)) == len(param) == 2  # noqa: PLR2004 - a beginning and an end
    ):
        entry.fail("split.param must be two names for a range: of its start and of its exclusive end")
    start: Any = _bound(entry, raw, "from")
    stop: Any = _bound(entry, raw, "to")
    every = _step(entry, raw)
    dated = isinstance(start, datetime)
    if start is None or (stop is None and not dated):
        entry.fail("split needs from and to; only a range of dates may leave out to")
    if isinstance(every, timedelta) is not dated or (stop is not None and isinstance(stop, datetime) is not dated):
        entry.fail("split.from, to and every must be numbers, or two dates and a duration such as 7d")
    if stop is None and start > now:
        entry.fail("split.from is in the future: nothing lies between it and now; set split.to too")
    if stop is not None and stop <= start:
        entry.fail("split.from must be before split.to")
    if dated and name in allowed:
        operators = allowed[name].operators
        if "greater-or-equal" not in operators and (name != replication_key or "greater-than" not in operators):
            entry.fail(f"split.filter '{name}' cannot be split into ranges: Klaviyo allows {', '.join(operators)}")
        if "less-than" not in operators:
            entry.fail(f"split.filter '{name}' cannot be split into ranges: Klaviyo allows {', '.join(operators)}")
    return Split(
        tuple(param or ()),
        raw.get("filter"),
        (),
        start,
        stop,
        every,
        only_dates=dated
        and isinstance(every, timedelta)
        and every % timedelta(days=1) == timedelta()
        and all(len(str(raw[key])) == _DATE_LENGTH for key in ("from", "to") if raw.get(key) is not None),
        allowed=allowed,
    )


def _bound(entry: Entry, raw: Mapping[str, Any], key: str) -> Bound | None:
    value = raw.get(key)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST):
        return value
    try:
        found = floor_second(parse_instant(str(value)))
    except ValueError:
        found = None
    if found is None or found < EARLIEST:
        entry.fail(f"split.{key} must be a number, or a date-time from 1900 on")
    return found


def _step(entry: Entry, raw: Mapping[str, Any]) -> timedelta | int | float:
    value = raw.get("every")
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _LARGEST:
        return value
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) == 0:
        entry.fail("split.every must be a number above 0, or a duration such as 12h, 7d or 4w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
