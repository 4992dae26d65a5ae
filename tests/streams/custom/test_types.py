"""Types by their names: what fits, what is converted, what is refused; and the schema of each."""

from __future__ import annotations

import json
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.streams.custom import json_schema, schema_short_form
from tap_klaviyo.streams.custom.types import compiled, schema_of

REFUSED = object()


def cast(kind, value):
    """Return what becomes of a value of a type, or REFUSED."""
    refused = []
    record = schema_short_form.parse({"x": kind})
    found = compiled(record, lambda at, *_: refused.append(at))({"x": value})["x"]
    return REFUSED if refused else found


CASES = [
    ("string", "a", "a"),
    ("string", 1, "1"),
    ("string", True, "true"),
    ("string", Decimal("1.50"), "1.50"),
    ("string", {"a": ["é"]}, '{"a": ["é"]}'),
    ("boolean", True, True),
    ("boolean", "FALSE", False),
    ("boolean", 1, True),
    ("boolean", 2, REFUSED),
    ("boolean", "yes", REFUSED),
    ("tinyint", 127, 127),
    ("tinyint", 128, REFUSED),
    ("tinyint", "-128", -128),
    ("smallint", 32768, REFUSED),
    ("int", 2147483647, 2147483647),
    ("int", 2147483648, REFUSED),
    ("INT", "7", 7),
    ("int", Decimal("7.0"), 7),
    ("int", Decimal("7.5"), REFUSED),
    ("int", True, REFUSED),
    ("int", "1_000", REFUSED),
    ("int", "", REFUSED),
    ("int", [], REFUSED),
    ("bigint", -(1 << 63), -(1 << 63)),
    ("bigint", 1 << 63, REFUSED),
    ("float", "1.5", 1.5),
    ("double", Decimal("0.1"), 0.1),
    ("double", 3, 3.0),
    ("double", "1e400", REFUSED),
    ("double", "nan", REFUSED),
    ("double", False, REFUSED),
    ("double", 10**400, REFUSED),
    ("decimal(4,2)", "12.3", Decimal("12.30")),
    ("decimal(4,2)", 0, Decimal("0.00")),
    ("decimal(4,2)", "99.99", Decimal("99.99")),
    ("decimal(4,2)", "100", REFUSED),
    ("decimal(4,2)", "1.234", REFUSED),
    ("decimal(38,0)", "9" * 38, Decimal("9" * 38)),
    ("decimal( 38 , 18 )", 1.1, Decimal("1.1")),
    ("date", "2026-01-02", "2026-01-02"),
    ("date", "2026-02-30", REFUSED),
    ("date", "2026-01-02T00:00:00Z", REFUSED),
    ("date", 20260102, REFUSED),
    ("time", "03:04:05", "03:04:05"),
    ("time", "25:00", REFUSED),
    ("time", "03:04:05Z", REFUSED),
    ("time", 30405, REFUSED),
    ("timestamp", "2026-01-02 03:04:05", "2026-01-02T03:04:05+00:00"),
    ("timestamp", "2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05+00:00"),
    ("timestamp", "2026-01-02", "2026-01-02T00:00:00+00:00"),
    ("timestamp", "yesterday", REFUSED),
    ("timestamp", 1767323045, REFUSED),
    ("bytes", "AAEC", "AAEC"),
    ("bytes", "not base64!", REFUSED),
    ("bytes", 7, REFUSED),
    ("null", 1, REFUSED),
    ("array<int>", ["1", 2, None], [1, 2, None]),
    ("array<int>", 1, REFUSED),
    ("array<int>", ["x"], REFUSED),
    ("array<array<decimal(3,1)>>", [[1.5]], [[Decimal("1.5")]]),
    ("map<string,int>", {"a": "1"}, {"a": 1}),
    ("map<int,string>", {"1": "a"}, {"1": "a"}),
    ("map<int,string>", {"x": "a"}, REFUSED),
    ("map<string,map<string,decimal(5,2)>>", {"a": {"b": 1}}, {"a": {"b": Decimal("1.00")}}),
    ("map<string,int>", [1], REFUSED),
    ({"a": "int", "b": "string"}, {"a": 1, "c": 2}, {"a": 1, "b": None}),
    ({"a": "int"}, "x", REFUSED),
    ([{"a": "int"}], [{"a": 1, "b": 2}, None], [{"a": 1}, None]),
    (["string"], ["a"], ["a"]),
]


@pytest.mark.parametrize(
    ("kind", "value", "wanted"), CASES, ids=lambda part: "refused" if part is REFUSED else repr(part)[:40]
)
def test_a_type_takes_what_fits(kind, value, wanted):
    found = cast(kind, value)
    assert found == wanted
    assert type(found) is type(wanted)


def test_what_is_too_deep_for_text_is_refused():
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    assert cast("string", deep) is REFUSED


