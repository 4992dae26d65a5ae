"""The body of a POST, read strictly: whatever the document's schema does not allow is a 400 that points at it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.sandbox.document import Document
    from tap_klaviyo.sandbox.operation import Operation

_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "integer": int}
_ATTRIBUTES = "/data/attributes"
_JSON = frozenset({"application/json", "application/vnd.api+json"})


def refused(detail: str, attribute: str = "") -> RefusedError:
    """Return a 400 that points at an attribute of the body, or at the body itself."""
    return RefusedError(400, "invalid", detail, pointer=f"{_ATTRIBUTES}/{attribute}" if attribute else "/data")


def check_content_type(headers: Mapping[str, str]) -> None:
    """Raise a 415 where a POST (header names in lower case) does not say that its body is JSON."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() not in _JSON:
        raise RefusedError(415, "unsupported_media_type", "The content type of the body has to be JSON.")


def attributes_of(body: bytes, operation: Operation, document: Document) -> dict[str, Any]:
    """Return the attributes that a body asks with, checked against the schema of the operation's request."""
    try:
        asked = json.loads(body)
    except ValueError:
        raise refused("The body is not JSON.") from None
    _check(document.request_schema(operation.method, operation.path), asked, "", document)
    attributes: dict[str, Any] = asked["data"]["attributes"]
    return attributes


def attribute_schema(operation: Operation, name: str, document: Document) -> dict[str, Any]:
    """Return the schema of one attribute of the request, with the facts that the document has of it."""
    data = document.properties(document.request_schema(operation.method, operation.path))["data"]
    attributes = document.properties(document.properties(data)["attributes"])
    return document.resolve(attributes[name]) if name in attributes else {}


def _check(schema: dict[str, Any], value: Any, at: str, document: Document) -> None:
    schema = document.resolve(schema)
    if value is None and schema.get("nullable"):
        return
    if "oneOf" in schema:
        _check_one_of(schema["oneOf"], value, at, document)
        return
    kind = schema.get("type", "object")
    fits: bool = isinstance(value, _TYPES[kind]) and not isinstance(value, bool)
    if not fits:
        raise RefusedError(400, "invalid", f"A value of type {kind} is expected.", pointer=at or "/data")
    if "enum" in schema and value not in schema["enum"]:
        raise RefusedError(400, "invalid", f"'{value}' is not a valid choice.", pointer=at)
    if schema.get("format") == "date-time" and not _is_date_time(value):
        raise RefusedError(400, "invalid", f"'{value}' is not a valid date-time.", pointer=at)
    if kind == "object":
        _check_object(schema, value, at, document)
    elif kind == "array":
        for index, item in enumerate(value):
            _check(schema["items"], item, f"{at}/{index}", document)
        if len({json.dumps(item) for item in value}) < len(value):
            raise RefusedError(400, "invalid", "A value is repeated.", pointer=at)


def _check_object(schema: dict[str, Any], value: dict[str, Any], at: str, document: Document) -> None:
    known = document.properties(schema)
    for name, item in value.items():
        if name not in known:
            raise RefusedError(400, "invalid", f"'{name}' is not a valid field.", pointer=f"{at}/{name}")
        _check(known[name], item, f"{at}/{name}", document)
    for name in schema.get("required", ()):
        if value.get(name) in (None, [], ""):
            raise RefusedError(400, "invalid", f"'{name}' is a required field.", pointer=f"{at}/{name}")


def _check_one_of(schemas: list[dict[str, Any]], value: Any, at: str, document: Document) -> None:
    failures = []
    for schema in schemas:
        try:
            _check(schema, value, at, document)
        except RefusedError as failure:
            failures.append(failure)
        else:
            return
    raise failures[-1]


def _is_date_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text
