"""Column schemas: what a resource's attributes look like to a warehouse."""

from __future__ import annotations

from typing import Any

from tools.contract.errors import placing
from tools.contract.merge import expanded, merged, referenced
from tools.contract.overrides import ATTRIBUTES, COPIED, DROPPED, EVERYWHERE, TYPED, UNITED, UNLISTED

_KEPT_FORMATS = frozenset({"date", "date-time"})
_SCALARS = frozenset({"boolean", "integer", "number", "string"})


class UntypedError(ValueError):
    """A schema says nothing about the type of its values."""

    def __init__(self) -> None:
        super().__init__("a schema without a type")


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
    if "type" not in node:
        raise UntypedError
    if node["type"] == "object":
        return _open_object()
    if node["type"] == "array":
        return {"type": ["array", "null"], "items": column(node["items"], schemas, trail)}
    if node["type"] not in _SCALARS:
        message = f"{node['type']!r} is not a type"
        raise ValueError(message)
    dated = {"format": node["format"]} if node.get("format") in _KEPT_FORMATS else {}
    return {"type": [node["type"], "null"], **dated}


def united(alternatives: list[dict[str, Any]], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return one open object with every member of some alternative that has one type wherever it stands."""
    members: dict[str, list[dict[str, Any]]] = {}
    disputed = set()
    for alternative in alternatives:
        for name, member in expanded(alternative, schemas)["properties"].items():
            try:
                members.setdefault(name, []).append(column(member, schemas))
            except UntypedError:
                disputed.add(name)
    agreed = {
        name: columns[0]
        for name, columns in sorted(members.items())
        if columns and name not in disputed and all(other == columns[0] for other in columns)
    }
    return {**_open_object(), "properties": agreed}


def _member(node: dict[str, Any], place: str, schemas: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema at a dotted place below the attributes of ``node``, None if there is none."""
    for name in place.split("."):
        properties = expanded(node, schemas).get("properties", {})
        if name not in properties:
            return None
        node = properties[name]
    return expanded(node, schemas)


def _put(schema: dict[str, Any], place: str, value: dict[str, Any]) -> None:
    """Put ``value`` at a dotted place below a record schema, members in the order of their names."""
    *trail, last = place.split(".")
    for name in trail:
        schema = schema["properties"][name]
    properties = {**schema["properties"], last: value}
    leading = ["id"] if not trail else []
    schema["properties"] = {name: properties[name] for name in [*leading, *sorted(properties.keys() - {*leading})]}


class Resources:
    """The attributes of every schema, gathered from all responses that carry it."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        self._attributes: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, name: str, resource_type: str, attributes: dict[str, Any]) -> None:
        """Add what one response says about the schema ``name`` of one type: ``attributes`` is an object schema."""
        known = self._attributes.get((name, resource_type), {})
        self._attributes[name, resource_type] = merged(known, attributes, self._schemas)

    def record_schemas(self) -> dict[str, dict[str, Any]]:
        """Return a flat record schema for every name."""
        found = {}
        for (name, kind), node in self._attributes.items():
            with placing(f"attributes of {kind}"):
                found[name] = self._record_schema(kind, node)
        return found

    def _record_schema(self, resource_type: str, attributes: dict[str, Any]) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}}
        for name, node in sorted(attributes.get("properties", {}).items()):
            key = (resource_type, name)
            if key in DROPPED:
                continue
            override = ATTRIBUTES.get(key) or (None if key in TYPED else EVERYWHERE.get(name))
            schema["properties"][name] = override.value if override else column(node, self._schemas)
        for kind, place in UNITED:
            node = _member(attributes, place, self._schemas) if kind == resource_type else None
            if node and "oneOf" in node and (kind, place.partition(".")[0]) in TYPED:
                _put(schema, place, united(node["oneOf"], self._schemas))
        for (kind, place), override in COPIED.items():
            node = _member(attributes, override.value, self._schemas) if kind == resource_type else None
            if node and _member(attributes, place, self._schemas) is None:
                _put(schema, place, column(node, self._schemas))
        for (kind, name), override in UNLISTED.items():
            if kind == resource_type and name not in schema["properties"]:
                _put(schema, name, override.value)
        return schema
