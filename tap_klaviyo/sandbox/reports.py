"""Answers to the report POSTs: what the body may ask, and rows from the ledger."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tap_klaviyo.sandbox.aggregates import aggregate
from tap_klaviyo.sandbox.body import attribute_schema, attributes_of, refused
from tap_klaviyo.sandbox.errors import RefusedError
from tap_klaviyo.sandbox.filters import Condition, conditions_of
from tap_klaviyo.sandbox.instants import microseconds
from tap_klaviyo.sandbox.ledger import CONVERTED, Entry, Ledger
from tap_klaviyo.sandbox.paging import cursor_of, offset_of
from tap_klaviyo.sandbox.statistics import Row, statistic
from tap_klaviyo.sandbox.timeframes import Span, intervals, span_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tap_klaviyo.sandbox.asked import Asked
    from tap_klaviyo.sandbox.behaviour import Behaviour
    from tap_klaviyo.sandbox.document import Document
    from tap_klaviyo.sandbox.operation import Operation
    from tap_klaviyo.sandbox.shop import Shop

_PAGE_SIZE = 50  # rows: small enough that a usual answer has more pages than one
_CURSOR = "page_cursor"

Groups = dict[tuple[str | None, ...], list[Entry]]


class Reporter:
    """Answers the POSTs that only read; ``now`` is the sandbox's clock."""

    def __init__(self, shop: Shop, document: Document, behaviour: Behaviour, now: Callable[[], datetime]) -> None:
        self._behaviour = behaviour
        self._now = now
        self._shop = shop
        self._document = document
        self._ledger = Ledger(shop)

    def answer(self, post: Asked) -> bytes:
        """Return the body of the answer."""
        asked = attributes_of(post.body, post.operation, self._document)
        if "metric_id" in asked:
            return _dumped(aggregate(self._shop, asked, post.here, whole_pages=self._behaviour.aggregate_pages))
        return _dumped(self._report(post, asked))

    @property
    def zone(self) -> ZoneInfo:
        """The account's time zone."""
        (account,) = self._shop.resources("account")
        return ZoneInfo(account.attributes["timezone"])

    def _report(self, post: Asked, asked: dict[str, Any]) -> dict[str, Any]:
        operation = post.operation
        span = self._span(post, asked)
        by = self._group_by(operation, asked)
        conditions = self._conditions(operation, asked.get("filter"))
        self._check_metric(asked)
        owner = operation.path.removeprefix("/api/").partition("-")[0]
        entries = self._ledger.of(owner, *span.instants)
        if self._behaviour.report_message_ids and operation.path.endswith("campaign-values-reports"):
            entries = [_with_one_id(entry) for entry in entries]
        groups: Groups = {(one,): [] for one in self._ledger.groups(owner) if len(by) == 1 and not conditions}
        for entry in entries:
            if entry.kind == CONVERTED and entry.metric != asked["conversion_metric_id"]:
                continue
            if all(_holds(condition, entry) for condition in conditions):
                for key in _keys(entry, by):
                    groups.setdefault(key, []).append(entry)
        rows = sorted(groups.items(), key=lambda group: tuple(part or "" for part in group[0]))
        return self._page(post, asked, span, by, rows)

    def _page(
        self,
        post: Asked,
        asked: dict[str, Any],
        span: Span,
        by: list[str],
        rows: list[tuple[tuple[str | None, ...], list[Entry]]],
    ) -> dict[str, Any]:
        here, digest = post.here, hashlib.blake2b(post.body, digest_size=8).hexdigest()
        offset = offset_of(post.query.raw.get(_CURSOR), here, digest)
        paged = _CURSOR in post.operation.parameters
        page = rows[offset : offset + _PAGE_SIZE] if paged else rows
        more = paged and offset + _PAGE_SIZE < len(rows)
        following = f"{here}?{_CURSOR}={cursor_of(((0, offset + _PAGE_SIZE), ''), here, digest)}" if more else None
        attributes: dict[str, Any] = {}
        starts = intervals(span, asked["interval"]) if "interval" in asked else None
        begin = span.instants[0]
        edges = [max(begin, microseconds(one)) for one in starts or ()]
        attributes["results"] = [
            {
                # what does not apply is left out
                "groupings": {name: part for name, part in zip(by, key, strict=True) if part is not None},
                "statistics": _statistics(asked["statistics"], entries, begin, edges),
            }
            for key, entries in page
        ]
        if starts is not None:
            # local times that say they are UTC, as in the document's examples
            attributes["date_times"] = [one.replace(tzinfo=UTC, fold=0).isoformat() for one in starts]
        kind = post.operation.shape.type
        wanted = post.query.fields.get(kind)
        data = {
            "type": kind,
            "id": digest,
            "attributes": {name: value for name, value in attributes.items() if wanted is None or name in wanted},
        }
        return {"data": data, "links": {"self": here, "next": following, "prev": None}}

    def _span(self, post: Asked, asked: dict[str, Any]) -> Span:
        facts = attribute_schema(post.operation, "timeframe", self._document)
        span = span_of(asked["timeframe"], self.zone, self._now())
        most = attribute_schema(post.operation, "interval", self._document).get("x-maximum-days", {})
        named = "key" in asked["timeframe"]
        longest = most.get(asked.get("interval"), facts["x-maximum-days"] + named)
        if span.days > longest:
            raise refused(f"The timeframe is longer than {longest} days.", "timeframe")
        if "x-earliest" in facts and span.start.date() < date.fromisoformat(facts["x-earliest"]):
            raise refused(f"Data is unavailable before {facts['x-earliest']}.", "timeframe")
        return span

    def _group_by(self, operation: Operation, asked: dict[str, Any]) -> list[str]:
        facts = attribute_schema(operation, "group_by", self._document)
        by: list[str] = asked.get("group_by") or facts.get("x-default") or ["segment_id"]
        for name in facts.get("x-required", ()):
            if name not in by:
                raise refused(f"'{name}' is a required group by.", "group_by")
        for name, prerequisites in facts.get("x-requires", {}).items():
            if name in by and not set(prerequisites) <= set(by):
                raise refused(f"'{name}' needs {', '.join(prerequisites)}.", "group_by")
        return by

    def _conditions(self, operation: Operation, text: str | None) -> list[Condition]:
        facts = attribute_schema(operation, "filter", self._document)
        found = conditions_of(text, replace(operation, filters=facts.get("x-filters", {})), microseconds(self._now()))
        if len({condition.field for condition in found}) < len(found):
            raise refused("Only one filter can be used per attribute.", "filter")
        if any(isinstance(one.value, list) and len(one.value) > facts["x-list-maximum"] for one in found):
            raise refused("A list of the filter has too many items.", "filter")
        return found

    def _check_metric(self, asked: dict[str, Any]) -> None:
        metric_id = asked.get("conversion_metric_id")
        if metric_id is None:
            return
        metric = self._shop.get("metric", metric_id)
        if metric is None:
            raise refused(f"Metric with id {metric_id} does not exist.", "conversion_metric_id")
        if (metric.attributes.get("integration") or {}).get("name") == "Klaviyo":
            detail = "Passed in conversion metric does not support querying for values data"
            raise RefusedError(400, "invalid", detail, pointer="/data/attributes/conversion_metric_id")


