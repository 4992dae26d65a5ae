"""What a GET is answered with: the path says whose rows, the query which and how."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.errors import RefusedError, invalid, not_found
from tap_klaviyo.sandbox.filters import Condition
from tap_klaviyo.sandbox.oddities import recorded
from tap_klaviyo.sandbox.paging import Position, cursor_of, position_of
from tap_klaviyo.sandbox.render import Renderer
from tap_klaviyo.sandbox.rows import KEPT, LOST, REPEATED, Slice, page_of
from tap_klaviyo.sandbox.shop.relations import GROUP_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.sandbox.asked import Asked
    from tap_klaviyo.sandbox.behaviour import Behaviour
    from tap_klaviyo.sandbox.document import Document
    from tap_klaviyo.sandbox.operation import Operation
    from tap_klaviyo.sandbox.query import Query
    from tap_klaviyo.sandbox.shop import Resource
    from tap_klaviyo.sandbox.shop.store import Shelf
    from tap_klaviyo.sandbox.view import View

# the order of rows where a request asks for none; by id where a type is not here
_DEFAULT_SORT = {
    "event": "-datetime",
    "form": "created_at",
    "object-ingestion-log": "-timestamp",
    "profile-bulk-import-job": "-created_at",
    "profile-suppression-bulk-create-job": "-created",
    "profile-suppression-bulk-delete-job": "-created",
    "review": "-created",
    "web-feed": "created",
}
# archived campaigns and flows are left out of a list unless the filter asks
_ARCHIVABLE = frozenset({"campaign", "flow"})
# the status filter has a value for all reviews, so that a list without it is not taken to hold all
_SHOWN_REVIEWS = ["published", "featured"]
_DISORDER = 5
# no id in these cursors: what becomes of rows that share the second at the edge of a page
_TIES = {"form": LOST, "web-feed": REPEATED}
# their first page has a link to what comes before
_WITH_BEFORE = frozenset({"event", "template"})
# the form of ids where any other is a 400 and not a 404
_IDS = {
    "event": re.compile(r"[0-9A-Za-z]{8,}"),
    "flow-action": re.compile(r"\d+"),
    "mapped-metric": re.compile(r"[a-z]+(?:_[a-z]+)*"),
    "coupon": re.compile(r"[^-]+"),
}


class Answerer:
    """Answers GETs from the shop, by the names of one revision's document."""

    def __init__(self, view: View, document: Document, behaviour: Behaviour) -> None:
        self._view = view
        self._document = document
        self._behaviour = behaviour

    def answer(self, asked: Asked) -> bytes:
        """Return the body of the answer."""
        operation, query = asked.operation, asked.query
        renderer = Renderer(self._view, self._document, self._behaviour, asked)
        parent_id = next(iter(asked.values.values()), None)
        if operation.collection:
            return self._collection(asked, parent_id, renderer)
        resource = self._one(operation, parent_id or "")
        if operation.linkages:
            data = renderer.identifier(resource) if resource else "null"
        elif resource is None:
            if not operation.related:
                raise self._missing(operation.shape.type, parent_id or "")
            if not operation.nullable:
                raise not_found(f"{operation.shape.type} of {asked.path}")
            data = "null"
        else:
            data = renderer.primary(resource)
        included = renderer.included([resource]) if query.include and resource else None
        return _joined(data, {"self": asked.here}, included)

    def _collection(self, asked: Asked, parent_id: str | None, renderer: Renderer) -> bytes:
        operation, query = asked.operation, asked.query
        source = self._source(operation, parent_id)
        rows, last = page_of(self._view.shop, source, self._slice(asked, len(source)))
        if query.value_of("archived") is True and query.value_of("messages.channel") == "email":
            _disturb(rows)
        render = renderer.identifier if operation.linkages else renderer.primary
        included = renderer.included(rows) if query.include else None
        before = self._behaviour.links_before and operation.shape.type in _WITH_BEFORE
        return _joined(f"[{','.join(map(render, rows))}]", _links(asked, last, before=before), included)

    def _slice(self, asked: Asked, rows: int) -> Slice:
        operation, query = asked.operation, asked.query
        conditions = [one for one in query.conditions if not (one.field == "status" and one.value == "all")]
        if operation.shape.type == "review" and query.value_of("status") is None:
            conditions.append(Condition("status", "any", _SHOWN_REVIEWS, "string"))
        if operation.shape.type == "event":
            self._check_metrics(query)
        if self._behaviour.odd_filters:
            conditions = [condition for one in conditions for condition in recorded(one)]
        hides = operation.path == "/api/images" and self._behaviour.hidden_images
        if hides and query.value_of("hidden") is None:
            conditions.append(Condition("hidden", "equals", value=False, kind="boolean"))
        archivable = operation.shape.type in _ARCHIVABLE and "archived" in operation.filters
        if archivable and query.value_of("archived") is None:
            conditions.append(Condition("archived", "equals", value=False, kind="boolean"))
        after = None if query.cursor is None else position_of(query.cursor, asked.place, query.others)
        size = query.page_size if "page[cursor]" in operation.parameters else rows + 1
        ties = _TIES.get(operation.shape.type, KEPT) if self._behaviour.cursors_without_ids else KEPT
        return Slice(query.sort or _default_sort(operation), conditions, after, size, ties)

    def _check_metrics(self, query: Query) -> None:
        asked = query.value_of("metric_id")
        wanted: list[str] = asked if isinstance(asked, list) else [asked] if isinstance(asked, str) else []
        missing = []
        for metric_id in dict.fromkeys(wanted):
            metric = self._view.get("metric", metric_id)
            # some metrics are listed and yet have no events to ask for
            if metric is None or metric.hidden.get("without_events"):
                missing.append(metric_id)
        if missing:
            raise invalid(f"Metric IDs {missing} do not exist.", "filter")

    def _source(self, operation: Operation, parent_id: str | None) -> Shelf | list[Resource]:
        kind = operation.shape.type
        if parent_id is None:
            return self._view.shelf(kind)
        parent, name = self._parent(operation, parent_id)
        if name == "profiles" and parent.type in GROUP_TYPES:
            return self._view.shop.members(parent.type, parent.id)
        return [one for one in self._relatives(parent, name, kind) if one is not None]

    def _one(self, operation: Operation, resource_id: str) -> Resource | None:
        kind = operation.shape.type
        if len(operation.segments) == 2:  # noqa: PLR2004 (plural, id)
            return self._view.get(kind, resource_id)
        parent, name = self._parent(operation, resource_id)
        return next(iter(self._relatives(parent, name, kind)), None)

    def _relatives(self, parent: Resource, name: str, kind: str) -> list[Resource | None]:
        with self._view.shop.lock:
            return [self._view.get(kind, one) for one in self._view.related(parent, name)]

    def _parent(self, operation: Operation, parent_id: str) -> tuple[Resource, str]:
        plural, _, name = operation.segments
        kind = self._document.singulars[plural]
        parent = self._view.get(kind, parent_id)
        if parent is None:
            raise self._missing(kind, parent_id)
        return parent, name

    def _missing(self, kind: str, resource_id: str) -> RefusedError:
        if self._behaviour.malformed_ids and kind in _IDS and not _IDS[kind].fullmatch(resource_id):
            return RefusedError(400, "invalid", f"'{resource_id}' is not a valid id of a {kind}.")
        return not_found(f"A {kind} with id {resource_id}")


