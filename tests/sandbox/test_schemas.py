"""Every row that the sandbox serves satisfies the schema that Klaviyo's document gives for it."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sandbox.document import load
from tests.sandbox.callers import pages, targets

SMALL = Shop(1, events=400, profiles=100)
DOCUMENT = load("2026-07-15")
PATHS = [operation.path for operation in DOCUMENT.operations()]
# what the real API answers although its document does not allow it
ODDITIES = (
    "an event of a deleted profile has null where the profile's linkage was promised",
    "links.next and links.prev are null at the ends",
    "an ingestion log without a record has null where the record's linkage was promised",
)


def _translated(node: Any) -> Any:
    """OpenAPI 3.0 as JSON schema: nullable, and references that have siblings.

    ``oneOf`` becomes ``anyOf``: its alternatives are told apart by their titles and overlap.
    """
    if isinstance(node, list):
        return [_translated(item) for item in node]
    if not isinstance(node, dict):
        return node
    nullable = node.get("nullable") is True
    if "$ref" in node:
        found: dict[str, Any] = {"$ref": node["$ref"]}
    else:
        found = {
            "anyOf" if key == "oneOf" else key: _translated(value) for key, value in node.items() if key != "nullable"
        }
    return {"anyOf": [found, {"type": "null"}]} if nullable else found


@functools.cache
def _registry() -> Registry[Any]:
    """Return the whole document as one resource: reading it once is most of the time."""
    contents = {
        "components": {"schemas": {name: _translated(schema) for name, schema in DOCUMENT._schemas.items()}},
        "answers": {path: _translated(DOCUMENT.response_schema("get", path)) for path in PATHS},
    }
    registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT202012.create_resource(contents)).crawl()
    return registry


def _validator(path: str) -> jsonschema.Draft202012Validator:
    pointer = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return jsonschema.Draft202012Validator(
        {"$ref": f"urn:document#/answers/{pointer}"},
        registry=_registry(),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def _without_oddities(page: dict[str, Any]) -> dict[str, Any]:
    page["links"] = {name: link for name, link in page["links"].items() if link is not None}
    rows = page["data"] if isinstance(page["data"], list) else [page["data"]]
    for row in [*rows, *page.get("included", [])]:
        for relationship in (row or {}).get("relationships", {}).values():
            if relationship.get("data", "") is None:
                del relationship["data"]
    return page


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_satisfies_the_document(path: str) -> None:
    sandbox = Sandbox(SMALL)
    operation = DOCUMENT.operation("get", path)
    answered = 0
    for target in targets(sandbox, operation, everything=True):
        for page in pages(sandbox, target):
            if page["data"] is None:
                continue
            answered += 1
            errors = [error.message[:300] for error in _validator(path).iter_errors(_without_oddities(page))]
            assert not errors, (target, errors[:3])
    assert answered, path
