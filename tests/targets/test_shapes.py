"""What targets choke on leaves in a shape that all of them take."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.records.nul import without_nul
from tap_klaviyo.records.record_format import Outlet, RecordFormat
from tap_klaviyo.records.rows import Rows
from tap_klaviyo.sandbox import Shop
from tests.streams.syncing import REPORTS_BEGUN, sync

MOST = 2**63 - 1


def bare(value):
    """A value without NUL characters, by Python's own means."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [bare(item) for item in value]
    return {bare(name): bare(item) for name, item in value.items()} if isinstance(value, dict) else value


@given(st.text(alphabet='\0\\u0a"é\n', max_size=30))
def test_nul_characters_go_and_nothing_else_does(text):
    assert json.loads(without_nul(json.dumps([text]).encode())) == [text.replace("\0", "")]


@pytest.mark.parametrize("in_files", [False, True], ids=["messages", "files"])
@pytest.mark.parametrize("text", ["a\0b", "\0", "\\\0\\u0000", "\ud800\0"])
def test_lines_hold_none(text, in_files):
    page = RecordFormat((Outlet("s"),), encoded=True, in_files=in_files).page(
        Rows([{"a": text, "b": {text: [1, text]}}], [None])
    )
    found = json.loads(page.lines)
    assert (found if in_files else found["record"]) == bare({"a": text, "b": {text: [1, text]}})


@pytest.mark.parametrize(
    "config", [{}, {"flattening_enabled": True, "flattening_max_depth": 1}], ids=["fast", "changed"]
)
def test_a_sync_brings_none(config):
    shop = Shop(events=6, profiles=6)
    for kind in ("profile", "event"):
        for row in shop.resources(kind):
            name = {"profile": "properties", "event": "event_properties"}[kind]
            shop.update(kind, row.id, **{name: {"odd\0": ["\0", "\\\0x"], "name": "a\0b"}})
    run = sync(shop, "profiles", "events", config=config)
    assert "\\u0000" not in json.dumps(run.messages)
    assert len(run.records["profiles"]) == 6
    if not config:
        assert {"odd": ["", "\\x"], "name": "ab"}.items() <= run.records["profiles"][0]["properties"].items()


@pytest.mark.parametrize(("value", "found"), [(MOST, MOST), (-MOST - 1, -MOST - 1), (MOST + 1, None), (10**30, None)])
def test_whole_numbers_have_64_bits_at_most(value, found, caplog):
    shop = Shop(events=6, profiles=6)
    for row in shop.resources("event"):
        shop.update("event", row.id, timestamp=value)
    run = sync(shop, "events")
    assert {event["timestamp"] for event in run.records["events"]} == {found}
    assert ("'timestamp'" in caplog.text) == (found is None)


def named(schema):
    types = schema["type"]
    return [types] if isinstance(types, str) else [name for name in types if name != "null"]


def lists_of_one(schema):
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return (schema["type"] == [schema["type"][0]]) + sum(map(lists_of_one, inner))


@pytest.fixture(scope="module")
def everything():
    """A sync of every stream."""
    return sync(Shop(events=6, profiles=6), state=REPORTS_BEGUN)


def test_no_type_is_a_list_of_one(everything):
    schemas = [message["schema"] for message in everything.messages if message["type"] == "SCHEMA"]
    assert len(schemas) > 50
    assert sum(map(lists_of_one, schemas)) == 0


PYTHON = {"string": str, "integer": int, "number": float | int, "boolean": bool}
FLAT = {"flattening_enabled": True, "flattening_max_depth": 1}


DEEP = {"flattening_max_depth": 5, "flattening_max_key_length": 63}


@pytest.mark.parametrize("more", [{}, pytest.param(DEEP, marks=pytest.mark.long)])
def test_a_flattened_column_has_one_plain_type_and_a_name_that_fits(more):
    """Also what is an object without a list of members, which a target that types members refuses."""
    run = sync(Shop(events=6, profiles=6), config={**FLAT, **more}, state=REPORTS_BEGUN)
    schemas = {one["stream"]: one["schema"]["properties"] for one in run.messages if one["type"] == "SCHEMA"}
    assert named(schemas["events"]["event_properties"]) == ["string"]
    for stream, columns in schemas.items():
        for name, schema in columns.items():
            [one] = named(schema)
            assert one in PYTHON, (stream, name)
            assert len(name) <= 63
            values = [row[name] for row in run.records.get(stream, ()) if row.get(name) is not None]
            assert all(isinstance(value, PYTHON[one]) for value in values), (stream, name)


@pytest.mark.parametrize(
    ("maps", "column", "found"),
    [
        ({}, "location__latitude", ["52.5", "52.5", "7"]),
        ({"profiles": {"at": "location", "location": None}}, "at__latitude", ["52.5", "52.5", "7"]),
        ({"profiles": {"__filter__": "location['latitude'] != '52.5'"}}, "location__latitude", ["52.5", "7"]),
    ],
)
def test_a_flattened_value_of_several_types_is_a_string(maps, column, found):
    shop = Shop(events=1, profiles=3)
    latitudes = [52.5, "52.5", 7]
    for row, value in zip(shop.resources("profile"), latitudes, strict=True):
        shop.update("profile", row.id, location={"latitude": value})
    run = sync(shop, "profiles", config={**FLAT, "stream_maps": maps})
    assert sorted(row[column] for row in run.records["profiles"]) == found
    plain = sync(shop, "profiles")
    assert sorted((row["location"]["latitude"] for row in plain.records["profiles"]), key=str) == [52.5, "52.5", 7]


def test_all_keys_are_typed_the_same_way(everything):
    """A column that is a key somewhere is a plain type, never null, in every stream alike."""
    for message in everything.messages:
        if message["type"] == "SCHEMA":
            for name in message["key_properties"]:
                types = message["schema"]["properties"][name]["type"]
                assert types == "string", (message["stream"], name, types)
