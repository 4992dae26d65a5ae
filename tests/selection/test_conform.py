"""Values made to fit their schema: nothing raises, and what fits comes back as it is."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tap_klaviyo import contract
from tap_klaviyo.records.coerce import conformer

SCHEMA_NAMES = sorted(path.stem for path in (contract.newest().folder / "schemas").glob("*.json"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(str)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde") | st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)
TYPES = st.sampled_from(["string", "number", "integer", "boolean"])
LEAVES = (
    TYPES.map(lambda name: {"type": [name, "null"]})
    | st.just({"type": ["string", "null"], "format": "date-time"})
    | st.just({"type": ["number", "string", "null"]})
    | st.just({"type": ["object", "null"], "additionalProperties": True})
    | st.just({"type": ["array", "null"]})
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: (
        inner.map(lambda items: {"type": ["array", "null"], "items": items})
        | st.dictionaries(st.sampled_from("abcde"), inner, min_size=1).map(
            lambda members: {"type": ["object", "null"], "properties": members}
        )
    ),
    max_leaves=6,
)


def conformed(schema: dict[str, Any], value: Any, within: Any = None) -> tuple[Any, list[str]]:
    odd: list[str] = []
    return conformer(schema, within, odd.append)(value), odd


def valid(schema: dict[str, Any], value: Any) -> bool:
    return Draft202012Validator(schema).is_valid(value)


@given(SCHEMAS, VALUES)
def test_no_value_raises_and_every_result_fits(schema, value):
    result, odd = conformed(schema, value)
    assert valid(schema, result)
    if result is None and value is not None:
        assert odd


def plain(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit a schema as Klaviyo's usual answers do."""
    known = {
        "string": st.text(),
        "number": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
        "integer": st.integers(-(2**63), 2**63 - 1),
        "boolean": st.booleans(),
    }
    (name, *more) = (kind for kind in schema["type"] if kind != "null")
    if schema.get("format"):
        found: st.SearchStrategy[Any] = st.datetimes().map(lambda at: at.isoformat(timespec="seconds") + "+00:00")
    elif name == "object" and "properties" in schema:
        found = st.fixed_dictionaries({}, optional={key: plain(one) for key, one in schema["properties"].items()})
    elif name == "object":
        found = st.dictionaries(st.text(), st.text())
    elif name == "array":
        found = st.lists(plain(schema["items"]) if "items" in schema else st.text(), max_size=3)
    else:
        found = st.one_of(known[name], *(known[other] for other in more))
    return st.none() | found


@given(st.data(), SCHEMAS)
def test_a_value_that_fits_comes_back_unchanged(data, schema):
    value = data.draw(plain(schema))
    result, odd = conformed(schema, value)
    assert json.dumps(result) == json.dumps(value)
    assert odd == []


@given(value=VALUES)
def test_no_value_raises_in_any_column_of_any_stream(value):
    for name in SCHEMA_NAMES:
        for column, schema in contract.newest().schema(name)["properties"].items():
            if column != "id":  # no attribute, and never null
                assert valid(schema, conformed(schema, value)[0])


@pytest.mark.parametrize(
    ("schema", "value", "result"),
    [
        ({"type": ["number", "null"]}, "40.7128", 40.7128),
        ({"type": ["number", "null"]}, " 7 ", 7),
        ({"type": ["number", "null"]}, "1_000", None),
        ({"type": ["number", "null"]}, "nan", None),
        ({"type": ["number", "null"]}, "\u0663", None),
        ({"type": ["number", "null"]}, math.inf, None),
        ({"type": ["number", "null"]}, 10**400, 10**400),
        ({"type": ["number", "null"]}, "9" * 5000, None),
        ({"type": ["number", "null"]}, True, None),
        ({"type": ["integer", "null"]}, "12.0", 12),
        ({"type": ["integer", "null"]}, 12.5, None),
        ({"type": ["integer", "null"]}, 2**63 - 1, 2**63 - 1),
        ({"type": ["integer", "null"]}, 2**63, None),
        ({"type": ["string", "null"]}, 12, "12"),
        ({"type": ["string", "null"]}, {"a": 1}, '{"a": 1}'),
        ({"type": ["boolean", "null"]}, "True", True),
        ({"type": ["boolean", "null"]}, 0, False),
        ({"type": ["boolean", "null"]}, "maybe", None),
        ({"type": ["number", "string", "null"]}, True, "true"),
        ({"type": ["integer", "string", "null"]}, 5, 5),
        ({"type": ["integer", "string", "null"]}, 2**63, "9223372036854775808"),
        ({"type": ["integer", "boolean", "null"]}, "x", None),
        ({"type": ["string", "null"], "format": "date-time"}, "2026-06-23 00:15:23Z", "2026-06-23T00:15:23+00:00"),
        ({"type": ["string", "null"], "format": "date-time"}, "May 5, 2021", None),
        ({"type": ["string", "null"], "format": "date-time"}, "0001-01-01T00:00:00+14:00", None),
        ({"type": ["string", "null"], "format": "date-time"}, 1621295008, None),
        ({"type": ["array", "null"], "items": {"type": ["string", "null"]}}, "x", ["x"]),
        ({"type": ["object", "null"], "properties": {"a": {"type": ["integer", "null"]}}}, [], None),
    ],
)
def test_what_becomes_of_odd_values(schema, value, result):
    found, odd = conformed(schema, value)
    assert found == result
    assert type(found) is type(result)
    assert bool(odd) == (result is None)


def test_what_is_nested_too_deep_for_text_is_odd():
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    assert conformed({"type": ["string", "null"]}, value) == (None, [""])


def test_an_odd_value_is_named_by_its_path():
    number = {"type": ["number", "null"]}
    schema = {
        "type": ["object", "null"],
        "properties": {"a": {"type": ["array", "null"], "items": {"type": "object", "properties": {"b": number}}}},
    }
    assert conformed(schema, {"a": [{"b": 1}, {"b": "x"}]}) == ({"a": [{"b": 1}, {"b": None}]}, ["a[].b"])


def test_members_are_kept_apart_in_objects_and_in_lists_of_objects():
    text = {"type": ["string", "null"]}
    inner = {"type": ["object", "null"], "properties": {"b": text, "c": text}}
    value = {"b": "1", "c": "2", "new": "3"}
    assert conformed(inner, value) == (value, [])
    assert conformed(inner, value, {"b": None}) == ({"b": "1"}, [])
    assert conformed(inner, {"c": "2"}, {"b": None}) == ({}, [])
    assert conformed({"type": ["array", "null"], "items": inner}, [value, {}], {"b": None}) == ([{"b": "1"}, {}], [])
    outer = {"type": ["object", "null"], "properties": {"a": inner, "d": text}}
    assert conformed(outer, {"a": value, "d": "4"}, {"a": {"c": None}}) == ({"a": {"c": "2"}}, [])
