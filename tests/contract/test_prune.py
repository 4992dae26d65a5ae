"""From Klaviyo's document to the pinned one: facts stay, prose goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tools.contract import __main__ as command
from tools.contract.prune import prune

if TYPE_CHECKING:
    from pathlib import Path

MEDIA = "application/vnd.api+json"
SCHEMAS = "#/components/schemas/"


def operation(description: str = "", **more: Any) -> dict[str, Any]:
    content = {MEDIA: {"schema": {"$ref": f"{SCHEMAS}Things"}}}
    return {
        "operationId": "get_things",
        "summary": "Get things",
        "tags": ["Things"],
        "description": description,
        "parameters": [
            {
                "name": "revision",
                "in": "header",
                "description": "A date",
                "required": True,
                "schema": {"type": "string"},
            },
            {
                "name": "page[size]",
                "in": "query",
                "description": "Default: 5",
                "schema": {"type": "integer", "default": 5, "minimum": 1, "maximum": 20},
            },
        ],
        "responses": {"200": {"description": "Success", "content": content}, "400": {"description": "Client error"}},
        "x-klaviyo-pre-release": "None",
        "x-klaviyo-ratelimit": {"burst": "3/s", "steady": "60/m"},
        "x-klaviyo-scopes": ["things:read"],
        **more,
    }


@pytest.fixture
def document() -> dict[str, Any]:
    attributes = {
        "description": {"type": "string", "description": "What it is", "example": "A thing"},
        "title": {"type": "string", "title": "Title", "default": "none"},
        "required": {"type": "boolean", "description": "Whether it is required"},
        "properties": {"type": "object", "description": "Whatever else"},
    }
    thing = {
        "type": "object",
        "description": "A thing",
        "properties": {
            "type": {"type": "string", "enum": ["thing"]},
            "id": {"type": "string", "example": "1"},
            "attributes": {"type": "object", "properties": attributes, "required": ["title"]},
        },
    }
    return {
        "openapi": "3.0.2",
        "info": {"title": "Klaviyo API", "version": "2030-01-15", "description": "All of it", "license": {}},
        "servers": [{"url": "https://a.example"}],
        "paths": {
            "/api/things": {"get": operation("Rows are retained for 9 days."), "post": operation()},
            "/client/things": {"get": operation()},
            "/api/thing-values-reports": {
                "post": operation(requestBody={"required": True, "content": {MEDIA: {"schema": {}}}})
            },
        },
        "components": {
            "schemas": {
                "Things": {"properties": {"data": {"type": "array", "items": {"$ref": f"{SCHEMAS}Thing"}}}},
                "Thing": thing,
                "Unused": {"type": "string"},
            },
            "securitySchemes": {},
        },
    }


def test_only_what_reads_is_kept(document: dict[str, Any]) -> None:
    pruned = prune(document)
    assert {path: [*methods] for path, methods in pruned["paths"].items()} == {
        "/api/things": ["get"],
        "/api/thing-values-reports": ["post"],
    }
    assert pruned["components"]["schemas"].keys() == {"Things", "Thing"}
    assert pruned["info"]["version"] == "2030-01-15"


def test_an_operation_keeps_its_facts(document: dict[str, Any]) -> None:
    kept = prune(document)["paths"]["/api/things"]["get"]
    assert kept == {
        "operationId": "get_things",
        "x-klaviyo-ratelimit": {"burst": "3/s", "steady": "60/m"},
        "x-klaviyo-scopes": ["things:read"],
        "x-retention-days": 9,
        "parameters": [
            {"name": "revision", "in": "header", "required": True, "schema": {"type": "string"}},
            {
                "name": "page[size]",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": 20, "default": 5},
            },
        ],
        "responses": {"200": {"description": "", "content": {MEDIA: {"schema": {"$ref": f"{SCHEMAS}Things"}}}}},
    }


def test_a_property_may_be_called_like_a_keyword(document: dict[str, Any]) -> None:
    thing = prune(document)["components"]["schemas"]["Thing"]
    assert "description" not in thing
    assert thing["properties"]["attributes"] == {
        "type": "object",
        "properties": {
            "description": {"type": "string"},
            "title": {"type": "string"},
            "required": {"type": "boolean"},
            "properties": {"type": "object"},
        },
        "required": ["title"],
    }


def test_a_request_keeps_the_size_of_its_pages(document: dict[str, Any]) -> None:
    page_size = {"type": "integer", "description": "Rows", "default": 500, "example": 500}
    request = {
        "type": "object",
        "properties": {"page_size": page_size, "interval": {"type": "string", "default": "day"}},
    }
    content = {MEDIA: {"schema": request}}
    document["paths"]["/api/thing-values-reports"]["post"]["requestBody"] = {"required": True, "content": content}
    kept = prune(document)["paths"]["/api/thing-values-reports"]["post"]["requestBody"]
    assert kept["required"] is True
    assert kept["content"][MEDIA]["schema"]["properties"] == {
        "page_size": {"type": "integer", "default": 500},
        "interval": {"type": "string"},
    }


def test_the_command_writes_all_and_removes_what_is_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    del document["paths"]["/api/thing-values-reports"]
    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(document))
    older = tmp_path / "older.json"
    older.write_text(json.dumps({**document, "info": {"version": "2029-10-15"}}))
    package = tmp_path / "package"
    gone = package / "contract" / "2030-01-15" / "schemas" / "gone.json"
    gone.parent.mkdir(parents=True)
    gone.write_text("{}")
    monkeypatch.setattr(command, "PACKAGE", package)

    command.main([str(source), str(older)])

    for revision in ("2029-10-15", "2030-01-15"):
        folder = package / "contract" / revision
        assert [path.name for path in (folder / "schemas").iterdir()] == ["things.json"]
        types = json.loads((folder / "types.json").read_text())["types"]
        assert types == {"thing": {"schema": "things", "scopes": ["things:read"]}}
        (endpoint,) = json.loads((folder / "endpoints.json").read_text())["endpoints"]
        assert endpoint["path"] == "/api/things"
    written = {path: path.read_text() for path in package.rglob("*.json")}
    assert f"10 files written to {package}" in capsys.readouterr().out

    command.main([])
    assert {path: path.read_text() for path in package.rglob("*.json")} == written

    command.main([str(older)])
    assert {path: path.read_text() for path in package.rglob("*.json")} == written