def _holds(condition: Condition, entry: Entry) -> bool:
    place = {"tag_id": 0, "tag_name": 1}.get(condition.field)
    values = [entry.keys.get(condition.field)] if place is None else [tag[place] for tag in entry.tags]
    wanted = condition.value if isinstance(condition.value, list) else [condition.value]
    if condition.operator == "contains-all":
        return set(wanted) <= set(values)
    return any(value in wanted for value in values)


def _keys(entry: Entry, by: list[str]) -> list[tuple[str | None, ...]]:
    tags: list[tuple[str | None, str | None]] = [(None, None)]
    if "tag_id" in by or "tag_name" in by:
        tags = [*entry.tags] or tags
    return [
        tuple({"tag_id": tag[0], "tag_name": tag[1]}.get(name, entry.keys.get(name)) for name in by) for tag in tags
    ]


def _with_one_id(entry: Entry) -> Entry:
    """Return the entry of a campaign as values reports have it: the message's id is the campaign's."""
    return replace(entry, keys={**entry.keys, "campaign_message_id": entry.keys["campaign_id"]})


def _statistics(names: list[str], entries: list[Entry], begin: int, edges: list[int]) -> dict[str, Any]:
    before = sum(entry.instant < begin for entry in entries)
    if not edges:
        row = Row([entry for entry in entries if entry.instant >= begin], before)
        return {name: statistic(name, row) for name in names}
    inside: list[list[Entry]] = [[] for _ in edges]
    for entry in entries:
        if entry.instant >= begin:
            inside[bisect_right(edges, entry.instant) - 1].append(entry)
    rows = []
    for found in inside:
        rows.append(Row(found, before))
        before += len(found)
    return {name: [statistic(name, row) for row in rows] for name in names}


def _dumped(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
