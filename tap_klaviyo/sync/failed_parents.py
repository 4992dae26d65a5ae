"""Parents of a fan-out that could not be read: the next run asks them again, from where they were left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from datetime import datetime

FAILED_PARENTS = "failed_parents"


class FailedParents:
    """Lives in a stream's part of the state, so that every STATE message carries it; null there if there are none.

    Args:
        state: The stream's part of the state.
        lower: Where this run begins to read a parent; None is the beginning.
    """

    def __init__(self, state: MutableMapping[str, Any], lower: datetime | None) -> None:
        self._state = state
        self._lower = lower
        self.earlier: Mapping[str, datetime | None] = dict(_saved(state.get(FAILED_PARENTS)))
        """By the ids of those that earlier runs could not read: where to begin, None for the beginning."""
        self._now: dict[str, datetime | None] = {**self.earlier}

    def begin(self, parent: str) -> datetime | None:
        """Return where to begin with a parent."""
        if parent not in self.earlier or self._lower is None:
            return self._lower
        since = self.earlier[parent]
        return None if since is None else min(since, self._lower)

    def failed(self, parent: str) -> None:
        """Note a parent that could not be read."""
        self._now[parent] = self.begin(parent)
        self._write()

    def finished(self, parent: str) -> None:
        """Note a parent that was read to its end."""
        if self._now.pop(parent, self) is not self:
            self._write()

    def complete(self, failed: set[str]) -> None:
        """Note that all parents were asked: an earlier one that is not among those that failed is gone by now."""
        if self._now.keys() - failed:
            self._now = {parent: since for parent, since in self._now.items() if parent in failed}
            self._write()

    def _write(self) -> None:
        # A list, which a state that is merged into the last one replaces as a whole.
        self._state[FAILED_PARENTS] = [
            {"id": parent, "since": since.isoformat() if since else None} for parent, since in sorted(self._now.items())
        ] or None


def _saved(entries: Any) -> list[tuple[str, datetime | None]]:
    """What can be read of an entry; one that says nothing usable begins at the beginning, which loses nothing."""
    found = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            try:
                since = parse_instant(str(entry["since"])) if entry.get("since") else None
            except ValueError:
                since = None
            found.append((entry["id"], since))
    return found
