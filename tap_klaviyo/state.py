"""A state on its way in: checked, and brought into this tap's form where another Klaviyo tap wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tap_klaviyo.incremental import FAN_OUT, LOOKBACK_AT, REPLICATION_KEY_VALUE, BrokenStateError, read_instant


def loaded(state: Mapping[str, Any], known: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the state to go on from; bookmarks of unknown streams are kept as they are.

    Args:
        state: What the last run, or another tap, left behind.
        known: The replication key, or None, of each stream of this tap.

    Raises:
        BrokenStateError: A bookmark cannot be read; starting over silently would hide it.
    """
    bookmarks = state.get("bookmarks", {})
    if not isinstance(bookmarks, Mapping):
        msg = "'bookmarks' in the state is no object; repair the state, or run without it to start anew"
        raise BrokenStateError(msg)
    return {
        **state,
        "bookmarks": {
            stream: _stream_state(stream, entry, known[stream]) if stream in known else entry
            for stream, entry in bookmarks.items()
        },
    }


def _stream_state(stream: str, entry: Any, replication_key: str | None) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        msg = (
            f"the bookmark of '{stream}' in the state is no object; repair it, or remove it to read from the beginning"
        )
        raise BrokenStateError(msg)
    result = {name: value for name, value in entry.items() if name not in {"partitions", "progress_markers"}}
    if replication_key is not None and REPLICATION_KEY_VALUE not in result:
        # A tap that kept a bookmark a partition: the oldest of them covers all, one without a bookmark none.
        oldest = _oldest(stream, entry.get("partitions"))
        if oldest is not None:
            result |= {"replication_key": replication_key, REPLICATION_KEY_VALUE: oldest}
    for name in (REPLICATION_KEY_VALUE, LOOKBACK_AT):
        read_instant(result, name, stream)
    under_way = result.get(FAN_OUT)
    if under_way is not None:
        if not isinstance(under_way, Mapping):
            msg = f"'{FAN_OUT}' of '{stream}' in the state is no object; remove it to read from the beginning"
            raise BrokenStateError(msg)
        read_instant(dict(under_way), "until", stream)
    return result


def _oldest(stream: str, partitions: Any) -> str | None:
    if not isinstance(partitions, list) or not partitions:
        return None
    found = [read_instant(dict(partition), REPLICATION_KEY_VALUE, stream) for partition in partitions]
    present = [instant for instant in found if instant is not None]
    return min(present).isoformat() if len(present) == len(found) else None
