"""The bookmark that follows what has been written, and how far the reads came that take several runs."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.history import sign
from tap_klaviyo.sync.saved import (
    ACTIVE,
    FAN_OUT,
    FULL,
    FULL_AT,
    LOOKBACK,
    LOOKBACK_AT,
    READ_AT,
    REPLICATION_KEY_VALUE,
    SWEPT_AT,
    TURN_AT,
    VERSION,
    read_instant,
)

# More active parents are not told apart: the state has to stay small, and all of them are asked.
_MOST_ACTIVE = 200

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from datetime import datetime

    from tap_klaviyo.records.page import ChainPlace
    from tap_klaviyo.sync.owner import Owner
    from tap_klaviyo.sync.range import Range


class Bookmark:
    """The bookmark of one stream: it follows what has been written, never past ``until`` and never back.

    It lives in the stream's part of the tap's state, so that every STATE message carries it. What is over is null
    there and not gone: a state that is merged into the last one would keep what is absent.

    Args:
        state: The stream's part of the state.
        replication_key: What the bookmark is of; None if there is none, or none that this sync moves.
        reading: What is read.
        stream: The stream's name.
        version: What the rows carry; None if they carry none.
    """

    def __init__(
        self,
        state: MutableMapping[str, Any],
        replication_key: str | None,
        reading: Range,
        stream: str,
        version: int | None = None,
    ) -> None:
        self._state = state
        self._replication_key = replication_key
        self._range = reading
        self._version = version
        self._current = read_instant(state, REPLICATION_KEY_VALUE, stream)
        self._began_at = self._current
        self._seen: datetime | None = None
        self._after_parent = reading.after_parent
        self._leads_on = True
        goes_on = reading.since is not None or reading.after_parent is not None
        self._active = set(reading.active) if goes_on else set[str]()

    def begin(self) -> None:
        """Bring a bookmark of the future back to now, before anything is written."""
        if not self._range.keeps_lookback:
            self._over(LOOKBACK_AT)
            self._over(LOOKBACK)
        if self._range.from_the_future:
            self._began_at = self._range.until
            self._set(self._range.until)
        if self._range.full_at is not None and not self._range.full:
            self._state[FULL_AT] = self._range.full_at.isoformat()
        if self._version is not None and not self._range.full and self._state.get(VERSION) is None:
            self._state[VERSION] = self._version

    def finished_parent(self, parent: str, newest: datetime | None = None) -> None:
        """Note the last parent that a fan-out has finished, and its newest row, for a run that goes on after it."""
        self._note_active(parent, newest)
        self._after_parent = parent
        self.came_to(None)

    def came_to(self, place: ChainPlace | None) -> None:
        """Note where a read came to that no order bounds, in a chain behind the last parent if it is in one."""
        chain = {} if place is None else {"chain": place.chain, "link": place.link}
        if self._range.full:
            self._full_under_way({"after_parent": self._after_parent, **chain})
            return
        found = {
            "until": self._range.until.isoformat(),
            "after_parent": self._after_parent,
            "lookback": self._range.lookback_at is not None,
            "sweep": self._range.since is None,
            **chain,
        }
        self._under_way(FAN_OUT, found)

    def sign(self, owner: Owner) -> None:
        """Note whose rows have been written."""
        sign(self._state, owner)

    def had_turn(self, began: datetime) -> None:
        """Note that a run, which ``began`` then, came to the stream's end."""
        self._state[TURN_AT] = began.astimezone(UTC).isoformat(timespec="seconds")

    def saw(self, oldest: datetime | None, newest: datetime | None) -> None:
        """Note the rows that have been written, without moving yet; those of the future say nothing of the past."""
        if oldest is None or newest is None or oldest > self._range.until:
            return
        if self._seen is None or newest > self._seen:
            self._seen = newest

    def advance(self) -> None:
        """Follow the newest row that has been written: everything before it has been written too."""
        if self._seen is not None:
            self._remember_sweep()
            self._note_place(min(self._seen, self._range.until))
            self._follow(self._seen)

    def give_up_full(self) -> None:
        """Let the next full read begin anew, however this one ends: it left something out."""
        if self._range.full:
            self._over(FULL)
            self._leads_on = False

    def finish(self, *, everything: bool) -> None:
        """Close a complete read; ``everything`` where all up to the bound was read, however old the newest row."""
        if self._range.full:
            self._over(FULL)
            self._state[VERSION] = self._version
            if self._range.full_at is not None:
                self._state[FULL_AT] = self._range.full_at.isoformat()
        if not self._range.moves_bookmark:
            return
        self._over(FAN_OUT)
        self._over(LOOKBACK)
        if everything:
            self._follow(self._range.until)
        if self._seen is not None:
            self._follow(self._seen)
        self._remember_lookback()
        if self._range.swept_at is not None:
            self._state[SWEPT_AT] = self._range.swept_at.isoformat()
        if self._range.swept_at is not None or self._range.since is not None:
            self._state[READ_AT] = self._range.until.isoformat()

    def _note_active(self, parent: str, newest: datetime | None) -> None:
        since = self._range.active_since
        if since is None:
            return
        if newest is not None and newest >= since:
            self._active.add(parent)
        self._state[ACTIVE] = sorted(self._active) if len(self._active) <= _MOST_ACTIVE else None

    def _note_place(self, through: datetime) -> None:
        """Note how far a full read or a lookback came, for a run that goes on from there."""
        if self._range.full:
            self._full_under_way({"through": through.isoformat()})
        elif self._range.lookback_at is not None and self._range.moves_bookmark and self._began_at is not None:
            if through < self._began_at:
                began = self._range.lookback_at.isoformat()
                self._under_way(LOOKBACK, {"began": began, "through": through.isoformat()})
            else:
                self._over(LOOKBACK)
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

    def _remember_sweep(self) -> None:
        """Note that what a sweep looks for beside a range has been read: it comes before the range, in first reads too.

        Else what is new since would be that since the bookmark, all the rest of a first read that was cut off.
        """
        if self._range.swept_at is not None and (self._current is None or self._range.lower is not None):
            self._state[SWEPT_AT] = self._range.swept_at.isoformat()

    def _full_under_way(self, place: dict[str, Any]) -> None:
        if self._leads_on:
            self._under_way(FULL, {"version": self._version, **place})

    def _under_way(self, key: str, place: dict[str, Any]) -> None:
        # In a list: Meltano 4.4 fails to merge an object into null, and a list replaces what was there as a whole.
        self._state[key] = [place]

    def _over(self, key: str) -> None:
        if key in self._state:
            self._state[key] = None

    def _set(self, instant: datetime) -> None:
        self._current = instant
        self._state["replication_key"] = self._replication_key
        self._state[REPLICATION_KEY_VALUE] = instant.isoformat()
