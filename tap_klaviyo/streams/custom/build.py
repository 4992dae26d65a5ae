"""From `custom_streams` to stream classes, with their parents found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.config.errors import suggestion
from tap_klaviyo.streams.custom.entry import CustomEntry, parse_entries
from tap_klaviyo.streams.custom.stream import CustomStream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from tap_klaviyo.http import Origin
    from tap_klaviyo.streams.resource import KlaviyoStream


def custom_streams(
    raw: Any, parents: Mapping[str, type[KlaviyoStream]], *, taken: AbstractSet[str], origin: Origin, now: datetime
) -> list[type[CustomStream]]:
    """Return a class for each entry of `custom_streams`, in their order.

    Args:
        raw: The setting.
        parents: The streams that may be parents, by name, beside the entries themselves.
        taken: Names of streams that there are already.
        origin: Where the requests will go.
        now: The start of the sync.

    Raises:
        SettingsError: An entry that cannot be followed.
    """
    found = list(parse_entries(raw, taken=taken, origin=origin, now=now))
    builder = _Builder(parents, {entry.name: entry for entry in found})
    return [builder.build(entry) for entry in found]


class _Builder:
    """Builds classes, parents first; ``under_way`` are those whose parents are being built."""

    def __init__(self, known: Mapping[str, type[KlaviyoStream]], entries: dict[str, CustomEntry]) -> None:
        self._known = known
        self._entries = entries
        self._built: dict[str, type[CustomStream]] = {}
        self._under_way: list[str] = []

    def build(self, entry: CustomEntry) -> type[CustomStream]:
        if entry.name in self._built:
            return self._built[entry.name]
        if entry.name in self._under_way:
            entry.fail(f"parents lead in a circle: {' → '.join([*self._under_way, entry.name])}")
        self._under_way.append(entry.name)
        parent = self._parent(entry)
        self._under_way.pop()
        made = type(
            entry.name,
            (CustomStream,),
            {
                "__doc__": f"The records that `{entry.name}` of `custom_streams` asks for.",
                "name": entry.name,
                "path": entry.path,
                "entry": entry,
                "primary_keys": entry.primary_keys,
                "replication_key": entry.replication_key,
                "parent": parent,
            },
        )
        self._built[entry.name] = made
        return made

    def _parent(self, entry: CustomEntry) -> type[KlaviyoStream | CustomStream] | None:
        name = entry.parent
        if name is None:
            return None
        parent = self.build(self._entries[name]) if name in self._entries else self._known.get(name)
        if parent is None:
            entry.fail(f"parent: unknown stream '{name[:40]}'; {suggestion(name, {*self._known, *self._entries})}")
        columns = _columns(parent)
        if len(set(parent.primary_keys) - columns) != 1:
            entry.fail(f"parent '{name}' cannot be a parent: its key is not a single id")
        own = set(entry.columns) - columns
        if len(own) != 1:
            given = f" in addition to {', '.join(sorted(columns))}" if columns else ""
            entry.fail(f"parent '{name}' fills one placeholder with its id{given}, but there are {len(own)}")
        return parent


def _columns(parent: type[KlaviyoStream | CustomStream]) -> set[str]:
    """What the requests of a parent say of its records beside their id."""
    if issubclass(parent, CustomStream):
        return set(parent.entry.columns.values())
    names = (parent.parent_column, *parent.inherited_columns, parent.via_column)
    return {name for name in names if name}
