"""All ids of a stream, for the streams that are read a parent at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import NotFoundError
from tap_klaviyo.pagination.chain import Link
from tap_klaviyo.pagination.fan_out import Parent
from tap_klaviyo.records.columns import KEY, Chosen, Column, Id, Linked
from tap_klaviyo.records.fieldsets import ask
from tap_klaviyo.records.jsonapi import linkage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_klaviyo.http import Request
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.records.record_selector import Context
    from tap_klaviyo.sync.stream_sync import Prepared


def list_parents(stream: Prepared) -> list[Parent]:
    """Read every id of a stream, archived ones too, with as little beside it as the contract lets us ask for.

    The context of each parent holds what its own request said, and what carried it: its parents' ids.

    Raises:
        KlaviyoError: The list cannot be read.
    """
    id_only = [Chosen(Column(stream.id_column, KEY, Id()))]
    source = stream.listing_source(ask(id_only, stream.endpoint, stream.record_type, via=stream.via))
    found: dict[str, Parent] = {}
    for request, context in _requests(stream, source):
        link: Link | None = Link(request)
        while link is not None:
            try:
                document, link = link.read(source)
            except NotFoundError:
                break
            for resource, inner in stream.shape.rows(document, context):
                found.setdefault(resource.id, Parent(resource.id, inner))
    return list(found.values())


def list_links(stream: Prepared, relationship: str) -> dict[str, str]:
    """Return, by the id of a linked resource, the id of the resource of this stream that links to it.

    Raises:
        KlaviyoError: The list cannot be read.
    """
    linked = Chosen(
        Column("linked", KEY, Linked(relationship, _type_of(stream, relationship), many=True, include=True))
    )
    source = stream.listing_source(ask([linked], stream.endpoint, stream.record_type))
    found: dict[str, str] = {}
    link: Link | None = Link(source.request())
    while link is not None:
        document, link = link.read(source)
        for resource in document.data:
            found |= {identifier: resource.id for _, identifier in linkage(resource, relationship) or ()}
    return found


def _type_of(stream: Prepared, relationship: str) -> str:
    return stream.endpoint.relationships[relationship].type


def _requests(stream: Prepared, source: Source) -> Iterator[tuple[Request, Context]]:
    if stream.parent is None:
        for variant in stream.variants:
            yield source.request(conditions=variant.conditions), variant.columns
        return
    for parent in stream.all_parents():
        yield source.request({"id": parent.id}), {**parent.context, str(stream.parent_column): parent.id}
