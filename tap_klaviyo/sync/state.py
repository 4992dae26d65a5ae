"""A state on its way in: checked, and brought into this tap's form where another Klaviyo tap wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from tap_klaviyo.sync.bookmarks import FAN_OUT, LOOKBACK_AT, REPLICATION_KEY_VALUE, BrokenStateError, read_instant

_BOOKMARK = frozenset({"replication_key", REPLICATION_KEY_VALUE})
_UNDER_WAY = ("until", "after_parent")
# What other taps keep beside a bookmark while they sync; this one has no use for it.
_NOT_OURS = frozenset({"partitions", "progress_markers", "replication_key_signpost", "starting_replication_value"})
# Names that Klaviyo's older revisions and other taps use for the same instant.
_MEANING = {"updated_at": "updated", "timestamp": "datetime"}

logger = logging.getLogger(__name__)


def loaded(state: Mapping[str, Any], known: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the state to go on from; bookmarks of unknown streams are kept as they are.

    Args:
        state: What the last run, or another tap, left behind.
        known: The replication key, or None, of each stream of this tap.

    Raises:
        BrokenStateError: A bookmark cannot be read; starting over silently would hide it.
    """
    try:
        json.dumps(state, ensure_ascii=False).encode()
    except ValueError:
        msg = "the state contains an invalid Unicode character (lone surrogate); fix it, or run without the state"
        raise BrokenStateError(msg) from None
    bookmarks = state.get("bookmarks", None if state else {})
    if not isinstance(bookmarks, Mapping):
        msg = "the state has no object 'bookmarks'; fix the state, or run without it to start from the beginning"
        raise BrokenStateError(msg)
    for stream, entry in bookmarks.items():
        _check_form(stream, entry)
    return {
        **state,
        "bookmarks": {
            stream: _stream_state(stream, entry, known[stream]) if stream in known else dict(entry)
            for stream, entry in bookmarks.items()
        },
    }


def _check_form(stream: str, entry: Any) -> None:
    if not isinstance(entry, Mapping):
        msg = (
            f"the bookmark of '{stream}' in the state is not an object; fix it, or remove it to read from the beginning"
        )
        raise BrokenStateError(msg)
    partitions = entry.get("partitions", [])
    if not isinstance(partitions, list) or not all(isinstance(partition, Mapping) for partition in partitions):
        msg = f"'partitions' of '{stream}' in the state is not a list of objects; fix it, or remove it to start over"
        raise BrokenStateError(msg)


def _stream_state(stream: str, entry: Mapping[str, Any], replication_key: str | None) -> dict[str, Any]:
    result = {name: value for name, value in entry.items() if name not in _NOT_OURS}
    if replication_key is not None:
        result = _with_key(stream, _with_oldest(stream, result, entry.get("partitions")), replication_key)
    if result.get(FAN_OUT) is not None:
        _check_under_way(stream, result[FAN_OUT])
    return result


def _with_oldest(stream: str, entry: dict[str, Any], partitions: list[Mapping[str, Any]] | None) -> dict[str, Any]:
    """A tap that kept a bookmark a partition: the oldest of them covers all, one without a bookmark none."""
    if not partitions:
        return entry
    found = [read_instant(dict(partition), REPLICATION_KEY_VALUE, stream) for partition in partitions]
    present = [instant for instant in found if instant is not None]
    if len(present) == len(found):
        return {**entry, REPLICATION_KEY_VALUE: min(present).isoformat()}
    logger.warning("%s: a partition in the state has no bookmark: reading from the beginning", stream)
    return {name: value for name, value in entry.items() if name not in _BOOKMARK}


def _with_key(stream: str, entry: dict[str, Any], replication_key: str) -> dict[str, Any]:
    for name in (REPLICATION_KEY_VALUE, LOOKBACK_AT):
        read_instant(entry, name, stream)
    if REPLICATION_KEY_VALUE not in entry:
        return entry
    key = str(entry.get("replication_key", replication_key))
    if _MEANING.get(key, key) == _MEANING.get(replication_key, replication_key):
        return {**entry, "replication_key": replication_key}
    logger.warning(
        "%s: the bookmark in the state is for '%s' but the replication key is '%s': reading from the beginning",
        stream,
        key,
        replication_key,
    )
    return {name: value for name, value in entry.items() if name not in _BOOKMARK}


def _check_under_way(stream: str, under_way: Any) -> None:
    if not isinstance(under_way, Mapping) or not all(isinstance(under_way.get(name), str) for name in _UNDER_WAY):
        needed = " and ".join(_UNDER_WAY)
        msg = f"'{FAN_OUT}' of '{stream}' in the state needs {needed}; fix it, or remove it to read all parents"
        raise BrokenStateError(msg)
    read_instant(dict(under_way), "until", stream)
