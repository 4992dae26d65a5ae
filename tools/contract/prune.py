"""Cut Klaviyo's OpenAPI document down to the facts that this project uses.

What is left is a valid OpenAPI document: every GET under ``/api``, the POSTs that only read (reports, metric
aggregates), and the schemas that they reach. Descriptions, examples, titles and tags are gone.
"""

from __future__ import annotations

import re
from typing import Any

from tools.contract.descriptions import facts_of, property_facts
from tools.contract.errors import DocumentError, placing
from tools.contract.names import notice

_READING_POST_SUFFIXES = ("-values-reports", "-series-reports", "/metric-aggregates")
_OPERATION_KEYS = ("operationId", "x-klaviyo-ratelimit", "x-klaviyo-scopes", "x-klaviyo-filters")
_PARAMETER_KEYS = ("name", "in", "required", "schema", "style", "explode")
_PROSE_KEYS = frozenset({"description", "example", "examples", "title", "default", "readOnly", "writeOnly"})
_REVISION = re.compile(r"\d{4}-\d{2}-\d{2}(\.pre)?")
_SCHEMA_PREFIX = "#/components/schemas/"
_PARAMETER_PREFIX = "#/components/parameters/"


def _reads(method: str, path: str) -> bool:
    if not path.startswith("/api/"):
        return False
    return method == "get" or (method == "post" and path.endswith(_READING_POST_SUFFIXES))


def _schema_facts(node: Any, *, names: bool = False) -> Any:
    """Copy a schema without its prose; ``names`` is true where the keys are property names and not keywords."""
    if isinstance(node, list):
        return [_schema_facts(item) for item in node]
    if not isinstance(node, dict):
        return node
    facts = {
        key: _schema_facts(value, names=key == "properties" and not names)
        for key, value in node.items()
        if names or key not in _PROSE_KEYS
    }
    if names and "default" in node.get("page_size", ()):
        facts["page_size"]["default"] = node["page_size"]["default"]
    if not names and isinstance(node.get("description"), str):
        facts.update(property_facts(node["description"]))
    return facts


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    kept = {key: parameter[key] for key in _PARAMETER_KEYS if key in parameter}
    schema = _schema_facts(kept["schema"])
    if parameter["name"] == "page[size]":
        schema["default"] = parameter["schema"]["default"]
    return {**kept, "schema": schema}


def _parameters(document: dict[str, Any], of_path: list[Any], own: list[Any]) -> list[dict[str, Any]]:
    """Return the parameters of a path and of its operation, whose own ones come first, with references followed."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for parameter in (*own, *of_path):
        stated = parameter
        if "$ref" in stated:
            stated = document["components"]["parameters"][stated["$ref"].removeprefix(_PARAMETER_PREFIX)]
        found.setdefault((stated["in"], stated["name"]), stated)
    return [*found.values()]


def _content_schema(holder: dict[str, Any]) -> dict[str, Any]:
    return {media: {"schema": _schema_facts(body["schema"])} for media, body in holder["content"].items()}


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {key: operation[key] for key in _OPERATION_KEYS if key in operation}
    kept.update(facts_of(operation))
    kept["parameters"] = [_parameter(parameter) for parameter in operation.get("parameters", ())]
    if body := operation.get("requestBody"):
        kept["requestBody"] = {"required": body.get("required", False), "content": _content_schema(body)}
    kept["responses"] = {
        status: {"description": "", "content": _content_schema(response)}
        for status, response in operation["responses"].items()
        if status.startswith("2")
    }
    return kept


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {name for item in node for name in _references(item)}
    if not isinstance(node, dict):
        return set()
    found = {name for value in node.values() for name in _references(value)}
    reference = node.get("$ref")
    if isinstance(reference, str):
        found.add(reference.removeprefix(_SCHEMA_PREFIX))
    return found


def _reachable_schemas(document: dict[str, Any], roots: dict[str, Any]) -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    wanted = _references(roots)
    while wanted:
        name = wanted.pop()
        place = f"components.schemas.{name}"
        if name not in document["components"]["schemas"]:
            raise DocumentError(place, "is referred to and missing")
        with placing(place):
            schemas[name] = _schema_facts(document["components"]["schemas"][name])
        wanted |= _references(schemas[name]) - schemas.keys()
    return schemas


def prune(document: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of ``document``, itself an OpenAPI document; pruning twice changes nothing but prose facts."""
    version = document["info"]["version"]
    if not isinstance(version, str) or not _REVISION.fullmatch(version):
        place = "info.version"
        raise DocumentError(place, f"{version!r} is not a revision like 2026-10-15")
    paths: dict[str, Any] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if _reads(method, path):
                with placing(f"{method.upper()} {path}"):
                    taken = _parameters(document, methods.get("parameters", []), operation.get("parameters", []))
                    paths.setdefault(path, {})[method] = _operation({**operation, "parameters": taken})
    if not paths:
        place = "paths"
        raise DocumentError(place, "no operation under /api that reads")
    return {
        "openapi": document["openapi"],
        "info": {"title": "Klaviyo API", "version": version, "description": notice(version)},
        "paths": _sorted(paths),
        "components": {"schemas": _sorted(_reachable_schemas(document, paths))},
    }


def _sorted(node: Any) -> Any:
    """Return the same with every object's members in the order of their names, so that a diff shows what changed."""
    if isinstance(node, list):
        return [_sorted(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {name: _sorted(node[name]) for name in sorted(node)}
