"""Which parents a sync of a fan-out asks, and from where on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_klaviyo.pagination.parents import Listed, Parent

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.sync.failed_parents import FailedParents
    from tap_klaviyo.sync.parents import ParentIds
    from tap_klaviyo.sync.range import Range


def asked_parents(stream: str, parent_ids: ParentIds, reading: Range, failed: FailedParents) -> Listed:
    """Return the parents that a range asks, and those that an earlier run could not read; ``stream`` lists them."""
    earlier = failed.earlier.keys()
    asked: list[Parent] = []
    unlisted: dict[str, Exception] = {}
    if earlier:
        everything = parent_ids.of(stream)
        asked += [one for one in everything.parents if one.id in earlier]
        unlisted |= everything.unlisted
    if not reading.empty:
        found = parent_ids.of(stream, reading.since)
        asked += [one for one in found.parents if one.id not in earlier]
        unlisted |= found.unlisted
        if reading.since is not None:
            changed = {one.id for one in found.parents}
            asked += [Parent(one, {}) for one in reading.active - changed - earlier]
    return Listed(asked, unlisted)


def lowest(reading: Range) -> datetime | None:
    """Return the lower bound of all parents; None if it is the beginning for some."""
    bounds = (reading.lower,) if reading.since is None else (reading.lower, reading.quiet_lower)
    known = [bound for bound in bounds if bound is not None]
    return min(known) if len(known) == len(bounds) else None


def range_of(parent: Parent, reading: Range, failed: FailedParents) -> Range:
    """Return what is read of one parent."""
    if parent.id in failed.earlier:
        return replace(reading, lower=failed.begin(parent.id))
    if reading.since is not None and parent.id not in reading.active:
        return replace(reading, lower=reading.quiet_lower)
    return reading
