"""Bookmark policy: which range of the replication key a sync reads, and how far the bookmark may follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_klaviyo.timestamps import floor_second, parse_instant

if TYPE_CHECKING:
    from collections.abc import MutableMapping

# Klaviyo refuses bounds within a few seconds of now, and a row of this second may not be readable yet.
LAG = timedelta(seconds=10)

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
    is_lookback: bool = False
    from_the_future: bool = False
    """The bookmark of the state lay in the future and was brought back."""

    def holds(self, instant: datetime) -> bool:
        """Tell whether a row of this instant belongs to the range."""
        return (self.lower is None or instant >= self.lower) and (self.upper is None or instant < self.upper)

    @property
    def empty(self) -> bool:
        """Whether nothing can lie in the range."""
        return self.lower is not None and self.upper is not None and self.lower >= self.upper


def plan(bookmark: datetime | None, lookback_at: datetime | None, policy: Policy, now: datetime) -> Range:
    """Work out the range of one sync; bounds are whole seconds, the grain of Klaviyo's filters.

    With both ``start`` and ``end``, and a bookmark that is past them, the run re-reads that range and leaves the
    bookmark where it is.
    """
    latest = floor_second(now) - LAG
    end = floor_second(policy.end) if policy.end else None
    until = min(latest, end) if end else latest
    upper = None if policy.future_dated and end is None else until
    if bookmark is not None and policy.start is not None and end is not None and bookmark >= end:
        return Range(
            _latest_of(floor_second(policy.start), _retained(policy, latest)), until, until, moves_bookmark=False
        )
    lower = floor_second(min(bookmark, latest)) if bookmark is not None else None
    is_lookback = (
        lower is not None
        and policy.lookback is not None
        and (lookback_at is None or now - lookback_at >= policy.lookback_every)
    )
    if is_lookback and lower is not None and policy.lookback is not None:
        lower -= policy.lookback
    lower = _latest_of(lower, floor_second(policy.start) if policy.start else None, _retained(policy, latest))
    return Range(lower, upper, until, is_lookback=is_lookback, from_the_future=bookmark is not None and bookmark > now)


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

    def saw(self, newest: datetime | None) -> None:
        """Note the newest row that has been written, without moving yet."""
        if newest is not None and (self._seen is None or newest > self._seen):
            self._seen = newest

    def advance(self) -> None:
        """Follow the newest row that has been written: everything before it has been written too."""
        if self._seen is not None:
            self._follow(self._seen)

    def finish(self, *, everything: bool) -> None:
        """Close a complete read; ``everything`` where all up to the bound was read, however old the newest row."""
        self._state.pop(FAN_OUT, None)
        if everything:
            self._follow(self._range.until)
        self.advance()
        if self._range.is_lookback or (LOOKBACK_AT not in self._state and self._current is not None):
            self._state[LOOKBACK_AT] = self._range.until.isoformat()

    def _follow(self, instant: datetime) -> None:
        capped = min(instant, self._range.until)
        if self._replication_key is None or not self._range.moves_bookmark:
            return
        if self._current is None or capped > self._current:
            self._set(capped)

    def _set(self, instant: datetime) -> None:
        self._current = instant
        if self._replication_key is not None:
            self._state["replication_key"] = self._replication_key
            self._state[REPLICATION_KEY_VALUE] = instant.isoformat()
