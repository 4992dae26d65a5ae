"""The parents of a custom stream, and a custom stream as a parent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.pagination.parents import Gathering, Listed, Parent
from tap_klaviyo.streams.custom.requests import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from tap_klaviyo.pagination.link import Link
    from tap_klaviyo.streams.custom.entry import CustomEntry
    from tap_klaviyo.streams.custom.requests import Asker


@dataclass(frozen=True, slots=True)
class EntryParents:
    """The parents of an entry, with the columns that its placeholders make."""

    entry: CustomEntry
    parents: Callable[[], Listed]

    def of_entry(self) -> Listed:
        """Return every parent."""
        listed = self.parents()
        return listed.of(
            Parent(
                parent.id,
                {column: parent.context.get(name, parent.id) for name, column in self.entry.columns.items()},
            )
            for parent in listed.parents
        )


@dataclass(frozen=True, slots=True)
class EntryListing:
    """Lists the ids of an entry's records; ``parents`` is None for a stream without parents."""

    entry: CustomEntry
    asker: Callable[[], Asker]
    now: datetime
    above: EntryParents | None

    def parents(self, since: datetime | None = None) -> Listed:
        """Read the id of every record, whatever the bookmark; no date says which of them changed."""
        del since
        asker = self.asker()
        gathering = Gathering(self.above.of_entry() if self.above else None)
        for first, context, above in self._chains(asker, gathering.above):
            for document in gathering.documents(first, asker, above):
                for resource in document.data:
                    identifier = (resource.attributes or {}).get(self.entry.primary_keys[-1])
                    if identifier is not None:
                        gathering.add(str(identifier), context)
        return gathering.listed()

    def links(self, relationship: str) -> Mapping[str, str]:  # pragma: no cover - only declared streams are linked from
        """Return nothing: no declared stream is linked from one of the settings."""
        del relationship
        return {}

    def _chains(self, asker: Asker, above: Listed | None) -> Iterator[tuple[Link, dict[str, Any], str | None]]:
        if above is None:
            for part in parts(self.entry, self.now, None):
                yield asker.link({}, part), {}, None
            return
        for parent in above.parents:
            yield asker.link(ids_of(self.entry, parent)), dict(parent.context), parent.id


def ids_of(entry: CustomEntry, parent: Parent) -> dict[str, str]:
    """Return what fills the placeholders for a parent."""
    return {name: str(parent.context[column]) for name, column in entry.columns.items()}
