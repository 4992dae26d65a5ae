"""What the catalog selects: the chosen columns, and what has to be asked for them.

Rules: a deselected object is gone whatever its members say; an object that is selected while all its members are
deselected is the whole object (Meltano writes ``select: [profiles.location]`` so); a selected member selects its
parents.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.columns import Attribute, Chosen, Column, Lifted, Linked, Related, RelatedAttribute

if TYPE_CHECKING:
    from tap_klaviyo.contract import Endpoint

Within = Mapping[str, "Within | None"]
Breadcrumb = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """The resolved selection of one property and of its members."""

    selected: bool
    members: Mapping[str, Node] = field(default_factory=dict)


def _explicit(metadata: Mapping[str, Any]) -> bool | None:
    inclusion = metadata.get("inclusion")
    if inclusion == "unsupported":
        return False
    if inclusion == "automatic":
        return True
    selected = metadata.get("selected")
    return selected if isinstance(selected, bool) else None


def _resolve(
    schema: Mapping[str, Any], at: Breadcrumb, metadata: Mapping[Breadcrumb, Mapping[str, Any]], *, inherited: bool
) -> Node:
    entry = metadata.get(at, {})
    by_default = entry.get("selected-by-default")
    fallback = by_default if isinstance(by_default, bool) else inherited
    explicit = _explicit(entry)
    properties: Mapping[str, Any] = schema.get("properties") or {}
    if explicit is False:
        return _uniform(properties, selected=False)
    members = {
        name: _resolve(member, (*at, "properties", name), metadata, inherited=explicit or fallback)
        for name, member in properties.items()
    }
    if explicit is None and not fallback:
        wanted = any(_explicit(metadata.get((*at, "properties", name), {})) for name in properties)
        if not wanted:
            return _uniform(properties, selected=False)
    if members and not any(member.selected for member in members.values()):
        return _uniform(properties, selected=True)
    return Node(selected=True, members=members)


def _uniform(properties: Mapping[str, Any], *, selected: bool) -> Node:
    members = {name: _uniform(member.get("properties") or {}, selected=selected) for name, member in properties.items()}
    return Node(selected=selected, members=members)


def resolve(stream_entry: Mapping[str, Any]) -> Mapping[str, Node]:
    """Resolve the selection of every column of one stream of a catalog (as the JSON says it)."""
    metadata = {tuple(item["breadcrumb"]): item.get("metadata", {}) for item in stream_entry.get("metadata", ())}
    properties = (stream_entry.get("schema") or {}).get("properties") or {}
    return {
        name: _resolve(member, ("properties", name), metadata, inherited=True) for name, member in properties.items()
    }


def normalised(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """Return the catalog with every property's selection spelt out, so that the SDK sees what this module sees."""
    result: dict[str, Any] = copy.deepcopy(dict(catalog))
    for entry in result.get("streams", ()):
        by_breadcrumb = {tuple(item["breadcrumb"]): item for item in entry.get("metadata", ())}
        for breadcrumb, node in _flattened(resolve(entry)):
            item = by_breadcrumb.get(breadcrumb)
            if item is None:
                item = {"breadcrumb": list(breadcrumb), "metadata": {}}
                entry.setdefault("metadata", []).append(item)
            item.setdefault("metadata", {})["selected"] = node.selected
    return result


def _flattened(nodes: Mapping[str, Node], at: Breadcrumb = ()) -> Iterable[tuple[Breadcrumb, Node]]:
    for name, node in nodes.items():
        breadcrumb = (*at, "properties", name)
        yield breadcrumb, node
        yield from _flattened(node.members, breadcrumb)


def choose(columns: Iterable[Column], nodes: Mapping[str, Node] | None) -> list[Chosen]:
    """Return the selected columns, in their order; without a catalog all of them."""
    if nodes is None:
        return [Chosen(column) for column in columns]
    return [
        Chosen(column, _within(nodes[column.name]))
        for column in columns
        if column.name in nodes and nodes[column.name].selected
    ]


def _within(node: Node) -> Within | None:
    """The chosen members; None where all are chosen, all the way down."""
    chosen = {name: _within(member) for name, member in node.members.items() if member.selected}
    if len(chosen) == len(node.members) and all(inner is None for inner in chosen.values()):
        return None
    return chosen


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of an endpoint, apart from filter, sort and page."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    additional_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def parameters(self) -> dict[str, str]:
        """Return the query parameters, lists joined by commas as Klaviyo's document says (``explode: false``)."""
        return {
            **{f"additional-fields[{kind}]": ",".join(names) for kind, names in sorted(self.additional_fields.items())},
            **{f"fields[{kind}]": ",".join(names) for kind, names in sorted(self.fields.items())},
            **({"include": ",".join(self.include)} if self.include else {}),
        }


