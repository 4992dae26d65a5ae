"""From the shop's resources to JSON:API: sparse fields, additional fields, linkages, included resources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_klaviyo.sandbox.asked import Asked
    from tap_klaviyo.sandbox.behaviour import Behaviour
    from tap_klaviyo.sandbox.document import Document
    from tap_klaviyo.sandbox.operation import Shape
    from tap_klaviyo.sandbox.shop import Resource
    from tap_klaviyo.sandbox.view import View

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring
# an event is useless without them: Klaviyo sends these linkages whatever is included
_ALWAYS_LINKED = {"event": frozenset({"metric", "profile"})}
# what an included resource comes without unless a sparse fieldset names it, though the document lists it
_UNASKED = {"campaign-message": "definition"}
# in no document, and in every answer that names no fields
_UNLISTED = {"profile": ("anonymous_id", "whatsapp_bsuid")}
# resources without relationships where they are linked to nothing
_MAY_LINK_NOTHING = frozenset({"mapped-metric"})
# resources that have no attributes and say so
_EMPTY = frozenset({"webhook-topic"})
# the relationships of classic messages that lead to their content
_CONTENT = ("template", "image")

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
class _Link:
    """How one relationship is written.

    With its ``data`` if ``linked``, or, where there is none, if ``told``; not at all if ``skipped`` and empty.
    """

    name: str
    kind: str
    many: bool
    linked: bool
    skipped: bool
    told: bool = False


@dataclass(frozen=True)
class _Plan:
    """How resources of one type are written in one answer."""

    kind: str
    home: str
    names: tuple[str, ...] | None
    tree: Tree | None
    relationships: tuple[_Link, ...]
    amend: Callable[[dict[str, Any]], None] | None
    bare: bool = False
    """Whether a resource that is linked to nothing has no relationships."""
    self_links: bool = True


class Renderer:
    """Writes the rows of one answer as JSON text.

    Text, and not objects that are dumped at the end: a page has a thousand rows, and links are most of it.
    """

    def __init__(self, view: View, document: Document, behaviour: Behaviour, asked: Asked) -> None:
        self._view = view
        self._plurals = document.plurals
        self._behaviour = behaviour
        self._operation = asked.operation
        self._query = asked.query
        self._base = asked.base
        self._number = asked.number
        self._primary = self._plan(asked.operation.shape, asked.query.include)

    def identifier(self, resource: Resource) -> str:
        """Return a resource identifier."""
        return f'{{"type":"{self._primary.kind}","id":{_quoted(resource.id)}}}'

    def primary(self, resource: Resource) -> str:
        """Return a resource of the primary data."""
        return self._written(resource, self._primary)

    def included(self, rows: Iterable[Resource]) -> list[str]:
        """Return what the rows' included relationships lead to, each resource once."""
        kinds = [(name, self._operation.shape.relationships[name][0]) for name in self._query.include]
        found: dict[tuple[str, str], Resource] = {}
        for row in rows:
            for name, kind in kinds:
                for resource_id in self._view.related(row, name):
                    if (kind, resource_id) not in found:
                        resource = self._view.get(kind, resource_id)
                        if resource is not None:
                            found[kind, resource_id] = resource
        plans = {kind: self._plan(self._operation.included[kind], None) for _, kind in kinds}
        return [self._written(resource, plans[kind]) for (kind, _), resource in found.items()]

    def _plan(self, shape: Shape, include: tuple[str, ...] | None) -> _Plan:
        """Return how a type is written; ``include`` of the primary type, None for one that is included itself."""
        names, tree = None, None
        sparse = self._query.fields.get(shape.type)
        if shape.attributes is not None:
            asked = self._query.additional.get(shape.type, frozenset())
            hidden = set(self._operation.additional(shape.type)) - asked
            unasked = {_UNASKED.get(shape.type)} if include is None and self._classic(shape) else set()
            wanted = shape.attributes - unasked if sparse is None else sparse
            if sparse is None and self._behaviour.unlisted_attributes:
                wanted = wanted.union(_UNLISTED.get(shape.type, ()))
            tree = _tree(name for name in wanted if name.partition(".")[0] not in hidden)
            names = tuple(tree)
            if not any(tree.values()):
                tree = None
        linked = self._linked(shape, include)
        relationships = shape.relationships
        if shape.type == "form" and sparse is not None and self._behaviour.sparse_forms:
            relationships = {name: target for name, target in relationships.items() if name in linked}
        skipped = shape.attributes is None or (shape.type == "event" and self._behaviour.absent_attributions)
        partial = self._behaviour.partial_relationships
        told = _CONTENT[1:] if partial and include is not None and self._classic(shape) else ()
        links = tuple(
            _Link(name, kind, many, name in linked, skipped and name not in _always(shape), name in told)
            for name, (kind, many) in relationships.items()
        )
        home = f"{self._base}/api/{self._plurals.get(shape.type, shape.type + 's')}"
        bare, bulk = shape.type in _MAY_LINK_NOTHING, "-bulk-" in shape.type
        return _Plan(
            shape.type,
            home,
            names,
            tree,
            links,
            self._amend(shape),
            partial and bare,
            self_links=not (partial and bulk),
        )

    def _amend(self, shape: Shape) -> Callable[[dict[str, Any]], None] | None:
        """Return what changes the attributes of a type on their way out, None for most."""
        if shape.type == "template":
            return self._sign
        if shape.type == "coupon" and self._behaviour.text_thresholds:
            return _threshold_as_text
        return None

    def _sign(self, attributes: dict[str, Any]) -> None:
        # the address of a screenshot is signed anew for each answer
        if attributes.get("screenshot_url"):
            attributes["screenshot_url"] += f"?X-Amz-Expires=86400&X-Amz-Signature={self._number:016x}"

    def _linked(self, shape: Shape, include: tuple[str, ...] | None) -> frozenset[str]:
        """Return the relationships that are written with their linkage."""
        linked = frozenset(include or ()) | _always(shape)
        if shape.attributes is None:
            # an attribution has nothing but linkages
            return linked | frozenset(shape.relationships)
        if self._classic(shape) and (include is not None) == self._behaviour.message_templates:
            return linked.union(_CONTENT[:1] if self._behaviour.message_templates else _CONTENT)
        return linked

    @staticmethod
    def _classic(shape: Shape) -> bool:
        return shape.type == "campaign-message" and "template" in shape.relationships

    def _written(self, resource: Resource, plan: _Plan) -> str:
        home = f"{plan.home}/{resource.id if resource.id.isalnum() else quote(resource.id, safe='$:')}"
        parts = [f'"type":"{plan.kind}","id":{_quoted(resource.id)}']
        if plan.names is not None:
            attributes = resource.attributes
            if plan.tree is None:
                chosen = {name: attributes[name] for name in plan.names if name in attributes}
            else:
                chosen = _pruned(attributes, plan.tree)
            if plan.amend is not None:
                plan.amend(chosen)
            parts.append(f'"attributes":{_dumps(chosen)}')
        elif plan.kind in _EMPTY and self._behaviour.unlisted_attributes:
            parts.append('"attributes":{}')
        if plan.relationships:
            written = [text for link in plan.relationships if (text := self._relationship(resource, link, home, plan))]
            if not plan.bare or any(self._view.related(resource, link.name) for link in plan.relationships):
                parts.append(f'"relationships":{{{",".join(written)}}}')
        slash = "/" if self._behaviour.resource_slashes else ""
        parts.append(f'"links":{{"self":"{home}{slash}"}}')
        return f"{{{','.join(parts)}}}"

    def _relationship(self, resource: Resource, link: _Link, home: str, plan: _Plan) -> str:
        data = ""
        if link.linked or link.skipped or link.told:
            related = self._view.related(resource, link.name)
            if link.skipped and not related:
                return ""
            if link.linked or (link.told and not related):
                data = f'"data":{_linkage(link.kind, related, many=link.many)},'
        itself = f'"self":"{home}/relationships/{link.name}",' if plan.self_links else ""
        links = f'"links":{{{itself}"related":"{home}/{link.name}"}}'
        return f'"{link.name}":{{{data}{links}}}'


def _always(shape: Shape) -> frozenset[str]:
    return _ALWAYS_LINKED.get(shape.type, frozenset())


def _threshold_as_text(attributes: dict[str, Any]) -> None:
    monitor = attributes.get("monitor_configuration")
    if monitor:
        texts = {"low_balance_threshold": str(monitor["low_balance_threshold"])}
        attributes["monitor_configuration"] = {**monitor, **texts}


def _linkage(kind: str, related: list[str], *, many: bool) -> str:
    written = [f'{{"type":"{kind}","id":{_quoted(one)}}}' for one in related]
    if many:
        return f"[{','.join(written)}]"
    return written[0] if written else "null"
