"""The members of objects, and which of them are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Within = Mapping[str, "Within | None"]
"""The kept members of an object by name: None keeps all of a member, a mapping some members of its own."""


def members(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schemas of an object's members, or of those of the objects in a list; free-form ones have none."""
    found: Mapping[str, Any] = schema.get("properties") or (schema.get("items") or {}).get("properties") or {}
    return found


def is_open(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema is that of a free-form object."""
    types = schema.get("type")
    return isinstance(types, list) and "object" in types and "properties" not in schema


def with_members(schema: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object, or of a list of objects, with these members in place of its own."""
    if "properties" in schema:
        return {**schema, "properties": dict(kept)}
    return {**schema, "items": {**schema["items"], "properties": dict(kept)}}


def described(schema: Mapping[str, Any], words: str | None) -> dict[str, Any]:
    """Return a schema that these words describe, all members with it; as it is where there are none."""
    if words is None:
        return dict(schema)
    inner = {name: described(member, words) for name, member in members(schema).items()}
    return {**(with_members(schema, inner) if inner else schema), "description": words}


def narrowed(schema: Mapping[str, Any], within: Within | None) -> dict[str, Any]:
    """Return the schema of an object of which only some members are kept."""
    if within is None:
        return dict(schema)
    kept = {name: narrowed(member, within[name]) for name, member in members(schema).items() if name in within}
    return with_members(schema, kept)


def tree(names: Iterable[str]) -> Within:
    """Return dotted names as a tree; where a whole object is named beside its members, the whole counts."""
    heads: dict[str, list[str] | None] = {}
    for name in names:
        head, dot, rest = name.partition(".")
        inner = heads.setdefault(head, [])
        if not dot:
            heads[head] = None
        elif inner is not None:
            inner.append(rest)
    return {head: None if inner is None else tree(inner) for head, inner in heads.items()}


def settled(schema: Mapping[str, Any], within: Within | None) -> Within | None:
    """Return ``within`` without what makes no difference: None where it keeps every member, or there are none.

    Members of a free-form object cannot be kept apart; it is kept whole.
    """
    known = members(schema)
    if within is None or not known:
        return None
    kept = {name: settled(member, within[name]) for name, member in known.items() if name in within}
    complete = len(kept) == len(known) and all(inner is None for inner in kept.values())
    return None if complete else kept


def both(left: Within | None, right: Within | None) -> Within | None:
    """Return what two choices of members keep together."""
    if left is None or right is None:
        return right if left is None else left
    return {name: both(left[name], right[name]) for name in left if name in right}
