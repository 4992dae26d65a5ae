"""What a catalog makes of the types of columns: the schema that is written, and what values are converted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.config.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tap_klaviyo.records.columns import Column, Schema

_TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")


@dataclass(frozen=True, slots=True)
class Overrides:
    """The schemas that a catalog gives to columns, by their names."""

    schemas: Mapping[str, Schema]
    retyped: Mapping[str, Schema]
    """Those that ask for other values than the stream makes by itself."""
    refused: tuple[str, ...]
    """Keys of another type than theirs: they keep it, since bookmarks and the target's rows go by them."""

    @classmethod
    def of(
        cls, stream: str, columns: Iterable[Column], given: Mapping[str, Any], automatic: Collection[str | None]
    ) -> Overrides:
        """Compare the schemas of a catalog's entry with those of the stream's columns.

        Raises:
            SettingsError: A type is none of JSON Schema's.
        """
        schemas: dict[str, Schema] = {}
        retyped: dict[str, Schema] = {}
        refused: list[str] = []
        for column in columns:
            schema = given.get(column.name)
            if not schema or column.masks:
                continue  # a hash is of the value as it comes, whatever type the catalog gives it
            unknown = next(_unknown_types(schema), None)
            if unknown is not None:
                msg = (
                    f"the catalog's type '{unknown}' of '{column.name}' in '{stream}' is no JSON type; "
                    f"use one of {', '.join(_TYPES)}"
                )
                raise SettingsError(msg)
            if column.name in automatic:
                refused += [column.name] if _differs(column.schema, schema) else []
                continue
            schemas[column.name] = _nullable(schema)
            if _differs(column.schema, schema):
                retyped[column.name] = schema
        return cls(schemas, retyped, tuple(refused))


def _named(schema: Mapping[str, Any]) -> list[Any]:
    types = schema.get("type") or []
    return types if isinstance(types, list) else [types]


def _inner(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties, items = schema.get("properties"), schema.get("items")
    found = dict(properties) if isinstance(properties, dict) else {}
    return found | ({"[]": items} if isinstance(items, dict) else {})


def _unknown_types(schema: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(name) for name in _named(schema) if name not in _TYPES)
    for inner in _inner(schema).values():
        yield from _unknown_types(inner)


def _differs(own: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Tell whether a schema asks for other values; what it leaves open, or only describes, does not."""
    types = {*_named(given)} - {"null"}
    if types and types != {*_named(own)} - {"null"}:
        return True
    if given.get("format") == "date-time" and own.get("format") != "date-time":
        return True
    known = _inner(own)
    return any(name not in known or _differs(known[name], inner) for name, inner in _inner(given).items())


def _nullable(schema: Mapping[str, Any]) -> Schema:
    """Return the schema with null, which a value becomes that cannot be converted."""
    types = _named(schema)
    return {**schema, "type": [*types, "null"]} if types and "null" not in types else dict(schema)
