"""What a GET is answered with: the path says whose rows, the query which and how."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.errors import invalid, not_found
from tap_klaviyo.sandbox.filters import Condition
from tap_klaviyo.sandbox.paging import Position, cursor_of, position_of
from tap_klaviyo.sandbox.render import Renderer
from tap_klaviyo.sandbox.rows import Slice, page_of
from tap_klaviyo.sandbox.shop.relations import GROUP_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.sandbox.document import Document, Operation
    from tap_klaviyo.sandbox.query import Query
    from tap_klaviyo.sandbox.shop import Resource, Shop
    from tap_klaviyo.sandbox.shop.store import Shelf

# the order of rows where a request asks for none; by id where a type is not here
_DEFAULT_SORT = {
    "event": "-datetime",
    "object-ingestion-log": "-timestamp",
    "profile-bulk-import-job": "-created_at",
    "profile-suppression-bulk-create-job": "-created",
    "profile-suppression-bulk-delete-job": "-created",
    "review": "-created",
}
# archived campaigns and flows are left out of a list unless the filter asks
_ARCHIVABLE = frozenset({"campaign", "flow"})
# the status filter has a value for all reviews, so that a list without it is not taken to hold all
_SHOWN_REVIEWS = ["published", "featured"]
_DISORDER = 5


@dataclass(frozen=True)
class Asked:
    """One request, checked: ``values`` of the path's placeholders, ``base`` the caller's origin."""

    operation: Operation
    path: str
    values: dict[str, str]
    query: Query
    base: str
    body: bytes = b""

    @property
    def here(self) -> str:
        """The URL without its query."""
        return f"{self.base}{self.path}"


class Answerer:
    """Answers GETs from the shop."""

    def __init__(self, shop: Shop, document: Document) -> None:
        self._shop = shop
        self._document = document

    def answer(self, asked: Asked) -> bytes:
        """Return the body of the answer."""
        operation, query = asked.operation, asked.query
        renderer = Renderer(self._shop, self._document, operation, query, asked.base)
        parent_id = next(iter(asked.values.values()), None)
        if operation.collection:
            return self._collection(asked, parent_id, renderer)
        resource = self._one(operation, parent_id or "")
        if operation.linkages:
            data = renderer.identifier(resource) if resource else "null"
        elif resource is None:
            raise not_found(f"{operation.shape.type} of {asked.path}")
        else:
            data = renderer.primary(resource)
        included = renderer.included([resource]) if query.include and resource else None
        return _joined(data, {"self": asked.here}, included)

    def _collection(self, asked: Asked, parent_id: str | None, renderer: Renderer) -> bytes:
        operation, query = asked.operation, asked.query
        source = self._source(operation, parent_id)
        rows, last = page_of(self._shop, source, self._slice(asked, len(source)))
        if query.value_of("archived") is True and query.value_of("messages.channel") == "email":
            _disturb(rows)
        render = renderer.identifier if operation.linkages else renderer.primary
        included = renderer.included(rows) if query.include else None
        return _joined(f"[{','.join(map(render, rows))}]", _links(asked, last), included)

    def _slice(self, asked: Asked, rows: int) -> Slice:
        operation, query = asked.operation, asked.query
        conditions = [one for one in query.conditions if not (one.field == "status" and one.value == "all")]
        if operation.shape.type == "review" and query.value_of("status") is None:
            conditions.append(Condition("status", "any", _SHOWN_REVIEWS, "string"))
        if operation.shape.type == "event":
            self._check_metrics(query)
        archivable = operation.shape.type in _ARCHIVABLE and "archived" in operation.filters
        if archivable and query.value_of("archived") is None:
            conditions.append(Condition("archived", "equals", value=False, kind="boolean"))
        after = None if query.cursor is None else position_of(query.cursor, asked.path, query.others)
        size = query.page_size if "page[cursor]" in operation.parameters else rows + 1
        return Slice(query.sort or _default_sort(operation), conditions, after, size)

    def _check_metrics(self, query: Query) -> None:
        asked = query.value_of("metric_id")
        wanted: list[str] = asked if isinstance(asked, list) else [asked] if isinstance(asked, str) else []
        for metric_id in wanted:
            metric = self._shop.get("metric", metric_id)
            # some metrics are listed and yet have no events to ask for
            if metric is None or metric.hidden.get("without_events"):
                raise invalid(f"Metric IDs ['{metric_id}'] do not exist.", "filter")

    def _source(self, operation: Operation, parent_id: str | None) -> Shelf | list[Resource]:
        kind = operation.shape.type
        if parent_id is None:
            return self._shop.shelf(kind)
        parent, name = self._parent(operation, parent_id)
        if name == "profiles" and parent.type in GROUP_TYPES:
            return self._shop.members(parent.type, parent.id)
        return [one for one in self._relatives(parent, name, kind) if one is not None]

    def _one(self, operation: Operation, resource_id: str) -> Resource | None:
        kind = operation.shape.type
        if len(operation.segments) == 2:  # noqa: PLR2004 (plural, id)
            return self._shop.get(kind, resource_id)
        parent, name = self._parent(operation, resource_id)
        return next(iter(self._relatives(parent, name, kind)), None)

    def _relatives(self, parent: Resource, name: str, kind: str) -> list[Resource | None]:
        with self._shop.lock:
            return [self._shop.get(kind, one) for one in self._shop.related(parent, name)]

    def _parent(self, operation: Operation, parent_id: str) -> tuple[Resource, str]:
        plural, _, name = operation.segments
        kind = self._document.singulars[plural]
        parent = self._shop.get(kind, parent_id)
        if parent is None:
            raise not_found(f"A {kind} with id {parent_id}")
        return parent, name


def _default_sort(operation: Operation) -> str:
    if "joined_group_at" in operation.filters:
        return "-joined_group_at"
    return _DEFAULT_SORT.get(operation.shape.type, "id")


def _links(asked: Asked, last: Position | None) -> Mapping[str, str | None]:
    others = asked.query.others
    following = None
    if last is not None:
        cursor = f"page%5Bcursor%5D={cursor_of(last, asked.path, others)}"
        following = f"{asked.here}?{others}&{cursor}" if others else f"{asked.here}?{cursor}"
    text = asked.query.text
    links = {"self": f"{asked.here}?{text}" if text else asked.here}
    # at the end there is no next link: it is null, or it is not there
    if following is None and "page[size]" not in asked.operation.parameters:
        return links
    return {**links, "next": following, "prev": None}


def _disturb(rows: list[Resource]) -> None:
    """Swap some neighbours: archived email campaigns come slightly out of order, whatever the sort."""
    for at in range(1, len(rows), _DISORDER):
        rows[at - 1], rows[at] = rows[at], rows[at - 1]


def _joined(data: str, links: Mapping[str, str | None], included: list[str] | None) -> bytes:
    more = "" if included is None else f',"included":[{",".join(included)}]'
    return f'{{"data":{data},"links":{json.dumps(links)}{more}}}'.encode()
