"""Every row that the sandbox serves satisfies the schema that Klaviyo's document gives for it."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tap_klaviyo.sandbox import Behaviour, Sandbox, Shop
from tap_klaviyo.sandbox.document import load
from tests.sandbox.callers import NEWER, OLDER, pages, targets

SMALL = Shop(1, events=150, profiles=50)
PATHS = [(revision, operation.path) for revision in (OLDER, NEWER) for operation in load(revision).operations()]
# what the real API answers although its document does not allow it
ODDITIES = (
    "an event of a deleted profile has null where the profile's linkage was promised",
    "links.next and links.prev are null at the ends",
    "a list of text is a type of property, which the older document does not know yet",
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
def _registry(revision: str) -> Registry[Any]:
    """Return the whole document as one resource: reading it once is most of the time."""
    document = load(revision)
    paths = [operation.path for operation in document.operations()]
    contents = {
        "components": {"schemas": {name: _translated(schema) for name, schema in document._schemas.items()}},
        "answers": {path: _translated(document.response_schema("get", path)) for path in paths},
    }
    registry: Registry[Any] = Registry().with_resource("urn:document", DRAFT202012.create_resource(contents)).crawl()
    return registry


def _validator(revision: str, path: str) -> jsonschema.Draft202012Validator:
    pointer = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return jsonschema.Draft202012Validator(
        {"$ref": f"urn:document#/answers/{pointer}"},
        registry=_registry(revision),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def _without_oddities(page: dict[str, Any], revision: str) -> dict[str, Any]:
    page["links"] = {name: link for name, link in page["links"].items() if link is not None}
    rows = page["data"] if isinstance(page["data"], list) else [page["data"]]
    for row in [*rows, *page.get("included", [])]:
        for relationship in (row or {}).get("relationships", {}).values():
            if relationship.get("data", "") is None:
                del relationship["data"]
        if revision == OLDER and row and row["type"] == "object-schema" and "attributes" in row:
            known = [one for one in row["attributes"]["properties"] if one["type"] != "list_str"]
            row["attributes"]["properties"] = known
    return page


@pytest.mark.parametrize(("revision", "path"), PATHS)
def test_every_answer_satisfies_the_document(revision: str, path: str) -> None:
    sandbox = Sandbox(SMALL, behaviour=Behaviour.documented())
    operation = load(revision).operation("get", path)
    validator = _validator(revision, path)
    answered = 0
    for target in targets(sandbox, operation, revision, everything=True):
        for page in pages(sandbox, target, revision):
            answered += 1
            if page["data"] is None:
                assert operation.nullable or operation.linkages
                continue
            errors = [error.message[:300] for error in validator.iter_errors(_without_oddities(page, revision))]
            assert not errors, (target, errors[:3])
    assert answered, path