def sparse_names(attribute: str, within: Within | None, allowed: Sequence[str] | frozenset[str]) -> set[str]:
    """Return the sparse names of one attribute, as fine as the endpoint allows; a whole object by its one name."""
    if within is None:
        return {attribute}
    names: set[str] = set()
    for member, inner in within.items():
        dotted = f"{attribute}.{member}"
        if dotted not in allowed:
            return {attribute}
        names |= sparse_names(dotted, inner, allowed)
    return names


def ask(chosen: Sequence[Chosen], endpoint: Endpoint, record_type: str, *, via: str | None = None) -> Ask:
    """Work out the request that brings the chosen columns, and no more.

    Args:
        chosen: The selected columns.
        endpoint: The endpoint that is asked.
        record_type: The JSON:API type that the records are made of.
        via: The include that carries the records, where they are not the primary data; then the primary data is
            asked for its id alone.
    """
    attributes, additional, complete = _attributes(chosen, endpoint, record_type)
    fields: dict[str, set[str] | None] = {}
    if record_type in endpoint.fields:
        # Included children always name their fields: `definition` may be missing from a campaign message otherwise.
        fields[record_type] = None if complete and via is None else attributes or {"id"}
    includes: set[str] = set()
    if via is not None:
        includes.add(via)
        if endpoint.resource in endpoint.fields:
            fields[str(endpoint.resource)] = {"id"}
    for choice in chosen:
        relationship, kind, names = _related_need(choice, endpoint)
        if relationship is None:
            continue
        includes.add(relationship)
        if kind in endpoint.fields:
            present = fields.get(kind, set())
            fields[kind] = None if names is None or present is None else present | names
    return Ask(
        fields={kind: tuple(sorted(names)) for kind, names in fields.items() if names is not None},
        include=tuple(sorted(includes)),
        additional_fields={record_type: tuple(sorted(additional))} if additional else {},
    )


def _attributes(chosen: Sequence[Chosen], endpoint: Endpoint, record_type: str) -> tuple[set[str], set[str], bool]:
    """Return the sparse names, the additional fields, and whether that is all that the endpoint gives anyway."""
    allowed = frozenset(endpoint.fields.get(record_type, ()))
    names: set[str] = set()
    additional: set[str] = set()
    whole: set[str] = set()
    for choice in chosen:
        match choice.column.source:
            case Attribute(name=name, additional=is_additional, detail=False):
                names |= sparse_names(name, choice.within, allowed)
                if is_additional:
                    additional.add(name)
                if choice.within is None:
                    whole.add(name)
            case Lifted(attribute=attribute):
                names.add(attribute)
    offered = {name for name in endpoint.attributes if name not in endpoint.additional_fields.get(record_type, ())}
    complete = offered <= whole and additional <= whole
    if not names <= allowed:
        # The document offers no sparse name for a wanted attribute: ask for everything and project after reading.
        complete = True
    return names, additional, complete


def _related_need(choice: Chosen, endpoint: Endpoint) -> tuple[str | None, str, set[str] | None]:
    """Return the include that a column needs, the type of it, and that type's sparse names (None: all)."""
    match choice.column.source:
        case Linked(relationship=relationship, type=kind, include=True):
            return relationship, kind, {"id"}
        case RelatedAttribute(relationship=relationship, type=kind, attribute=attribute):
            return relationship, kind, {attribute}
        case Related(relationship=relationship, type=kind, attributes=attributes):
            allowed = frozenset(endpoint.fields.get(kind, ()))
            within = choice.within
            if within is None:
                everything = all(name in attributes or "." in name or name == "id" for name in allowed)
                return relationship, kind, None if everything else {name for name in attributes if name in allowed}
            names = {
                sparse for name in within if name in attributes for sparse in sparse_names(name, within[name], allowed)
            }
            return relationship, kind, (names & allowed) or {"id"}
    return None, "", set()


def with_member(found: Ask, endpoint: Endpoint, record_type: str, path: str) -> Ask:
    """Ask for an object deep inside an attribute too, by its dotted name."""
    attribute = path.partition(".")[0]
    additional = attribute in endpoint.additional_fields.get(record_type, ())
    return Ask(
        fields={**found.fields, record_type: (path,)},
        include=found.include,
        additional_fields={record_type: (attribute,)} if additional else found.additional_fields,
    )
