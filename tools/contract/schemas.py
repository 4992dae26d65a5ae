"""Column schemas: what a resource's attributes look like to a warehouse."""

from __future__ import annotations

from typing import Any

from tools.contract.merge import expanded, merged, referenced
from tools.contract.overrides import ATTRIBUTES, DROPPED, EVERYWHERE

_KEPT_FORMATS = frozenset({"date", "date-time"})
_SCALARS = frozenset({"boolean", "integer", "number", "string"})


def _open_object() -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": True}


def _one_of(alternatives: list[dict[str, Any]]) -> dict[str, Any]:
    types = {alternative["type"] for alternative in alternatives}
    if not types <= _SCALARS:
        return _open_object()
    if "number" in types:
        types.discard("integer")
    return {"type": [*sorted(types), "null"]}


def column(node: dict[str, Any], schemas: dict[str, Any], trail: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the nullable schema of one attribute: types, date formats and structure, nothing that only validates.

    Free-form objects, alternatives of objects, and objects that contain themselves become open objects.
    """
    names = referenced(node)
    if names & trail:
        return _open_object()
    trail |= names
    node = expanded(node, schemas)
    if alternatives := node.get("oneOf", node.get("anyOf")):
        return _one_of([expanded(part, schemas) for part in alternatives])
    if node.get("properties"):
        members = sorted(node["properties"].items())
        return {
            "type": ["object", "null"],
            "properties": {name: column(member, schemas, trail) for name, member in members},
        }
    if node["type"] == "object":
        return _open_object()
    if node["type"] == "array":
        return {"type": ["array", "null"], "items": column(node["items"], schemas, trail)}
    dated = {"format": node["format"]} if node.get("format") in _KEPT_FORMATS else {}
    return {"type": [node["type"], "null"], **dated}


class Resources:
    """The attributes of every resource type, gathered from all answers that carry it."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        self._attributes: dict[str, dict[str, Any]] = {}

    def add(self, resource_type: str, attributes: dict[str, Any]) -> None:
        """Add what one answer says about ``resource_type``: ``attributes`` is an object schema."""
        known = self._attributes.get(resource_type, {})
        self._attributes[resource_type] = merged(known, attributes, self._schemas)

    def stream_schemas(self) -> dict[str, dict[str, Any]]:
        """Return a flat record schema for every resource type."""
        return {kind: self._stream_schema(kind) for kind in self._attributes}

    def _stream_schema(self, resource_type: str) -> dict[str, Any]:
        properties: dict[str, Any] = {"id": {"type": "string"}}
        for name, node in sorted(self._attributes[resource_type].get("properties", {}).items()):
            if (resource_type, name) in DROPPED:
                continue
            override = ATTRIBUTES.get((resource_type, name)) or EVERYWHERE.get(name)
            properties[name] = override.value if override else column(node, self._schemas)
        return {"type": "object", "properties": properties}
