"""From the shop's resources to JSON:API: sparse fields, additional fields, linkages, included resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_klaviyo.sandbox.document import Document, Operation, Shape
    from tap_klaviyo.sandbox.query import Query
    from tap_klaviyo.sandbox.shop import Resource, Shop

# an event is useless without them: Klaviyo sends these linkages whatever is included
_ALWAYS_LINKED = {"event": frozenset({"metric", "profile"})}

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


class Renderer:
    """Renders the rows of one answer; ``base`` is the caller's origin."""

    def __init__(self, shop: Shop, document: Document, operation: Operation, query: Query, base: str) -> None:
        self._shop = shop
        self._plurals = document.plurals
        self._operation = operation
        self._query = query
        self._base = base
        self._trees: dict[str, Tree] = {}

    def identifier(self, resource: Resource) -> dict[str, Any]:
        """Return a resource identifier."""
        return {"type": resource.type, "id": resource.id}

    def primary(self, resource: Resource) -> dict[str, Any]:
        """Return a resource of the primary data."""
        return self._resource(resource, self._operation.shape, self._query.include)

    def included(self, rows: Iterable[Resource]) -> list[dict[str, Any]]:
        """Return what the rows' included relationships lead to, each resource once."""
        found: dict[tuple[str, str], Resource] = {}
        for row in rows:
            for name in self._query.include:
                kind = self._operation.shape.relationships[name][0]
                for resource_id in self._shop.related(row, name):
                    resource = self._shop.get(kind, resource_id)
                    if resource is not None:
                        found.setdefault((kind, resource_id), resource)
        return [self._resource(one, self._operation.included[kind], ()) for (kind, _), one in found.items()]

    def _resource(self, resource: Resource, shape: Shape, linked: tuple[str, ...]) -> dict[str, Any]:
        home = f"{self._base}/api/{self._plurals.get(shape.type, shape.type + 's')}/{quote(resource.id, safe='$:')}"
        rendered: dict[str, Any] = {"type": shape.type, "id": resource.id}
        if shape.attributes is not None:
            rendered["attributes"] = _pruned(resource.attributes, self._tree_of(shape))
        if shape.type == "attribution":
            # has nothing but linkages, and only those that lead somewhere
            rendered["relationships"] = {
                name: self._relationship(resource, name, kind, home, many=False, linked=True)
                for name, (kind, _) in shape.relationships.items()
                if self._shop.related(resource, name)
            }
        elif shape.relationships:
            always = _ALWAYS_LINKED.get(shape.type, ())
            rendered["relationships"] = {
                name: self._relationship(resource, name, kind, home, many=many, linked=name in linked or name in always)
                for name, (kind, many) in shape.relationships.items()
            }
        rendered["links"] = {"self": home}
        return rendered

    def _relationship(  # noqa: PLR0913
        self, resource: Resource, name: str, kind: str, home: str, *, many: bool, linked: bool
    ) -> dict[str, Any]:
        rendered: dict[str, Any] = {}
        if linked:
            data = [{"type": kind, "id": one} for one in self._shop.related(resource, name)]
            rendered["data"] = data if many else (data[0] if data else None)
        rendered["links"] = {"self": f"{home}/relationships/{name}", "related": f"{home}/{name}"}
        return rendered

    def _tree_of(self, shape: Shape) -> Tree:
        tree = self._trees.get(shape.type)
        if tree is None:
            asked = self._query.additional.get(shape.type, frozenset())
            hidden = set(self._operation.additional(shape.type)) - asked
            sparse = self._query.fields.get(shape.type)
            names = (shape.attributes or frozenset()) if sparse is None else sparse
            tree = _tree(name for name in names if name.partition(".")[0] not in hidden)
            self._trees[shape.type] = tree
        return tree