@pytest.mark.parametrize("kind", [*{json.dumps(kind): kind for kind, _, _ in CASES}.values()], ids=repr)
def test_every_type_is_null_where_nothing_came(kind):
    assert cast(kind, None) is None


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.decimals()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)
kinds = st.sampled_from([kind for kind, _, _ in CASES])


@given(kinds, json_values)
def test_whatever_comes_is_refused_or_fits_the_schema(kind, value):
    record = schema_short_form.parse({"x": kind})
    found = compiled(record, lambda *_: None)({"x": value})
    jsonschema.validate(json_schema.as_floats(found), schema_of(record), jsonschema.Draft202012Validator)


def test_schemas_of_the_short_form():
    record = schema_short_form.parse({"n": "tinyint", "t": "timestamp", "m": "map<string,date>", "o": {"b": "bytes"}})
    assert schema_of(record)["properties"] == {
        "n": {"type": ["integer", "null"], "minimum": -128, "maximum": 127},
        "t": {"type": ["string", "null"], "format": "date-time"},
        "m": {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["string", "null"], "format": "date"},
        },
        "o": {
            "type": ["object", "null"],
            "properties": {"b": {"type": ["string", "null"], "contentEncoding": "base64"}},
        },
    }


def json_cast(schema, record):
    refused = []

    def misfit(at, _value, _words):
        refused.append(at)

    json_schema.check(schema)
    found = compiled(json_schema.parse(schema), misfit)(record)
    check = json_schema.validating(schema, misfit)
    return (found if check is None else check(found)), refused


@pytest.mark.parametrize(
    ("schema", "record", "wanted", "refused"),
    [
        ({"properties": {"a": {"type": "integer"}}}, {"a": "1", "b": 2}, {"a": 1}, []),
        ({"properties": {"a": {"type": "integer"}}}, {"b": 2}, {}, []),
        ({"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {}, {"a": None}, ["a"]),
        ({"properties": {"a": {"type": "integer"}}, "additionalProperties": True}, {"b": 2}, {"b": 2}, []),
        (
            {"properties": {}, "additionalProperties": {"type": "string"}},
            {"b": 2},
            {"b": "2"},
            [],
        ),
        ({"properties": {"a": {"type": "object"}}}, {"a": {"any": 1}}, {"a": {"any": 1}}, []),
        ({"properties": {"a": {"type": ["string", "integer"]}}}, {"a": 1}, {"a": 1}, []),
        ({"properties": {"a": {"type": ["boolean", "integer"]}}}, {"a": "x"}, {"a": None}, ["a"]),
        ({"properties": {"a": {"type": ["integer", "null"]}}}, {"a": None}, {"a": None}, []),
        ({"properties": {"a": {"type": "string", "format": "date"}}}, {"a": "x"}, {"a": None}, ["a"]),
        (
            {"properties": {"a": {"type": "array", "items": {"type": "number"}}}},
            {"a": ["1.5"]},
            {"a": [Decimal("1.5")]},
            [],
        ),
        ({"properties": {"a": {"type": "number", "multipleOf": 0.5}}}, {"a": Decimal("0.7")}, {"a": None}, ["a"]),
        (
            {"properties": {"a": {"properties": {"b": {"enum": [1]}}, "type": "object"}}},
            {"a": {"b": 2}},
            {"a": {"b": None}},
            ["a.b"],
        ),
        ({"properties": {"a": True}}, {"a": [1]}, {"a": [1]}, []),
        ({"properties": {"a": {"type": ["string", "integer"]}}}, {"a": [1, "é"]}, {"a": '[1, "é"]'}, []),
        # What is said of the record as a whole is said, and the record stays.
        ({"properties": {"a": {"type": "integer"}}, "minProperties": 2}, {"a": 1}, {"a": 1}, [""]),
    ],
)
def test_json_schemas(schema, record, wanted, refused):
    assert json_cast(schema, record) == (wanted, refused)


@pytest.mark.parametrize("place", ["properties", "$defs", "items", "anyOf"])
def test_references_are_refused_wherever_they_stand(place):
    inner = {"$ref": "#/$defs/a"}
    value = [inner] if place == "anyOf" else inner if place == "items" else {"a": inner}
    with pytest.raises(json_schema.JsonSchemaError, match=r"schema has a \$ref"):
        json_schema.check({place: value})


def test_a_property_may_be_called_like_a_reference():
    json_schema.check({"properties": {"$ref": {"type": "string"}}})


def test_null_is_allowed_everywhere_for_records_whose_misfits_are_null():
    schema = {
        "properties": {"a": {"type": "string", "pattern": "x"}, "b": {"type": "array", "items": {"type": "integer"}}},
        "required": ["a"],
    }
    assert json_schema.nullable(schema) == {
        "properties": {
            "a": {"type": ["string", "null"]},
            "b": {"type": ["array", "null"], "items": {"type": ["integer", "null"]}},
        },
    }
