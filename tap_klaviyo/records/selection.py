"""What a catalog selects.

Rules: a deselected object is gone whatever its members say; an object that is selected while all its members are
deselected is the whole object (Meltano writes ``select: [profiles.location]`` so); a selected member selects its
parents; what a catalog does not mention follows its parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tap_klaviyo.records.columns import Chosen, Column, Schema
from tap_klaviyo.records.field_tree import Within, both, members

Breadcrumb = tuple[str, ...]
Path = tuple[str, ...]
"""The names that lead to a property, from the column down."""
Metadata = Mapping[Path, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Node:
    """The resolved selection of one property and of its members."""

    selected: bool
    members: Mapping[str, Node] = field(default_factory=dict)


def path_of(breadcrumb: Iterable[str]) -> Path:
    """Return the names in a breadcrumb; the members of objects in a list stand with or without ``items``."""
    words = iter(breadcrumb)
    return tuple(next(words, "") for word in words if word == "properties")


def breadcrumb_of(path: Path) -> Breadcrumb:
    """Return the breadcrumb of a property, as Meltano's ``select`` patterns meet it."""
    return tuple(word for name in path for word in ("properties", name))


def _explicit(entry: Mapping[str, Any]) -> bool | None:
    inclusion = entry.get("inclusion")
    if inclusion in {"unsupported", "automatic"}:
        return bool(inclusion == "automatic")
    selected = entry.get("selected")
    return selected if isinstance(selected, bool) else None


def _uniform(schema: Mapping[str, Any], *, selected: bool) -> Node:
    return Node(selected, {name: _uniform(member, selected=selected) for name, member in members(schema).items()})


def _resolve(schema: Mapping[str, Any], at: Path, metadata: Metadata, *, inherited: bool) -> Node:
    entry = metadata.get(at, {})
    explicit = _explicit(entry)
    if explicit is False:
        return _uniform(schema, selected=False)
    by_default = entry.get("selected-by-default")
    chosen = explicit or (by_default if isinstance(by_default, bool) else inherited)
    inner = {
        name: _resolve(member, (*at, name), metadata, inherited=chosen) for name, member in members(schema).items()
    }
    if any(member.selected for member in inner.values()):
        return Node(selected=True, members=inner)
    return _uniform(schema, selected=chosen)


def resolve(columns: Iterable[Column], metadata: Metadata, automatic: Iterable[str] = ()) -> Mapping[str, Node]:
    """Resolve the selection of every column.

    Args:
        columns: The stream's columns.
        metadata: The catalog's metadata by path; a column that it does not have is selected.
        automatic: Columns that are selected whatever the catalog says: keys and replication key.
    """
    always = frozenset(automatic)
    return {
        column.name: Node(selected=True)
        if column.name in always
        else _resolve(column.schema, (column.name,), metadata, inherited=True)
        for column in columns
    }


def walk(nodes: Mapping[str, Node], at: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Yield every node with its path, parents first."""
    for name, node in nodes.items():
        yield (*at, name), node
        yield from walk(node.members, (*at, name))


def choose(
    columns: Iterable[Column], nodes: Mapping[str, Node] | None, retyped: Mapping[str, Schema] | None = None
) -> list[Chosen]:
    """Return the selected columns, in their order; without a catalog all of them.

    ``retyped`` has the schemas that values of columns are converted to, by the columns' names.
    """
    if nodes is None:
        return [Chosen(column, column.within) for column in columns]
    return [
        Chosen(column, both(column.within, _within(nodes[column.name])), (retyped or {}).get(column.name))
        for column in columns
        if nodes[column.name].selected
    ]


def _within(node: Node) -> Within | None:
    """The chosen members; None where all are chosen, all the way down."""
    chosen = {name: _within(member) for name, member in node.members.items() if member.selected}
    if len(chosen) == len(node.members) and not any(inner is not None for inner in chosen.values()):
        return None
    return chosen
