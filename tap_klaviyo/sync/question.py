"""What the requests of a sync ask, and where in the responses the records are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.contract import filters
from tap_klaviyo.records.fieldsets import Ask, ask, includes_of, with_member
from tap_klaviyo.records.record_selector import Lookup, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.records.columns import Chosen
    from tap_klaviyo.sync.parents import ParentIds
    from tap_klaviyo.sync.range import Range
    from tap_klaviyo.sync.spec import Spec


def shape_of(spec: Spec, chosen: Sequence[Chosen], parent_ids: ParentIds) -> Shape:
    """Where the records are, with what chosen columns need and no more."""
    names = {choice.column.name for choice in chosen}
    handed_down = tuple(sorted(includes_of(chosen))) if spec.via else ()
    linked_from = spec.linked_from
    if linked_from is None or linked_from.column not in names:
        return spec.shape(handed_down=handed_down)
    stream, relationship = linked_from.stream, linked_from.relationship
    return spec.shape(Lookup(linked_from.column, lambda: parent_ids.links(stream, relationship)), handed_down)


def asked(spec: Spec, chosen: Sequence[Chosen]) -> Ask:
    """Return what is asked of the endpoint so that the chosen columns come."""
    if reads_apart(spec, chosen):
        return ask((), spec.endpoint, spec.endpoint.resource)
    found = ask(chosen, spec.endpoint, spec.record_type, via=spec.via, via_timestamp=spec.via_timestamp)
    return found if spec.member is None else with_member(found, spec.endpoint, spec.record_type, spec.member.path)


def reads_apart(spec: Spec, chosen: Sequence[Chosen]) -> bool:
    """Tell whether chosen columns come only from the endpoint that is asked one parent at a time."""
    return spec.fallback is not None and not includes_of(chosen).isdisjoint(spec.fallback.endpoint.include)


def bounds_of(spec: Spec, endpoint: Endpoint, lower: datetime | None, upper: datetime | None) -> list[str]:
    """Return the filter conditions of a range, as far as the endpoint can filter."""
    start = lower or spec.earliest
    if spec.cursor is None:
        return []
    found = (
        filters.from_bound(spec.cursor, endpoint.filters, start) if start else None,
        filters.until_bound(spec.cursor, endpoint.filters, upper) if upper else None,
    )
    return [condition for condition in found if condition]


def sort_of(spec: Spec, reading: Range) -> str | None:
    """Return the order to ask for, if the endpoint knows it."""
    wanted = f"-{spec.cursor}" if reads_newest_first(spec, reading) else spec.cursor
    return wanted if wanted in spec.endpoint.sort else None


def reads_newest_first(spec: Spec, reading: Range) -> bool:
    """Whether this sync reads backwards; a full read does not, or a row that changes meanwhile gets behind it."""
    return spec.newest_first and reading.lower is not None and not reading.full
