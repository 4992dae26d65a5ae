"""A JSON schema that a user wrote, as the type of a record and as what the catalog shows."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import SchemaError

from tap_klaviyo.streams.custom import scalars
from tap_klaviyo.streams.custom.types import Anything, Fields, ListOf, Scalar, Type

if TYPE_CHECKING:
    from tap_klaviyo.streams.custom.types import Cast, Misfit

_SCALARS = {
    "string": scalars.STRING,
    "integer": Scalar("integer", {"type": "integer"}, scalars.integer),
    "number": Scalar("number", {"type": "number"}, scalars.number),
    "boolean": Scalar("boolean", {"type": "boolean"}, scalars.boolean),
    "null": Scalar("null", {"type": "null"}, scalars.nothing),
}
_FORMATS = {
    "date-time": scalars.TIMESTAMP,
    "date": Scalar("date", {"type": "string", "format": "date"}, scalars.day),
    "time": Scalar("time", {"type": "string", "format": "time"}, scalars.time_of_day),
}
_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float, Decimal),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# What the types see to by themselves; any other word is left to the validator.
_COVERED = {
    "$comment",
    "$schema",
    "additionalProperties",
    "default",
    "description",
    "examples",
    "format",
    "items",
    "properties",
    "required",
    "title",
    "type",
}
# At the top a word that is none of JSON schema's is a column of somebody who meant the short form, or misspelt.
_KEYWORDS = {
    *Draft202012Validator.VALIDATORS,
    *Draft7Validator.META_SCHEMA["properties"],
    *("$anchor", "$defs", "contentSchema", "deprecated", "maxContains", "minContains", "writeOnly"),
}
_HOLDING_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")


class JsonSchemaError(ValueError):
    """A JSON schema that cannot be used."""


def check(schema: Mapping[str, Any]) -> None:
    """Check a schema.

    Raises:
        JsonSchemaError: It is none, is not about an object, or refers to another place.
    """
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        at = ".".join(map(str, error.absolute_path))
        msg = f"schema{'.' if at else ''}{at} is not a valid JSON schema (draft 2020-12)"
        raise JsonSchemaError(msg) from None
    unknown = [name for name in schema if name not in _KEYWORDS and not name.startswith("x-")]
    if unknown:
        msg = f"schema has '{unknown[0]}', which is no keyword of JSON schema; columns belong into fields or properties"
        raise JsonSchemaError(msg)
    if schema.get("type", "object") != "object" or not isinstance(schema.get("properties", {}), Mapping):
        msg = "schema must have the type object: it describes one record"
        raise JsonSchemaError(msg)
    # Following a reference might send a request to anywhere, and few targets follow one.
    if any(name in part for part in _parts(schema) for name in _REFERENCES):
        msg = "schema has a $ref; replace it with what it refers to"
        raise JsonSchemaError(msg)


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Every schema inside a schema; names of properties are no keywords."""
    if isinstance(schema, list):
        for item in schema:
            yield from _parts(item)
    if not isinstance(schema, Mapping):
        return
    yield schema
    for name, inner in schema.items():
        if name in {"enum", "const", "default", "examples"}:
            continue
        yield from _parts(list(inner.values()) if name in _HOLDING_SCHEMAS and isinstance(inner, Mapping) else inner)


def parse(schema: Mapping[str, Any]) -> Fields:
    """Return the type of the records of a checked schema; members that it does not name are left out."""
    return _object(schema)


def _type(schema: Any) -> Type:
    if not isinstance(schema, Mapping) or "type" not in schema:
        return Anything()
    named = schema["type"]
    names = [named] if isinstance(named, str) else list(named)
    wanted = [name for name in names if name != "null"] or ["null"]
    nullable = "null" in names
    if len(wanted) > 1:
        return replace(_union(wanted), nullable=nullable)
    return replace(_single(wanted[0], schema), nullable=nullable)


def _single(name: str, schema: Mapping[str, Any]) -> Type:
    if name == "object":
        return _object(schema)
    if name == "array":
        return ListOf(_type(schema.get("items", {})))
    if name == "string" and schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    return _SCALARS[name]


def _object(schema: Mapping[str, Any]) -> Fields:
    more = schema.get("additionalProperties")
    members = {name: _type(member) for name, member in schema.get("properties", {}).items()}
    if isinstance(more, Mapping):
        rest: Type | None = _type(more)
    else:
        # An object of which nothing is said passes whole.
        rest = Anything() if more is True or (more is None and not members) else None
    return Fields(members, rest=rest, required=frozenset(schema.get("required", ())))


def _union(names: list[str]) -> Scalar:
    fitting = tuple(kind for name in names for kind in _PYTHON_TYPES[name])

    def read(value: Any) -> Any:
        if isinstance(value, fitting) and (not isinstance(value, bool) or "boolean" in names):
            return value
        if "string" in names:
            return scalars.text(value)
        raise ValueError

    return Scalar(" or ".join(names), {"type": names}, read)


def validating(schema: Mapping[str, Any], misfit: Misfit) -> Cast | None:
    """Return what checks the words that types do not see to (enum, pattern, anyOf…); None where there are none."""
    if all(set(part) <= _COVERED for part in _parts(schema)):
        return None
    validator = Draft202012Validator(schema)

    def cast(record: Any) -> Any:
        for error in validator.iter_errors(as_floats(record)):
            at = ".".join(map(str, error.absolute_path))
            misfit(at, error.instance, f"'{error.validator}' of the schema")
            record = _without(record, list(error.absolute_path))
        return record

    return cast


def _without(record: Any, path: list[str | int]) -> Any:
    """Put null in the place of a value; a copy along the path."""
    if not path:
        return record
    found = copy.copy(record)
    found[path[0]] = _without(found[path[0]], path[1:]) if len(path) > 1 else None
    return found


def as_floats(value: Any) -> Any:
    """The value with numbers as the validator computes with them."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: as_floats(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_floats(item) for item in value]
    return value


def nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema with null allowed for every member, for records in which what does not fit is null."""
    found = {name: value for name, value in schema.items() if name in _COVERED and name != "required"}
    if "properties" in found:
        found["properties"] = {name: _or_null(nullable(member)) for name, member in found["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(found.get(name), Mapping):
            found[name] = _or_null(nullable(found[name]))
    return found


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "type" not in schema:
        return schema
    names = [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    return {**schema, "type": names if "null" in names else [*names, "null"]}
