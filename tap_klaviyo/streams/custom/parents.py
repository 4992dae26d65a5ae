"""The parents of a custom stream, and a custom stream as a parent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.errors import MalformedIdError, NotFoundError
from tap_klaviyo.pagination.fan_out import Parent
from tap_klaviyo.streams.custom.requests import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_klaviyo.pagination.link import Link
    from tap_klaviyo.streams.custom.entry import CustomEntry
    from tap_klaviyo.streams.custom.requests import Asker


@dataclass(frozen=True, slots=True)
class EntryParents:
    """The parents of an entry, with the columns that its placeholders make."""

    entry: CustomEntry
    parents: Callable[[], Sequence[Parent]]

    def of_entry(self) -> list[Parent]:
        """Return every parent."""
        return [
            Parent(
                parent.id,
                {column: parent.context.get(name, parent.id) for name, column in self.entry.columns.items()},
            )
            for parent in self.parents()
        ]


@dataclass(frozen=True, slots=True)
class EntryListing:
    """Lists the ids of an entry's records; ``parents`` is None for a stream without parents."""

    entry: CustomEntry
    asker: Callable[[], Asker]
    now: datetime
    above: EntryParents | None

    def parents(self, since: datetime | None = None) -> list[Parent]:
        """Read the id of every record, whatever the bookmark; no date says which of them changed."""
        del since
        asker = self.asker()
        found: dict[str, Parent] = {}
        for start, context in self._requests(asker):
            link: Link | None = start
            while link is not None:
                try:
                    document, following = link.read(asker)
                except (NotFoundError, MalformedIdError):
                    if self.above is None or link is not start:
                        raise  # only the parent of a parent may be gone, and only as a whole
                    break
                link = following
                for resource in document.data:
                    identifier = (resource.attributes or {}).get(self.entry.primary_keys[-1])
                    if identifier is not None:
                        found.setdefault(str(identifier), Parent(str(identifier), context))
        return list(found.values())

    def links(self, relationship: str) -> Mapping[str, str]:
        """Return nothing: no declared stream is linked from one of the settings."""
        del relationship
        return {}

    def _requests(self, asker: Asker) -> Iterator[tuple[Link, dict[str, Any]]]:
        if self.above is None:
            for part in parts(self.entry, self.now, None):
                yield asker.link({}, part), {}
            return
        for parent in self.above.of_entry():
            yield asker.link(ids_of(self.entry, parent)), dict(parent.context)


def ids_of(entry: CustomEntry, parent: Parent) -> dict[str, str]:
    """Return what fills the placeholders for a parent."""
    return {name: str(parent.context[column]) for name, column in entry.columns.items()}
