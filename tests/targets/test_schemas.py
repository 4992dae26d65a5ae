from __future__ import annotations

import json
from pathlib import Path

import pytest

from tap_klaviyo import contract
from tests.targets import warehouses
from tests.targets.messages import read

TEXT = "é 'quoted' \"twice\",\nnext line"
VALUES = {"string": TEXT, "integer": 2**53 + 1, "number": 1.25, "boolean": False}
FREE = {"$value": [1, "a", None], "Size": {"deep": True}, "size": TEXT}


def made_up(schema):
    """A value that a schema allows, the odder the better."""
    if schema.get("format") == "date-time":
        return "2026-01-31T23:59:59.123456+00:00"
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    match named[0]:
        case "object":
            return {name: made_up(part) for name, part in schema.get("properties", {}).items()} or FREE
        case "array":
            return [made_up(schema["items"])] if "items" in schema else [FREE]
        case name:
            return VALUES[name]


def records(stream, schema):
    full = {name: made_up(part) for name, part in schema["properties"].items()}
    empty = dict.fromkeys(schema["properties"])
    return [{**full, "id": f"{stream}-1"}, {**full, "id": f"{stream}-2"}, {**empty, "id": f"{stream}-3"}]


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    """A full and an empty record of every schema; the first one written twice, as a tap may."""
    lines = []
    found = sorted(Path(contract.__file__).parent.glob("*/schemas/*.json"))
    for path in {path.name: path for path in found}.values():
        stream, schema = path.name.removesuffix(".json"), json.loads(path.read_text())
        lines.append({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]})
        rows = records(stream, schema)
        lines += [{"type": "RECORD", "stream": stream, "record": row} for row in (rows[0], *rows)]
    lines.append({"type": "STATE", "value": {"bookmarks": {}}})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return read(tmp_path_factory.mktemp("schemas") / "messages.jsonl", text)


@pytest.mark.parametrize("kind", ["duckdb", pytest.param("postgres", marks=pytest.mark.long)])
def test_every_schema_is_a_table_that_takes_what_the_schema_allows(kind, messages, tmp_path, request):
    if kind == "duckdb":
        target = warehouses.duckdb(tmp_path)
    else:
        target = warehouses.postgres(tmp_path, request.getfixturevalue("postgres_port"))
    target.load(messages.path)
    tables = target.tables()
    assert set(tables) == set(messages.records)
    for stream, rows in tables.items():
        assert sorted(row["id"] for row in rows) == [f"{stream}-{number}" for number in (1, 2, 3)]
        assert {name.lower() for name in messages.records[stream][0]} == set(rows[0])
    (first,) = (row for row in tables["profiles"] if row["id"] == "profiles-1")
    assert first["first_name"] == TEXT


@pytest.mark.long
def test_json_lines_take_them_too(messages, tmp_path):
    target = warehouses.jsonl(tmp_path)
    target.load(messages.path)
    assert target.tables() == messages.records
