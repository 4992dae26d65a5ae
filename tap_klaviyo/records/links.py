"""What the resources of a page link to, read for the whole page."""

from __future__ import annotations

from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from tap_klaviyo.records.decoder import CompiledLinkage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tap_klaviyo.records.columns import RelatedLinked

_decode_linkage = msgspec.json.Decoder(CompiledLinkage).decode
_relationships = attrgetter("relationships")


def linked_id(resources: Sequence[Any], position: int) -> list[str | None]:
    """Return the id that each resource names in the to-one relationship at a position."""
    try:
        return list(map(attrgetter(f"relationships.f{position}.data.id"), resources))
    except AttributeError:  # one is linked to nothing
        get = attrgetter(f"f{position}.data")
        found = (item.relationships and get(item.relationships) for item in resources)
        return [data.id if data else None for data in found]


def linked_ids(resources: Sequence[Any], position: int) -> dict[int, list[str]]:
    """Return the ids of the to-many relationship at a position, by the place of the resource; none are left out."""
    get = attrgetter(f"f{position}.data")
    try:
        linked = list(map(get, map(_relationships, resources)))
    except AttributeError:  # one has no relationships
        linked = [found and get(found) for found in map(_relationships, resources)]
    if not any(linked):
        return {}
    return {place: [item.id for item in data] for place, data in enumerate(linked) if data}


def followed(
    links: Mapping[int, Sequence[str]], included: Mapping[tuple[str, str], Any], source: RelatedLinked
) -> dict[int, str | None]:
    """Return what the first resource of each link links to in its turn.

    Raises:
        DecodeError: One of them has something else than a to-one relationship there.
    """
    found: dict[int, str | None] = {}
    for place, ids in links.items():
        related = included.get((source.type, ids[0]))
        raw = (related.relationships or {}).get(source.linked) if related else None
        if raw is not None:
            target = _decode_linkage(raw).data
            found[place] = target.id if target else None
    return found


def at_places(values: Mapping[int, Any], count: int) -> Iterable[Any]:
    """Return values for a whole page; a place without one is null."""
    return map(values.get, range(count)) if values else repeat(None, count)
