"""Every generated file of one revision, from its pruned document."""

from __future__ import annotations

from typing import Any

import msgspec

from tap_klaviyo.contract import Endpoint, Report
from tools.contract.answers import answer
from tools.contract.endpoints import endpoint
from tools.contract.errors import placing
from tools.contract.names import notice, stream_name, variants
from tools.contract.overrides import OMITTED, UNLISTED, VOLATILE
from tools.contract.reports import report
from tools.contract.schemas import Resources


def _scopes(resource_type: str, endpoints: list[dict[str, Any]]) -> list[str]:
    """Return the scopes of the most direct endpoint of a type: none where only other resources' responses carry it."""
    own = [
        endpoint["path"]
        for endpoint in endpoints
        if endpoint["method"] == "GET"
        and endpoint["resource"] == resource_type
        and "/relationships/" not in endpoint["path"]
    ]
    shortest = min(own, key=lambda path: (path.count("/"), path), default=None)
    scopes: list[str] = next((endpoint["scopes"] for endpoint in endpoints if endpoint["path"] == shortest), [])
    return scopes


def generated(document: dict[str, Any]) -> dict[str, Any]:
    """Return the content of each generated file of the document's revision by its path in the package."""
    schemas = document["components"]["schemas"]
    revision = document["info"]["version"]
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    resources = Resources(schemas)
    relationships: dict[str, dict[str, Any]] = {}
    carried: dict[str, dict[str, str]] = {}
    for path, method, operation in operations:
        if method == "get" and "/relationships/" not in path:
            with placing(f"GET {path}"):
                response = answer(operation, schemas)
                apart = variants(path)
                for resource in (response.data, *response.included):
                    kind = resource.type
                    name = apart.get(kind) or stream_name(kind, revision)
                    resources.add(name, kind, resource.attributes)
                    if kind in apart:
                        carried.setdefault(path, {})[kind] = name
                    else:
                        relationships.setdefault(kind, {}).update(resource.relationships)
    endpoints, reports = [], []
    for path, method, operation in operations:
        with placing(f"{method.upper()} {path}"):
            facts = endpoint(path, method, operation, schemas)
            if path in carried:
                facts["schemas"] = carried[path]
            endpoints.append(_checked(facts, Endpoint))
            if method == "post":
                reports.append(_checked(report(path, operation, schemas), Report))
    folder, said = f"contract/{revision}", notice(revision)
    return {
        f"sandbox/documents/{revision}.json": document,
        f"{folder}/types.json": {
            "generated": said,
            "types": {kind: _type(kind, revision, endpoints, relationships[kind]) for kind in sorted(relationships)},
        },
        f"{folder}/endpoints.json": {"generated": said, "endpoints": endpoints},
        f"{folder}/reports.json": {
            "generated": said,
            "reports": reports,
        },
        **{
            f"{folder}/schemas/{name}.json": {"$comment": said, **schema}
            for name, schema in resources.record_schemas().items()
        },
    }


def _checked(facts: dict[str, Any], kind: type) -> dict[str, Any]:
    """Return ``facts`` if the tap can read them: a fact of another type would stop it much later."""
    msgspec.convert(facts, kind)
    return facts


def _type(
    resource_type: str, revision: str, endpoints: list[dict[str, Any]], relationships: dict[str, Any]
) -> dict[str, Any]:
    """Return what ``tap_klaviyo.contract.ResourceType`` holds; keys without a value are left out."""
    facts = {
        "schema": stream_name(resource_type, revision),
        "scopes": _scopes(resource_type, endpoints),
        "relationships": dict(sorted(relationships.items())),
        "unlisted_attributes": sorted(name for kind, name in UNLISTED if kind == resource_type),
        "volatile_attributes": sorted(name for kind, name in VOLATILE if kind == resource_type),
        "omitted_attributes": sorted(name for kind, name in OMITTED if kind == resource_type),
    }
    return {name: value for name, value in facts.items() if value}
