"""The columns of a stream: their types in a table, and what is known of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.personal import FREE, PERSONAL
from tools.docs.pages import code, table
from tools.relations import tables

if TYPE_CHECKING:
    from tap_klaviyo.records.columns import Column
    from tap_klaviyo.streams.base import BaseStream

_PEOPLE = "profiles"


def reference(stream: BaseStream) -> str:
    """A row a column."""
    referred = _referred(stream)
    rows = (
        (code([column.name]), kind(column.schema), "; ".join(_said(stream, column, referred)))
        for column in stream.columns
    )
    return table(("column", "type", "what it is"), rows)


def personal(stream: BaseStream) -> str:
    """Which columns hold personal data, which may, and which stand for a person without naming one."""
    marked = {
        "yes": _described(stream, PERSONAL),
        "free-form": _described(stream, FREE),
        "ids of profiles": [name for name, other in _referred(stream).items() if other == _PEOPLE],
    }
    return "; ".join(f"{how}: {code(names)}" for how, names in marked.items() if names) or "none"


def kind(schema: dict[str, Any]) -> str:
    """A column's type in a word or two."""
    named = schema["type"]
    names = [name for name in ([named] if isinstance(named, str) else named) if name != "null"]
    if names == ["array"]:
        return f"list of {kind(schema['items'])}s"
    return " or ".join(schema.get("format", name) if name == "string" else name for name in names)


def _described(stream: BaseStream, words: str) -> list[str]:
    return [column.name for column in stream.columns if column.schema.get("description") == words]


def _referred(stream: BaseStream) -> dict[str, str]:
    return {found.column: found.stream for found in tables()[stream.name].references}


def _said(stream: BaseStream, column: Column, referred: dict[str, str]) -> list[str]:
    said = ["key"] if column.name in stream.primary_keys else []
    said += ["replication key"] if column.name == stream.declared_replication_key else []
    said += [f"id of a row of {code([referred[column.name]])}"] if column.name in referred else []
    said += {PERSONAL: ["personal data"], FREE: ["free-form, may hold personal data"]}.get(
        column.schema.get("description", ""), []
    )
    inner = column.schema.get("items", column.schema).get("properties", {})
    return [*said, f"members {code(inner)}"] if inner else said
