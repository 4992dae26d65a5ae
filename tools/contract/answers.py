"""What an operation's response is made of: primary data, attributes, relationships, included resources."""

from __future__ import annotations

from typing import Any, NamedTuple

from tools.contract.merge import expanded


class Resource(NamedTuple):
    """A JSON:API resource object as a schema describes it."""

    type: str
    attributes: dict[str, Any]
    relationships: dict[str, Any]


class Answer(NamedTuple):
    """The primary data, whether it is a list, and what may stand in ``included``."""

    data: Resource
    collection: bool
    included: tuple[Resource, ...]


def _constant(node: dict[str, Any], schemas: dict[str, Any]) -> str:
    (value,) = expanded(node, schemas)["enum"]
    return str(value)


def _resource(node: dict[str, Any], schemas: dict[str, Any]) -> Resource:
    properties = expanded(node, schemas)["properties"]
    relationships = expanded(properties.get("relationships", {}), schemas).get("properties", {})
    return Resource(
        type=_constant(properties["type"], schemas),
        attributes=expanded(properties.get("attributes", {}), schemas),
        relationships={name: _relationship(value, schemas) for name, value in relationships.items()},
    )


def _relationship(node: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    data = expanded(expanded(node, schemas)["properties"]["data"], schemas)
    many = data["type"] == "array"
    identifier = expanded(data["items"], schemas) if many else data
    return {"type": _constant(identifier["properties"]["type"], schemas), "many": many, "linkage": True}


def answer(operation: dict[str, Any], schemas: dict[str, Any]) -> Answer:
    """Return what the one successful response of ``operation`` is made of."""
    (response,) = operation["responses"].values()
    (content,) = response["content"].values()
    properties = expanded(content["schema"], schemas)["properties"]
    data = expanded(properties["data"], schemas)
    collection = data["type"] == "array"
    included = expanded(properties.get("included", {"items": {"oneOf": []}})["items"], schemas)
    return Answer(
        data=_resource(data["items"] if collection else data, schemas),
        collection=collection,
        included=tuple(_resource(part, schemas) for part in included.get("oneOf", [included])),
    )
