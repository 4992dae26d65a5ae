"""What the state says of a stream, and the bookmark that follows what has been written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from datetime import datetime

    from tap_klaviyo.sync.range import Range

REPLICATION_KEY_VALUE = "replication_key_value"
FAN_OUT = "fan_out"
LOOKBACK_AT = "lookback_at"


class BrokenStateError(ValueError):
    """A state that cannot be resumed; starting over silently would hide it."""


@dataclass(frozen=True, slots=True)
class FanOutUnderWay:
    """A fan-out that an earlier run left unfinished: its bound, and the last parent that it finished."""

    until: datetime | None
    after_parent: str | None


@dataclass(frozen=True, slots=True)
class Saved:
    """What earlier runs left of a stream."""

    bookmark: datetime | None = None
    lookback_at: datetime | None = None
    fan_out: FanOutUnderWay | None = None

    @classmethod
    def of(cls, state: Mapping[str, Any], stream: str) -> Saved:
        """Read a stream's part of the state.

        Raises:
            BrokenStateError: A date-time in it cannot be read.
        """
        under_way = state.get(FAN_OUT)
        return cls(
            bookmark=read_instant(state, REPLICATION_KEY_VALUE, stream),
            lookback_at=read_instant(state, LOOKBACK_AT, stream),
            fan_out=FanOutUnderWay(read_instant(under_way, "until", stream), under_way.get("after_parent"))
            if under_way
            else None,
        )


def read_instant(state: Mapping[str, Any], key: str, stream: str) -> datetime | None:
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
        msg = f"'{key}' of '{stream}' in the state is not a date-time; fix it, or remove it to read from the beginning"
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
        self._seen: datetime | None = None

    def begin(self) -> None:
        """Bring a bookmark of the future back to now, before anything is written."""
        if not self._range.keeps_lookback:
            self._state.pop(LOOKBACK_AT, None)
        if self._range.from_the_future:
            self._set(self._range.until)

    def finished_parent(self, parent: str) -> None:
        """Note the last parent that a fan-out has finished, for a run that goes on after it."""
        self._state[FAN_OUT] = {"until": self._range.until.isoformat(), "after_parent": parent}

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
