"""Which parents a sync of a fan-out asks, and from where on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_klaviyo.pagination.fan_out import Parent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_klaviyo.sync.failed_parents import FailedParents
    from tap_klaviyo.sync.parents import ParentIds
    from tap_klaviyo.sync.range import Range


def asked_parents(stream: str, parent_ids: ParentIds, reading: Range, failed: FailedParents) -> Iterator[Parent]:
    """Yield the parents that a range asks, and those that an earlier run could not read; ``stream`` lists them."""
    earlier = failed.earlier.keys()
    if earlier:
        yield from (one for one in parent_ids.of(stream) if one.id in earlier)
    if reading.empty:
        return
    found = parent_ids.of(stream, reading.since)
    yield from (one for one in found if one.id not in earlier)
    if reading.since is not None:
        changed = {one.id for one in found}
        yield from (Parent(one, {}) for one in reading.active - changed - earlier)


def range_of(parent: Parent, reading: Range, failed: FailedParents) -> Range:
    """Return what is read of one parent."""
    if parent.id in failed.earlier:
        return replace(reading, lower=failed.begin(parent.id))
    if reading.since is not None and parent.id not in reading.active:
        return replace(reading, lower=reading.quiet_lower)
    return reading
