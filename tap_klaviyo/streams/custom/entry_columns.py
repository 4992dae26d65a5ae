"""The columns of a custom stream."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_klaviyo.records.columns import DATE_TIME, KEY, Attribute, Column, Constant
from tap_klaviyo.streams.custom.entry_members import TEXT_COLUMN
from tap_klaviyo.streams.custom.scalars import STRING, TIMESTAMP
from tap_klaviyo.streams.custom.types import Anything, Fields, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_klaviyo.streams.custom.entry import CustomEntry


def kind_of(entry: CustomEntry) -> Fields:
    """Return what the records of an entry are."""
    if entry.schema is not None:
        return entry.schema.kind
    if entry.text:
        return Fields({TEXT_COLUMN: STRING}, complete=True)
    keys = {name: STRING for name in entry.primary_keys if name not in entry.columns.values()}
    times = {entry.replication_key: TIMESTAMP} if entry.replication_key else {}
    return Fields({**keys, **times}, rest=Anything())


def build_columns(entry: CustomEntry, named: Iterable[str] = ()) -> list[Column]:
    """Return the columns of an entry, those that its placeholders make first.

    Records without a schema also have columns of the fields that are ``named`` elsewhere in the settings.
    """
    kind = kind_of(entry)
    if kind.rest is not None:
        more = {name.partition(".")[0]: kind.rest for name in named}
        kind = replace(kind, members={**more, **kind.members})
    shown = entry.schema.json if entry.schema else schema_of(kind)
    schemas = shown.get("properties", {})
    return [Column(name, KEY, Constant()) for name in entry.columns.values()] + [
        Column(name, _column_schema(entry, name, schemas.get(name, {})), Attribute(name))
        for name in kind.members
        if name not in entry.columns.values()
    ]


def _column_schema(entry: CustomEntry, name: str, schema: Any) -> dict[str, Any]:
    if not isinstance(schema, dict):  # `true`: anything
        return {}
    if name == entry.replication_key and entry.schema is None:
        return DATE_TIME
    types = schema.get("type")
    if name in entry.primary_keys and isinstance(types, list):
        kinds = [kind for kind in types if kind != "null"]
        return {**schema, "type": kinds[0] if len(kinds) == 1 else kinds}  # as keys are typed in all streams
    return schema
