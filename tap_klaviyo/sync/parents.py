"""All ids of a stream, for the streams that are read one parent at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tap_klaviyo.pagination.parents import Gathering, Listed
from tap_klaviyo.records.columns import KEY, Chosen, Column, Id, Linked
from tap_klaviyo.records.fieldsets import ask
from tap_klaviyo.records.jsonapi import linkage
from tap_klaviyo.sync.changes import Changes, changed_condition, date_of
from tap_klaviyo.sync.locks import held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tap_klaviyo.pagination.link import Link
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.records.fieldsets import Ask
    from tap_klaviyo.records.record_selector import Context
    from tap_klaviyo.sync.sources import Sources
    from tap_klaviyo.sync.spec import Spec


class Listing(Protocol):
    """What lists a stream's ids, whatever its bookmark and selection."""

    def parents(self, since: datetime | None = None) -> Listed:
        """Return every id, with the columns that its request says; with ``since`` those that changed."""

    def links(self, relationship: str) -> Mapping[str, str]:
        """Return, by the id of a linked resource, the id of the resource that links to it."""


class ParentIds:
    """The ids of whole streams, each listed once a sync, however many streams need them; ``stop`` ends the waits."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._listings: dict[str, Listing] = {}
        self._parents: dict[tuple[str, datetime | None], Listed] = {}
        self._links: dict[tuple[str, str], Mapping[str, str]] = {}
        self._lock = threading.RLock()  # the parents of parents are listed while parents are

    def register(self, stream: str, listing: Listing) -> None:
        """Say how a stream's ids are listed."""
        self._listings[stream] = listing

    def of(self, stream: str, since: datetime | None = None) -> Listed:
        """Return all ids of a stream, or those that are new or changed since.

        Raises:
            KlaviyoError: The list cannot be read.
        """
        with held(self._lock, self._stop):
            if (stream, since) not in self._parents:
                self._parents[stream, since] = self._listings[stream].parents(since)
            return self._parents[stream, since]

    def forget(self) -> None:
        """List everything anew for whoever asks next."""
        with held(self._lock, self._stop):
            self._parents.clear()
            self._links.clear()

    def links(self, stream: str, relationship: str) -> Mapping[str, str]:
        """Return, by the id of a linked resource, the id of the stream's resource that links to it.

        Raises:
            KlaviyoError: The list cannot be read.
        """
        with held(self._lock, self._stop):
            if (stream, relationship) not in self._links:
                self._links[stream, relationship] = self._listings[stream].links(relationship)
            return self._links[stream, relationship]


@dataclass(frozen=True, slots=True)
class _Chain:
    """The first page of a chain, what it says of its rows, and the parent that it is of."""

    first: Link
    context: Context
    all_changed: bool = False
    """Whether all of its rows count as changed."""
    above: str | None = None


@dataclass(frozen=True, slots=True)
class SpecListing:
    """Lists the ids of a declared stream, archived ones too, with as little beside them as the contract allows."""

    spec: Spec
    sources: Sources
    parent_ids: ParentIds

    def parents(self, since: datetime | None = None) -> Listed:
        """Return every id; with ``since`` those that changed, or whose own parent did.

        What is known to have no children is left out.

        The context of each parent holds what its own request said, and what carried it: its parents' ids.

        Raises:
            KlaviyoError: The list cannot be read.
        """
        spec = self.spec
        if since is not None and not self._tells_changes():
            return Listed(())  # which of them are new, a sweep finds out
        changes = Changes(spec.endpoint, spec.record_type, since, spec.childless)
        source = self._source(changes.asked(ask([_ID], spec.endpoint, spec.record_type, via=spec.via)))
        shape = spec.shape()
        gathering = Gathering(self.parent_ids.of(spec.parent, since) if spec.parent else None)
        for chain in self._chains(source, since, gathering.above):
            for document in gathering.documents(chain.first, source, chain.above):
                carriers = changes.carriers(document)
                for resource, inner in shape.rows(document, chain.context):
                    carried = chain.all_changed or (spec.via and inner[str(spec.via_column)] in carriers)
                    if changes.hold(resource, carried=bool(carried)):
                        gathering.add(resource.id, inner)
        return gathering.listed()

    def links(self, relationship: str) -> dict[str, str]:
        """Return, by the id of a linked resource, the id of the resource of this stream that links to it.

        Raises:
            KlaviyoError: The list cannot be read.
        """
        spec = self.spec
        kind = spec.endpoint.relationships[relationship].type
        linked = Chosen(Column("linked", KEY, Linked(relationship, kind, many=True, include=True)))
        source = self._source(ask([linked], spec.endpoint, spec.record_type))
        found: dict[str, str] = {}
        link: Link | None = source.first()
        while link is not None:
            document, link = link.read(source)
            for resource in document.data:
                found |= {identifier: resource.id for _, identifier in linkage(resource, relationship) or ()}
        return found

    def _tells_changes(self) -> bool:
        spec = self.spec
        kinds = {spec.record_type, spec.endpoint.resource}
        return spec.parent is not None or any(date_of(spec.endpoint, kind) for kind in kinds)

    def _source(self, asked: Ask) -> Source:
        endpoint = self.spec.endpoint
        return self.sources.source(
            self.spec.name, endpoint, asked, page_size=endpoint.page_size, paginator=self.spec.paginator
        )

    def _chains(self, source: Source, since: datetime | None, above: Listed | None) -> Iterator[_Chain]:
        spec = self.spec
        if above is None:
            # What carries the ids may have changed in them alone.
            changed = None if spec.via else changed_condition(spec.endpoint, since)
            for variant in spec.variants:
                if since is None or not variant.swept:
                    yield _Chain(source.first(conditions=[*variant.conditions, changed]), variant.columns)
            for condition in spec.unsettled if since is not None else ():
                yield _Chain(source.first(conditions=[condition]), {}, all_changed=True)
            return
        for parent in above.parents:
            own = {spec.parent_column: parent.id} if spec.parent_column else {}
            link = source.first({"id": parent.id})
            yield _Chain(link, {**parent.context, **own}, all_changed=True, above=parent.id)


_ID = Chosen(Column("id", KEY, Id()))
