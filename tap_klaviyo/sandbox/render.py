"""From the shop's resources to JSON:API: sparse fields, additional fields, linkages, included resources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_klaviyo.sandbox.document import Document, Operation, Shape
    from tap_klaviyo.sandbox.query import Query
    from tap_klaviyo.sandbox.shop import Resource, Shop

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring
# an event is useless without them: Klaviyo sends these linkages whatever is included
_ALWAYS_LINKED = {"event": frozenset({"metric", "profile"})}
# what an included resource comes without unless a sparse fieldset names it, though the document lists it
_UNASKED = {"campaign-message": "definition"}

Tree = dict[str, "Tree | None"]


def _tree(names: Iterable[str]) -> Tree:
    """Return dotted names as a tree; None stands for a whole value."""
    tree: Tree = {}
    for name in sorted(names):
        node = tree
        *parents, leaf = name.split(".")
        for parent in parents:
            below = node.setdefault(parent, {})
            if below is None:
                break
            node = below
        else:
            node[leaf] = None
    return tree


def _pruned(value: Any, tree: Tree | None) -> Any:
    if tree is None or not isinstance(value, dict):
        return value
    return {name: _pruned(value[name], below) for name, below in tree.items() if name in value}


@dataclass(frozen=True)
class _Plan:
    """How resources of one type are written in one answer."""

    kind: str
    home: str
    names: tuple[str, ...] | None
    tree: Tree | None
    relationships: tuple[tuple[str, str, bool, bool], ...]
    skip_empty: bool


class Renderer:
    """Writes the rows of one answer as JSON text; ``base`` is the caller's origin.

    Text, and not objects that are dumped at the end: a page has a thousand rows, and links are most of it.
    """

    def __init__(self, shop: Shop, document: Document, operation: Operation, query: Query, base: str) -> None:
        self._shop = shop
        self._plurals = document.plurals
        self._operation = operation
        self._query = query
        self._base = base
        self._primary = self._plan(operation.shape, query.include)

    def identifier(self, resource: Resource) -> str:
        """Return a resource identifier."""
        return f'{{"type":"{resource.type}","id":{_quoted(resource.id)}}}'

    def primary(self, resource: Resource) -> str:
        """Return a resource of the primary data."""
        return self._written(resource, self._primary)

    def included(self, rows: Iterable[Resource]) -> list[str]:
        """Return what the rows' included relationships lead to, each resource once."""
        kinds = [(name, self._operation.shape.relationships[name][0]) for name in self._query.include]
        found: dict[tuple[str, str], Resource] = {}
        for row in rows:
            for name, kind in kinds:
                for resource_id in self._shop.related(row, name):
                    if (kind, resource_id) not in found:
                        resource = self._shop.get(kind, resource_id)
                        if resource is not None:
                            found[kind, resource_id] = resource
        plans = {
            kind: self._plan(self._operation.included[kind], (), unasked=_UNASKED.get(kind, "")) for _, kind in kinds
        }
        return [self._written(resource, plans[kind]) for (kind, _), resource in found.items()]

    def _plan(self, shape: Shape, linked: tuple[str, ...], *, unasked: str = "") -> _Plan:
        names, tree = None, None
        if shape.attributes is not None:
            asked = self._query.additional.get(shape.type, frozenset())
            hidden = set(self._operation.additional(shape.type)) - asked
            sparse = self._query.fields.get(shape.type)
            wanted = shape.attributes - {unasked} if sparse is None else sparse
            tree = _tree(name for name in wanted if name.partition(".")[0] not in hidden)
            names = tuple(tree)
            if not any(tree.values()):
                tree = None
        # an attribution has nothing but linkages
        always = frozenset(shape.relationships) if shape.attributes is None else _ALWAYS_LINKED.get(shape.type, ())
        relationships = tuple(
            (name, kind, many, name in linked or name in always) for name, (kind, many) in shape.relationships.items()
        )
        home = f"{self._base}/api/{self._plurals.get(shape.type, shape.type + 's')}"
        return _Plan(shape.type, home, names, tree, relationships, shape.attributes is None)

    def _written(self, resource: Resource, plan: _Plan) -> str:
        home = f"{plan.home}/{resource.id if resource.id.isalnum() else quote(resource.id, safe='$:')}"
        parts = [f'"type":"{plan.kind}","id":{_quoted(resource.id)}']
        if plan.names is not None:
            attributes = resource.attributes
            if plan.tree is None:
                chosen = {name: attributes[name] for name in plan.names if name in attributes}
            else:
                chosen = _pruned(attributes, plan.tree)
            parts.append(f'"attributes":{_dumps(chosen)}')
        if plan.relationships:
            written = []
            for name, kind, many, linked in plan.relationships:
                data = ""
                if linked:
                    related = self._shop.related(resource, name)
                    if plan.skip_empty and not related:
                        continue
                    data = f'"data":{_linkage(kind, related, many=many)},'
                links = f'"links":{{"self":"{home}/relationships/{name}","related":"{home}/{name}"}}'
                written.append(f'"{name}":{{{data}{links}}}')
            parts.append(f'"relationships":{{{",".join(written)}}}')
        parts.append(f'"links":{{"self":"{home}"}}')
        return f"{{{','.join(parts)}}}"


def _linkage(kind: str, related: list[str], *, many: bool) -> str:
    written = [f'{{"type":"{kind}","id":{_quoted(one)}}}' for one in related]
    if many:
        return f"[{','.join(written)}]"
    return written[0] if written else "null"
