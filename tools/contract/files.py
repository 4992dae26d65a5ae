"""Every generated file, from the pinned document."""

from __future__ import annotations

from typing import Any

from tools.contract.answers import answer
from tools.contract.endpoints import endpoint
from tools.contract.names import stream_name
from tools.contract.reports import report
from tools.contract.schemas import Resources


def _scopes(resource_type: str, endpoints: list[dict[str, Any]]) -> list[str]:
    """Return the scopes of the most direct endpoint of a type: none where only other resources' answers carry it."""
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
    """Return the content of each generated file by its path in the package."""
    schemas = document["components"]["schemas"]
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    resources = Resources(schemas)
    relationships: dict[str, dict[str, Any]] = {}
    for path, method, operation in operations:
        if method == "get" and "/relationships/" not in path:
            response = answer(operation, schemas)
            for resource in (response.data, *response.included):
                resources.add(resource.type, resource.attributes)
                relationships.setdefault(resource.type, {}).update(resource.relationships)
    by_type = resources.stream_schemas()
    endpoints = [endpoint(path, method, operation, schemas) for path, method, operation in operations]
    return {
        "contract/endpoints.json": {
            "revision": document["info"]["version"],
            "schemas": {kind: stream_name(kind) for kind in by_type},
            "scopes": {kind: _scopes(kind, endpoints) for kind in by_type},
            "relationships": {kind: dict(sorted(relationships[kind].items())) for kind in by_type},
            "endpoints": endpoints,
        },
        "contract/reports.json": [
            report(path, operation, schemas) for path, method, operation in operations if method == "post"
        ],
        **{f"schemas/{stream_name(kind)}.json": schema for kind, schema in by_type.items()},
    }
