"""All ids of a stream, for the streams that are read one parent at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tap_klaviyo.http.errors import MalformedIdError, NotFoundError
from tap_klaviyo.pagination.fan_out import Parent
from tap_klaviyo.records.columns import KEY, Chosen, Column, Id, Linked
from tap_klaviyo.records.fieldsets import ask
from tap_klaviyo.records.jsonapi import linkage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_klaviyo.pagination.link import Link
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.records.fieldsets import Ask
    from tap_klaviyo.records.record_selector import Context
    from tap_klaviyo.sync.sources import Sources
    from tap_klaviyo.sync.spec import Spec


class Listing(Protocol):
    """What lists a stream's ids, whatever its bookmark and selection."""

    def parents(self) -> Sequence[Parent]:
        """Return every id, with the columns that its request says."""

    def links(self, relationship: str) -> Mapping[str, str]:
        """Return, by the id of a linked resource, the id of the resource that links to it."""


class ParentIds:
    """The ids of whole streams, each listed once a sync, however many streams need them."""

    def __init__(self) -> None:
        self._listings: dict[str, Listing] = {}
        self._parents: dict[str, Sequence[Parent]] = {}
        self._links: dict[tuple[str, str], Mapping[str, str]] = {}
        self._lock = threading.RLock()  # the parents of parents are listed while parents are

    def register(self, stream: str, listing: Listing) -> None:
        """Say how a stream's ids are listed."""
        self._listings[stream] = listing

    def of(self, stream: str) -> Sequence[Parent]:
        """Return all ids of a stream.

        Raises:
            KlaviyoError: The list cannot be read.
        """
        with self._lock:
            if stream not in self._parents:
                self._parents[stream] = self._listings[stream].parents()
            return self._parents[stream]

    def links(self, stream: str, relationship: str) -> Mapping[str, str]:
        """Return, by the id of a linked resource, the id of the stream's resource that links to it.

        Raises:
            KlaviyoError: The list cannot be read.
        """
        with self._lock:
            if (stream, relationship) not in self._links:
                self._links[stream, relationship] = self._listings[stream].links(relationship)
            return self._links[stream, relationship]


@dataclass(frozen=True, slots=True)
class SpecListing:
    """Lists the ids of a declared stream, archived ones too, with as little beside them as the contract allows."""

    spec: Spec
    sources: Sources
    parent_ids: ParentIds

    def parents(self) -> list[Parent]:
        """Return every id.

        The context of each parent holds what its own request said, and what carried it: its parents' ids.

        Raises:
            KlaviyoError: The list cannot be read.
        """
        spec = self.spec
        source = self._source(ask([_ID], spec.endpoint, spec.record_type, via=spec.via))
        shape = spec.shape()
        found: dict[str, Parent] = {}
        for first, context in self._requests(source):
            link: Link | None = first
            while link is not None:
                try:
                    document, following = link.read(source)
                except (NotFoundError, MalformedIdError):
                    if spec.parent is None or link is not first:
                        raise  # only the parent of a parent may be gone, and only as a whole
                    break
                link = following
                for resource, inner in shape.rows(document, context):
                    found.setdefault(resource.id, Parent(resource.id, inner))
        return list(found.values())

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

    def _source(self, asked: Ask) -> Source:
        endpoint = self.spec.endpoint
        return self.sources.source(
            self.spec.name, endpoint, asked, page_size=endpoint.page_size, paginator=self.spec.paginator
        )

    def _requests(self, source: Source) -> Iterator[tuple[Link, Context]]:
        spec = self.spec
        if spec.parent is None:
            for variant in spec.variants:
                yield source.first(conditions=variant.conditions), variant.columns
            return
        for parent in self.parent_ids.of(spec.parent):
            own = {spec.parent_column: parent.id} if spec.parent_column else {}
            yield source.first({"id": parent.id}), {**parent.context, **own}


_ID = Chosen(Column("id", KEY, Id()))
