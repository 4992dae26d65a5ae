"""What the state remembers of metrics: what names meant, and of which metrics the bookmark says something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.saved import BrokenStateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping, Sequence

METRICS = "metrics"


class MetricMemory:
    """Lives in a stream's part of the state, so that every STATE message carries it.

    Args:
        state: The stream's part of the state.
        stream: The stream's name.
    """

    def __init__(self, state: MutableMapping[str, Any], stream: str) -> None:
        self._state = state
        found = _saved(state.get(METRICS), stream)
        self.meant: dict[str, tuple[str, ...]] = {name: tuple(ids) for name, ids in found.get("meant", {}).items()}
        """By the names of the settings the ids that they meant."""
        read = found.get("read")
        self.read: frozenset[str] | None = None if read is None else frozenset(read)
        """The metrics whose events up to the bookmark have been read; None if the state does not say."""

    def note(self, meant: Mapping[str, Sequence[str]], read: Iterable[str] | None = None) -> None:
        """Remember what names mean and, where it is known, the metrics that have been read."""
        self.meant = {name: tuple(ids) for name, ids in meant.items()}
        self.read = None if read is None else frozenset(read)
        place: dict[str, Any] = {"meant": {name: list(ids) for name, ids in sorted(meant.items())}}
        if self.read is not None:
            place["read"] = sorted(self.read)
        # In a list, which a state that is merged into the last one replaces as a whole.
        self._state[METRICS] = [place]


def check(state: Mapping[str, Any], stream: str) -> None:
    """Check what a state remembers.

    Raises:
        BrokenStateError: It cannot be read.
    """
    _saved(state.get(METRICS), stream)


def _saved(value: Any, stream: str) -> dict[str, Any]:
    place = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not place:
        return {}
    if isinstance(place, dict):
        meant, read = place.get("meant") or {}, place.get("read")
        if isinstance(meant, dict) and all(map(_ids, meant.values())) and (read is None or _ids(read)):
            return {"meant": meant, "read": read}
    msg = f"'{METRICS}' of '{stream}' in the state needs meant, and read, with lists of ids; remove it"
    raise BrokenStateError(msg)


def _ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
