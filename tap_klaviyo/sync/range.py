"""Bookmark policy: which range of the replication key a sync reads, and how far the bookmark may follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.timestamps import floor_second, parse_instant

if TYPE_CHECKING:
    from collections.abc import MutableMapping

# Klaviyo refuses bounds within a few seconds of now, and a row of this second may not be readable yet.
LAG = timedelta(seconds=10)
# Some senders write the year 1 where they know no date, and no clock goes back a week from there.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)

REPLICATION_KEY_VALUE = "replication_key_value"
FAN_OUT = "fan_out"
LOOKBACK_AT = "lookback_at"


class BrokenStateError(ValueError):
    """A state that cannot be resumed; starting over silently would hide it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How one stream is read incrementally."""

    start: datetime | None = None
    """Nothing before this is read; None for dimensions, which are read whole first."""
    end: datetime | None = None
    open_first: bool = False
    """A first read without bounds asks for all there is: no filter brings a row without a replication value."""
    future_dated: bool = False
    """Rows may be dated in the future; they are written, and do not move the bookmark."""
    lookback: timedelta | None = None
    lookback_every: timedelta = timedelta(hours=24)
    retention: timedelta | None = None
    """How far back the endpoint reaches at all."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a sync reads: ``lower`` inclusive (None: from the beginning), ``upper`` exclusive (None: open end)."""

    lower: datetime | None
    upper: datetime | None
    until: datetime
    """The bookmark never passes this."""
    moves_bookmark: bool = True
    lookback_at: datetime | None = None
    """What the state remembers as the last lookback once this read is complete; None where it is none."""
    from_the_future: bool = False
    """The bookmark of the state lay in the future and was brought back."""
    after_parent: str | None = None
    """The last parent that an earlier run of the same fan-out finished."""

    def holds(self, instant: datetime) -> bool:
        """Tell whether a row of this instant belongs to the range."""
        return (self.lower is None or instant >= self.lower) and (self.upper is None or instant < self.upper)

    @property
    def empty(self) -> bool:
        """Whether nothing can lie in the range; Klaviyo refuses to be asked for such a one."""
        if self.lower is None:
            return False
        return self.lower > self.until if self.upper is None else self.lower >= self.upper


def plan(bookmark: datetime | None, lookback_at: datetime | None, policy: Policy, now: datetime) -> Range:
    """Work out the range of one sync; bounds are whole seconds, the grain of Klaviyo's filters.

    With both ``start`` and ``end``, and a bookmark that is past them, the run re-reads that range and leaves the
    bookmark where it is.
    """
    latest = floor_second(now) - LAG
    end = max(floor_second(policy.end), EARLIEST) if policy.end else None
    until = min(latest, end) if end else latest
    start = floor_second(policy.start) if policy.start else None
    past_end = bookmark is not None and end is not None and bookmark >= end
    if past_end and start is not None:
        return Range(_latest_of(start, _retained(policy, latest), EARLIEST), until, until, moves_bookmark=False)
    looks_back = policy.lookback is not None and not past_end and _due(lookback_at, policy.lookback_every, now)
    lower = floor_second(min(bookmark, latest)) if bookmark is not None else None
    if looks_back and lower is not None and policy.lookback is not None:
        # From the last lookback: a row may have arrived right after it, and be late by all that is allowed.
        lower = max(min(lower, floor_second(lookback_at or lower)), EARLIEST) - policy.lookback
    lower = _latest_of(lower, start, _retained(policy, latest))
    lower = None if lower is None else max(lower, EARLIEST)
    open_end = end is None and (policy.future_dated or (policy.open_first and lower is None))
    return Range(
        lower,
        None if open_end else until,
        until,
        lookback_at=latest if looks_back else None,
        from_the_future=bookmark is not None and bookmark > now,
    )


def resumed(found: Range, until: datetime | None, after_parent: str | None) -> Range:
    """Return the range of a fan-out's first run for the run that goes on with it, or ``found`` where that is over."""
    if until is None or after_parent is None or not found.moves_bookmark:
        return found
    until = min(until, found.until)
    if found.lower is not None and found.lower >= until:
        return found  # what the first run read is no longer there to be read
    upper = None if found.upper is None else until
    return replace(found, upper=upper, until=until, after_parent=after_parent)


def _due(lookback_at: datetime | None, every: timedelta, now: datetime) -> bool:
    return lookback_at is None or lookback_at > now or now - lookback_at >= every


def _retained(policy: Policy, latest: datetime) -> datetime | None:
    return latest - policy.retention if policy.retention else None


def _latest_of(*instants: datetime | None) -> datetime | None:
    present = [instant for instant in instants if instant is not None]
    return max(present) if present else None


def read_instant(state: MutableMapping[str, Any], key: str, stream: str) -> datetime | None:
    """Read a date-time of a stream's state.

    Raises:
        BrokenStateError: It is there and is no date-time.
    """
    value = state.get(key)
    if value is None:
        return None
    try:
        return parse_instant(str(value))
    except ValueError:
        msg = f"'{key}' of '{stream}' in the state is no date-time; repair it, or remove it to read from the beginning"
        raise BrokenStateError(msg) from None


class Bookmark:
    """The bookmark of one stream: it follows what has been written, never past ``until`` and never back.

    It lives in the stream's part of the tap's state, so that every STATE message carries it.
    """

    def __init__(
        self, state: MutableMapping[str, Any], replication_key: str | None, reading: Range, stream: str
    ) -> None:
        self._state = state
        self._replication_key = replication_key
        self._range = reading
        self._current = read_instant(state, REPLICATION_KEY_VALUE, stream)
        if reading.from_the_future:
            self._set(reading.until)
        self._seen: datetime | None = None

    def saw(self, oldest: datetime | None, newest: datetime | None) -> None:
        """Note the rows that have been written, without moving yet; those of the future say nothing of the past."""
        if oldest is None or newest is None or oldest > self._range.until:
            return
        if self._seen is None or newest > self._seen:
            self._seen = newest

    def advance(self) -> None:
        """Follow the newest row that has been written: everything before it has been written too."""
        if self._seen is not None:
            self._follow(self._seen)

    def finish(self, *, everything: bool) -> None:
        """Close a complete read; ``everything`` where all up to the bound was read, however old the newest row."""
        if not self._range.moves_bookmark:
            return
        self._state.pop(FAN_OUT, None)
        if everything:
            self._follow(self._range.until)
        self.advance()
        self._remember_lookback()

    def _follow(self, instant: datetime) -> None:
        capped = min(instant, self._range.until)
        if self._replication_key is None or not self._range.moves_bookmark:
            return
        if self._current is None:
            # A first read looks back at everything, however many runs it takes.
            self._remember_lookback()
        if self._current is None or capped > self._current:
            self._set(capped)

    def _remember_lookback(self) -> None:
        if self._range.lookback_at is not None:
            self._state[LOOKBACK_AT] = self._range.lookback_at.isoformat()

    def _set(self, instant: datetime) -> None:
        self._current = instant
        if self._replication_key is not None:
            self._state["replication_key"] = self._replication_key
            self._state[REPLICATION_KEY_VALUE] = instant.isoformat()
