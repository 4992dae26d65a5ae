"""References followed and ``allOf`` merged to the last level, so that one schema says all there is to say."""

from __future__ import annotations

from typing import Any

_PREFIX = "#/components/schemas/"


class ContradictionError(ValueError):
    """Two parts of one schema give the same property different types."""


def referenced(node: dict[str, Any]) -> frozenset[str]:
    """Return the names of the schemas that ``node`` itself refers to, directly or as a part of its ``allOf``."""
    own = {node["$ref"].removeprefix(_PREFIX)} if "$ref" in node else set()
    return frozenset(own.union(*(referenced(part) for part in node.get("allOf", ()))))


def expanded(node: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return ``node`` without ``$ref`` and ``allOf`` at its own level; what lies below may still have them."""
    if "$ref" in node:
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return merged(schemas[node["$ref"].removeprefix(_PREFIX)], beside, schemas)
    if "allOf" in node:
        result = {key: value for key, value in node.items() if key != "allOf"}
        for part in node["allOf"]:
            result = merged(result, part, schemas)
        return result
    return node


def merged(left: dict[str, Any], right: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with the properties of both, at every level; where both give another keyword, ``right`` wins.

    Raises:
        ContradictionError: if the two differ in ``type``.
    """
    if left == right:
        return expanded(left, schemas)
    left, right = expanded(left, schemas), expanded(right, schemas)
    if left.get("type", right.get("type")) != right.get("type", left.get("type")):
        message = f"{left['type']} and {right['type']} for one property"
        raise ContradictionError(message)
    result = {**left, **right}
    for key in left.keys() & right.keys():
        if key == "properties":
            shared = left[key].keys() & right[key].keys()
            both = {name: merged(left[key][name], right[key][name], schemas) for name in shared}
            result[key] = {**left[key], **right[key], **both}
        elif key == "items":
            result[key] = merged(left[key], right[key], schemas)
        elif key in {"required", "enum"}:
            result[key] = list(dict.fromkeys([*left[key], *right[key]]))
    return result
