"""A state on its way in: checked, and brought into this tap's form where another Klaviyo tap wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.redact import brief
from tap_klaviyo.sync.failed_parents import FAILED_PARENTS
from tap_klaviyo.sync.history import QUESTION
from tap_klaviyo.sync.metric_memory import METRICS, check
from tap_klaviyo.sync.saved import MEMBERS, REPLICATION_KEY_VALUE, BrokenStateError, Saved, read_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_BOOKMARK = frozenset({"replication_key", REPLICATION_KEY_VALUE})
# What other taps keep beside a bookmark while they sync; this one has no use for it.
_PARTITIONS = "partitions"
_NOT_OURS = frozenset({_PARTITIONS, "progress_markers", "replication_key_signpost", "starting_replication_value"})
_OURS = MEMBERS | {QUESTION, FAILED_PARENTS, METRICS, "replication_key"}
_MOST_NAMES = 10
# Names that Klaviyo's older revisions and other taps use for the same instant.
_MEANING = {"updated_at": "updated", "timestamp": "datetime"}

logger = logging.getLogger(__name__)


def taken_over(
    state: Mapping[str, Any], known: Mapping[str, str | None], warn_once: Callable[[str, str], None]
) -> dict[str, Any]:
    """Return the state to go on from, after a warning about what is of no use in it; arguments are those below."""
    found = loaded(state, known)
    warn_unusable(found, known, warn_once)
    return found


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
    partitions = entry.get(_PARTITIONS, [])
    if not isinstance(partitions, list) or not all(isinstance(partition, Mapping) for partition in partitions):
        msg = f"'partitions' of '{stream}' in the state is not a list of objects; fix it, or remove it to start over"
        raise BrokenStateError(msg)


def warn_unusable(
    state: Mapping[str, Any], known: Mapping[str, str | None], warn_once: Callable[[str, str], None]
) -> None:
    """Say in one line what another tap left that no stream can go on from.

    A custom stream that is no longer in the settings is ours: its question stands in the state.
    """
    bookmarks = state["bookmarks"]
    strange = [stream for stream, entry in bookmarks.items() if stream not in known and QUESTION not in entry]
    other = [
        stream
        for stream, entry in bookmarks.items()
        if known.get(stream) is not None and entry and not (_OURS | _NOT_OURS) & entry.keys()
    ]
    found = [
        f"bookmarks of unknown streams are kept and ignored ({_listed(strange)})" if strange else "",
        f"streams without a usable bookmark are read from the beginning ({_listed(other)})" if other else "",
    ]
    if any(found):
        warn_once("state", f"the state is in part that of another tap: {'; '.join(filter(None, found))}")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(brief(name, 40) for name in sorted(names)[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"


def _stream_state(stream: str, entry: Mapping[str, Any], replication_key: str | None) -> dict[str, Any]:
    result = {name: value for name, value in entry.items() if name not in _NOT_OURS}
    if _PARTITIONS in entry:
        # Empty and not left out: merged into the last state, they would be taken for the bookmark again.
        result[_PARTITIONS] = []
    if replication_key is not None:
        result = _with_key(stream, _with_oldest(stream, result, entry.get(_PARTITIONS)), replication_key)
    Saved.of(result if replication_key is not None else _without_bookmark(result), stream)
    check(result, stream)
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
    return _without_bookmark(entry)


def _without_bookmark(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in _BOOKMARK}


def _with_key(stream: str, entry: dict[str, Any], replication_key: str) -> dict[str, Any]:
    read_instant(entry, REPLICATION_KEY_VALUE, stream)
    if entry.get(REPLICATION_KEY_VALUE) is None:
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
    return _without_bookmark(entry)
