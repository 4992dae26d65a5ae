"""One type for each flattened column: members of objects are strings or numbers, a typed column takes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from singer_sdk.helpers._flattening import FlatteningOptions
from singer_sdk.singerlib.json import serialize_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from singer_sdk.mapper import StreamMap

    Change = Callable[[dict[str, Any]], Mapping[str, Any] | None]


@dataclass(kw_only=True)
class OneTyped(FlatteningOptions):
    """How a stream is flattened, and which columns are strings since their values were strings or something else."""

    strings: frozenset[str]


def settle(one: StreamMap) -> None:
    """Declare the columns of a flattened stream that are strings or something else as strings."""
    options = one.flattening_options
    if options is None or not one.flattening_enabled:
        return
    columns: Mapping[str, Any] = one.transformed_schema.get("properties", {})
    mixed = {name: _as_string(schema) for name, schema in columns.items() if _is_mixed(schema)}
    if mixed:
        one.transformed_schema = {**one.transformed_schema, "properties": {**columns, **mixed}}
        one.flattening_options = OneTyped(
            enabled=options.enabled,
            max_level=options.max_level,
            separator=options.separator,
            max_key_length=options.max_key_length,
            strings=frozenset(mixed),
        )


def settled(one: StreamMap, change: Change) -> Change:
    """Return what changes records, with the values of those columns as strings: numbers as JSON writes them."""
    options = one.flattening_options
    if not isinstance(options, OneTyped):
        return change
    strings = options.strings

    def settle_values(record: dict[str, Any]) -> Mapping[str, Any] | None:
        changed = change(record)
        if changed is None:
            return None
        others = {name: changed.get(name) for name in strings if not isinstance(changed.get(name), str | None)}
        return {**changed, **{name: serialize_json(value) for name, value in others.items()}} if others else changed

    return settle_values


def _is_mixed(schema: Mapping[str, Any]) -> bool:
    types = schema.get("type")
    return isinstance(types, list) and "string" in types and bool({*types} - {"string", "null"})


def _as_string(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [name for name in schema["type"] if name in {"string", "null"}]}
