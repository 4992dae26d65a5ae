"""The fields of an entry of `custom_streams`, one function each; what is wrong with one is said at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jsonpath_ng.ext.parser import parse as parse_json_path

from tap_klaviyo import contract
from tap_klaviyo.http.request import FORBIDDEN_HEADERS
from tap_klaviyo.streams.custom.split import text_of
from tap_klaviyo.streams.custom.types import Scalar

if TYPE_CHECKING:
    from tap_klaviyo.config.entries import Entry
    from tap_klaviyo.streams.custom.schema import RecordSchema

TEXT_COLUMN = "content"

_METHODS = ("GET", "POST")
_REVISION = re.compile(r"\d{4}-\d\d-\d\d(?:\.[a-z]+)?", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)


def method_of(entry: Entry) -> str:
    """The method, in upper case."""
    method = (entry.string("method") or "GET").upper()
    if method not in _METHODS:
        entry.fail("method must be GET or POST")
    return method


def params_of(entry: Entry, given: Mapping[str, str]) -> dict[str, str]:
    """The query parameters as strings; a list is joined by commas."""
    found = {}
    for name, value in entry.mapping("params").items():
        if name in given:
            entry.fail(f"parameter '{name[:40]}' is both in url and in params")
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(item, str | int | float) for item in values):
            entry.fail(f"params.{name[:40]} must be a string, a number, true or false, or a list of them")
        found[name] = ",".join(map(text_of, values))
    return found


def body_of(entry: Entry, method: str, paging: str) -> Any:
    """The body: an object, a string, or None."""
    body = entry.fields.get("body")
    if body is None:
        if paging == "body_cursor":
            entry.fail("paging body_cursor needs a body to put the cursor into")
        return None
    if method != "POST":
        entry.fail("a body needs method POST")
    if not isinstance(body, str | Mapping):
        entry.fail("body must be an object or a string")
    if paging == "body_cursor" and isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            entry.fail("paging body_cursor needs a body that is a JSON object")
    return body


def headers_of(entry: Entry) -> dict[str, str]:
    """The headers, the entry's own revision among them."""
    found = {}
    for name, value in entry.mapping("headers").items():
        if name.strip().lower() in FORBIDDEN_HEADERS:
            entry.fail(f"header '{name.strip()}' cannot be set")
        if name.strip().lower() == "revision":
            entry.fail("set 'revision' instead of a 'revision' header")
        if not _HEADER.fullmatch(name) or not isinstance(value, str) or not value.isascii() or not value.isprintable():
            entry.fail("headers must be names and strings, each on one line of ASCII")
        found[name] = value.strip()
    revision = entry.string("revision")
    if revision is not None and not _REVISION.fullmatch(revision):
        entry.fail(f"revision must look like {contract.newest().revision}, or like {contract.newest().revision}.pre")
    return found if revision is None else {**found, "revision": revision}


def json_path_of(entry: Entry, key: str, default: str) -> str:
    """A JSONPath, checked."""
    path = entry.string(key)
    if path is None:
        return default
    try:
        parse_json_path(path)
    except Exception:  # noqa: BLE001 - the library raises what its lexer and its parser raise
        entry.fail(f"{key} is not a valid JSONPath; write one like {default}")
    return path


def refuse_for_text(entry: Entry) -> None:
    """Refuse what only records have."""
    for key in ("schema", "records_path", "flatten_attributes", "primary_keys", "replication_key"):
        if entry.given(key):
            entry.fail(f"{key} cannot be combined with format text, whose only column is {TEXT_COLUMN}")


def keys_of(entry: Entry, schema: RecordSchema | None, columns: tuple[str, ...], *, default: bool) -> tuple[str, ...]:
    """The primary keys: by default the id, within its parent; ``columns`` are those that a parent fills."""
    keys = entry.strings("primary_keys")
    if keys is None:
        return (*columns, "id") if default else ()
    for name in keys:
        if schema is not None and name not in schema.kind.members and name not in columns:
            entry.fail(f"primary_keys: the schema has no '{name}'")
    return keys


def replication_key_of(entry: Entry, schema: RecordSchema | None) -> str | None:
    """The replication key, which the schema must have as a timestamp."""
    key = entry.string("replication_key")
    if key is None:
        if entry.given("start_param"):
            entry.fail("start_param needs a replication_key")
        return None
    if schema is not None:
        if key not in schema.kind.members:
            entry.fail(
                f"replication_key: the schema has no '{key}' at its top level; flatten_attributes may move it there"
            )
        kind = schema.kind.members[key]
        if not isinstance(kind, Scalar) or kind.schema.get("format") != "date-time":
            entry.fail(f"replication_key '{key}' must be a timestamp (format date-time) in the schema")
    return key


def start_param_of(entry: Entry, params: Mapping[str, str], replication_key: str | None) -> str | None:
    """The parameter that the bookmark fills."""
    name = entry.string("start_param")
    if name is not None and name in params:
        entry.fail(f"start_param '{name}' is also in params")
    return name if replication_key else None
