"""The tables of every stream as dbt sources, with their keys and references as tests: `python -m tools.dbt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tap_klaviyo.streams.reports.response import NONE
from tools.relations import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.relations import Reference, Table

SOURCES = Path(__file__).parents[1] / "examples" / "dbt" / "models" / "klaviyo.yml"
HEAD = "# Written by `python -m tools.dbt`\n"
SWITCH = "{{ var('off_by_default') }}"


def sources() -> dict[str, Any]:
    """The content of the file: one source with a table a stream."""
    found = tables()
    source = {
        "name": "klaviyo",
        "schema": "{{ var('klaviyo_schema') }}",
        "description": "Klaviyo, as the tap loads it.",
        "tables": [_table(table, found) for _, table in sorted(found.items())],
    }
    return {"version": 2, "sources": [source]}


def _table(table: Table, others: Mapping[str, Table]) -> dict[str, Any]:
    references = {reference.column: reference for reference in table.references}
    key = [_test(table, "unique_together", columns=[*table.keys])] if len(table.keys) > 1 else []
    described = {
        "name": table.name,
        "description": table.headline,
        "config": _switched(table),
        "data_tests": key,
        "columns": [_column(table, name, references.get(name), others) for name in table.columns],
    }
    return {name: value for name, value in described.items() if value}


def _column(table: Table, name: str, reference: Reference | None, others: Mapping[str, Table]) -> dict[str, Any]:
    description, tests = "", []
    if table.keys == (name,):
        description = "The key."
        tests = [_test(table, "unique"), _test(table, "not_null")]
    if reference is not None:
        description = f"The id of a row of {reference.stream}."
        tests.append(_relationship(table, reference, others[reference.stream]))
    described = {"name": name, "description": description, "data_tests": tests}
    return {name: value for name, value in described.items() if value}


def _relationship(table: Table, reference: Reference, other: Table) -> Any:
    config: dict[str, Any] = _switched(other)  # a test needs both tables
    if not reference.inherent:
        config["severity"] = "warn"
        if reference.column in table.keys:  # an absent grouping of a report has a placeholder
            config["where"] = f"{reference.column} <> '{NONE}'"
    return _test(table, "relationships", config, to=f"source('klaviyo', '{reference.stream}')", field="id")


def _test(table: Table, name: str, config: dict[str, Any] | None = None, **arguments: Any) -> Any:
    """A test as dbt reads it; dbt warns of each test of a table that is switched off, unless the test is too."""
    parts = {"arguments": arguments, "config": {**_switched(table), **(config or {})}}
    given = {name: value for name, value in parts.items() if value}
    return {name: given} if given else name


def _switched(table: Table) -> dict[str, Any]:
    return {} if table.on_by_default else {"enabled": SWITCH}


def dumped(data: dict[str, Any]) -> str:
    """The file as it is written."""
    return HEAD + yaml.safe_dump(data, sort_keys=False, width=116, allow_unicode=True)


def main() -> None:
    """Write the file."""
    SOURCES.write_text(dumped(sources()))


if __name__ == "__main__":
    main()