def _default_sort(operation: Operation) -> str:
    if "joined_group_at" in operation.filters:
        return "-joined_group_at"
    return _DEFAULT_SORT.get(operation.shape.type, "id")


def _links(asked: Asked, last: Position | None, *, before: bool) -> Mapping[str, str | None]:
    following = None if last is None else _link(asked, last)
    text = asked.query.text
    links = {"self": f"{asked.here}?{text}" if text else asked.here}
    # at the end there is no next link: it is null, or it is not there
    if following is None and "page[size]" not in asked.operation.parameters:
        return links
    return {**links, "next": following, "prev": _link(asked, None) if before else None}


def _link(asked: Asked, position: Position | None) -> str:
    others = asked.query.others
    cursor = f"page%5Bcursor%5D={cursor_of(position, asked.place, others)}"
    return f"{asked.here}?{others}&{cursor}" if others else f"{asked.here}?{cursor}"


def _disturb(rows: list[Resource]) -> None:
    """Swap some neighbours: archived email campaigns come slightly out of order, whatever the sort."""
    for at in range(1, len(rows), _DISORDER):
        rows[at - 1], rows[at] = rows[at], rows[at - 1]


def _joined(data: str, links: Mapping[str, str | None], included: list[str] | None) -> bytes:
    more = "" if included is None else f',"included":[{",".join(included)}]'
    return f'{{"data":{data},"links":{json.dumps(links)}{more}}}'.encode()
