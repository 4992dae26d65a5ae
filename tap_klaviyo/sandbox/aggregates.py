"""Answers to the query for metric aggregates: events of one metric, counted by time and by what they carry."""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from tap_klaviyo.sandbox.body import refused
from tap_klaviyo.sandbox.instants import instant_of, microseconds
from tap_klaviyo.sandbox.ledger import value_of
from tap_klaviyo.sandbox.paging import cursor_of, offset_of
from tap_klaviyo.sandbox.timeframes import Span, intervals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.sandbox.shop import Resource, Shop

_REFUSED_ZONES = frozenset({"Factory", "Europe/Kyiv", "Pacific/Kanton"})
_LONGEST = timedelta(days=366)
_PAGE_SIZE = 500
_TIME = re.compile(r"(greater-or-equal|less-than)\(datetime,([^()]+)\)")
_DIMENSION = re.compile(r"""(not\()?equals\(([^(),]+),(?:"([^"]*)"|'([^']*)')\)(?(1)\))""")
_ATTRIBUTED = {"$attributed_flow": "flow", "$attributed_message": "flow-message"}


def aggregate(shop: Shop, asked: dict[str, Any], here: str, *, whole_pages: bool) -> dict[str, Any]:
    """Return the answer to a query whose attributes fit their schema; ``whole_pages``: none under 500 rows, no sort."""
    if shop.get("metric", asked["metric_id"]) is None:
        raise refused(f"Metric with id {asked['metric_id']} does not exist.", "metric_id")
    size = _size(asked.get("page_size"), whole_pages=whole_pages)
    if whole_pages and asked.get("sort") is not None:
        raise refused("Sorting is not supported.", "sort")
    zone = _zone(asked.get("timezone") or "UTC")
    by: list[str] = asked.get("by") or []
    span = _span(asked["filter"], zone)
    starts = intervals(span, asked.get("interval") or "day")
    edges = [max(span.instants[0], microseconds(one)) for one in starts]
    groups: dict[tuple[str, ...], list[list[Resource]]] = {}
    with shop.lock:
        for instant, event in _events(shop, asked["metric_id"], *span.instants):
            found = dimensions(shop, event, [*by, *_fields(asked["filter"])])
            if _passes(asked["filter"], found):
                key = tuple(found[name] for name in by)
                rows = groups.setdefault(key, [[] for _ in edges])
                rows[bisect_right(edges, instant) - 1].append(event)
    return _page(asked, here, starts, sorted(groups.items()), size)


def _size(asked: int | None, *, whole_pages: bool) -> int:
    size = _PAGE_SIZE if asked is None else asked
    if whole_pages and size < _PAGE_SIZE:
        raise refused(f"Page size must be at least {_PAGE_SIZE}.", "page_size")
    if not whole_pages and not 1 <= size <= _PAGE_SIZE:
        raise refused(f"Page size must be between 1 and {_PAGE_SIZE}.", "page_size")
    return size


def _page(
    asked: dict[str, Any],
    here: str,
    starts: list[datetime],
    groups: list[tuple[tuple[str, ...], list[list[Resource]]]],
    size: int,
) -> dict[str, Any]:
    question = {name: value for name, value in asked.items() if name != "page_cursor"}
    digest = hashlib.blake2b(json.dumps(question, sort_keys=True).encode(), digest_size=8).hexdigest()
    offset = offset_of(asked.get("page_cursor") or None, here, digest)
    following = None
    if offset + size < len(groups):
        following = f"{here}?page_cursor={cursor_of(((0, offset + size), ''), here, digest)}"
    rows = [
        {
            # an event that has none of them has no dimensions at all
            "dimensions": list(key) if any(key) else [],
            "measurements": {name: [_measured(name, events) for events in row] for name in asked["measurements"]},
        }
        for key, row in groups[offset : offset + size]
    ]
    dates = [one.astimezone(UTC).isoformat() for one in starts]
    return {
        "data": {"type": "metric-aggregate", "id": digest, "attributes": {"dates": dates, "data": rows}},
        "links": {"self": here, "next": following, "prev": None},
    }


def _measured(name: str, events: list[Resource]) -> float:
    if name == "sum_value":
        return round(sum(value_of(event.attributes["event_properties"]) for event in events), 2)
    if name == "unique":
        return float(len({event.relationships["profile"] for event in events}))
    return float(len(events))


def _events(shop: Shop, metric_id: str, start: int, end: int) -> list[tuple[int, Resource]]:
    found = []
    for event in shop.shelf("event"):
        if event.relationships["metric"] == metric_id:
            instant = instant_of(event.own_values("datetime")[0])
            if instant is not None and start <= instant < end:
                found.append((instant, event))
    return found


def dimensions(shop: Shop, event: Resource, names: list[str]) -> dict[str, str]:
    """Return what an event carries under some names, an empty string where it carries nothing."""
    properties: Mapping[str, Any] = event.attributes["event_properties"] or {}
    links: dict[str, Any] = {}
    for attribution_id in event.relationships.get("attributions") or ():
        attribution = shop.get("attribution", attribution_id)
        links |= attribution.relationships if attribution else {}
    found = {}
    for name in names:
        value = links.get(_ATTRIBUTED[name]) if name in _ATTRIBUTED else properties.get(name)
        if name == "$attributed_message" and value is None:
            value = links.get("campaign")
        found[name] = str(value) if value is not None else ""
    return found


def _zone(name: str) -> ZoneInfo:
    if name in _REFUSED_ZONES or name not in available_timezones():
        raise refused(f"'{name}' is not a supported timezone.", "timezone")
    return ZoneInfo(name)


def _span(filters: list[str], zone: ZoneInfo) -> Span:
    bounds: dict[str, datetime] = {}
    for text in filters:
        match = _TIME.fullmatch(text)
        if match is None:
            if not _DIMENSION.fullmatch(text):
                raise refused(f"Invalid filter provided: {text}", "filter")
            continue
        if match[1] in bounds:
            raise refused(f"'{match[1]}' is repeated.", "filter")
        try:
            moment = datetime.fromisoformat(match[2])
        except ValueError:
            raise refused(f"'{match[2]}' is not a valid date-time.", "filter") from None
        bounds[match[1]] = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    if len(bounds) < len(("greater-or-equal", "less-than")):
        raise refused("A time range is required: greater-or-equal and less-than on datetime.", "filter")
    span = Span(bounds["greater-or-equal"], bounds["less-than"])
    if span.end <= span.start:
        raise refused("The time range is empty.", "filter")
    if span.end.astimezone(UTC) - span.start.astimezone(UTC) > _LONGEST:
        raise refused("The time range is longer than a year.", "filter")
    return span


def _fields(filters: list[str]) -> list[str]:
    return [match[2] for match in map(_DIMENSION.fullmatch, filters) if match]


def _passes(filters: list[str], found: Mapping[str, str]) -> bool:
    for match in filter(None, map(_DIMENSION.fullmatch, filters)):
        equal = found[match[2]] == (match[3] if match[3] is not None else match[4])
        if equal == bool(match[1]):
            return False
    return True
