"""Whose turn it is: where runs are always cut off, what the last ones did not come to is read first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.saved import TURN_AT

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping


def longest_waiting_first(streams: MutableMapping[str, Any], bookmarks: Mapping[str, Any]) -> None:
    """Bring streams into the order of the runs that came to their end last; ties stay as they are.

    Without it a stream that is read whole in every run, and takes all the time that there is, would keep those behind
    it from ever being read.
    """
    found = sorted(streams.items(), key=lambda item: _last_turn(bookmarks.get(item[0])))
    streams.clear()
    streams.update(found)


def _last_turn(state: Any) -> str:
    turn = state.get(TURN_AT) if isinstance(state, dict) else None
    return turn if isinstance(turn, str) else ""
