"""Answers read as far as they make sense: odd ones too, and none that raises anything but the one error."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_klaviyo.records.columns import Attribute, Chosen, Column, Id, Lifted, Linked, Related, RelatedAttribute
from tap_klaviyo.records.flatten import Flattener
from tap_klaviyo.records.jsonapi import Resource, UnreadableBodyError, decoded, linkage, parse_document

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "data", "attributes", "next"]) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
IDENTIFIERS = st.fixed_dictionaries({}, optional={"id": JSON, "type": st.sampled_from(["metric", "tag", None])})
RELATIONSHIPS = st.dictionaries(
    st.sampled_from(["metric", "tags"]),
    JSON | st.fixed_dictionaries({}, optional={"data": IDENTIFIERS | st.lists(IDENTIFIERS | JSON), "links": JSON}),
)
RESOURCES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text() | JSON,
        "type": st.sampled_from(["event", "metric", "tag"]) | JSON,
        "attributes": st.dictionaries(st.sampled_from(["name", "count", "open", "at"]), JSON) | JSON,
        "relationships": RELATIONSHIPS | JSON,
    },
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "data": st.lists(RESOURCES | JSON, max_size=3) | RESOURCES | JSON,
        "included": st.lists(RESOURCES, max_size=3) | JSON,
        "links": st.fixed_dictionaries({}, optional={"next": st.text() | JSON}) | JSON,
    },
)

TEXT: dict[str, Any] = {"type": ["string", "null"]}
COLUMNS = [
    Column("id", {"type": "string"}, Id()),
    Column("name", TEXT, Attribute("name")),
    Column("count", {"type": ["integer", "null"]}, Attribute("count")),
    Column("at", {**TEXT, "format": "date-time"}, Attribute("at")),
    Column("open", {"type": ["object", "null"], "additionalProperties": True}, Attribute("open")),
    Column("lifted", TEXT, Lifted("open", ("a",), lambda a: a)),
    Column("metric_id", TEXT, Linked("metric", "metric")),
    Column("metric_name", TEXT, RelatedAttribute("metric", "metric", "name")),
    Column("tag_ids", {"type": ["array", "null"], "items": TEXT}, Linked("tags", "tag", many=True)),
    Column(
        "metric",
        {"type": ["object", "null"], "properties": {"id": TEXT, "name": TEXT}},
        Related("metric", "metric", many=False, attributes={"name": TEXT}),
    ),
    Column(
        "tags",
        {"type": ["array", "null"], "items": {"type": "object", "properties": {"id": TEXT, "name": TEXT}}},
        Related("tags", "tag", many=True, attributes={"name": TEXT}),
    ),
]


def flattened(body: bytes) -> list[dict[str, Any]]:
    flattener = Flattener([Chosen(column) for column in COLUMNS], lambda _: None)
    document = parse_document(body)
    return [flattener.record(resource, document.included, {}) for resource in document.data]


def reads_as_null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


@given(ANSWERS)
@example({"data": math.inf})
@example({"data": [], "links": {"next": []}})
@example({"data": [], "links": {"next": math.nan}})
def test_any_answer_becomes_records(answer):
    links = answer.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    says_data = reads_as_null(answer.get("data", "")) or isinstance(answer.get("data", ""), list | dict)
    says_next = reads_as_null(following) or isinstance(following, str)
    if not (says_data and says_next):
        # An answer that says nothing of its data is no empty page, and what leads nowhere is no end.
        with pytest.raises(UnreadableBodyError):
            flattened(json.dumps(answer).encode())
        return
    for record in flattened(json.dumps(answer).encode()):
        assert list(record) == [column.name for column in COLUMNS]
        assert isinstance(record["id"], str)
        for name in ("name", "at", "lifted", "metric_id", "metric_name"):
            assert record[name] is None or isinstance(record[name], str)
        assert record["count"] is None or isinstance(record["count"], int)
        assert record["open"] is None or isinstance(decoded(record["open"]), dict)
        assert record["tags"] is None or all(tag.keys() == {"id", "name"} for tag in record["tags"])
        assert (record["tag_ids"] is None) == (record["tags"] is None)


@given(st.binary())
def test_any_bytes_are_an_answer_or_the_one_error(body):
    try:
        parse_document(body)
    except UnreadableBodyError:
        return


@given(st.binary(max_size=8), st.integers(0, 60))
def test_an_answer_with_broken_bytes_inside(noise, at):
    body = b'{"data": [{"type": "event", "id": "1", "attributes": {"open": {"a": "b"}}}]}'
    try:
        flattened(body[:at] + noise + body[at:])
    except UnreadableBodyError:
        return


def one(attributes: str) -> dict[str, Any]:
    body = f'{{"data": [{{"type": "event", "id": "1", "attributes": {attributes}}}]}}'
    (record,) = flattened(body.encode())
    return record


@pytest.mark.parametrize(
    ("attributes", "name", "value"),
    [
        ('{"count": 1e400}', "count", None),
        ('{"name": 1e400}', "name", "1e400"),
        (f'{{"count": {"9" * 309}}}', "count", None),
        (f'{{"name": {"9" * 309}}}', "name", "9" * 309),
        (f'{{"name": {"9" * 308}}}', "name", "9" * 308),
        ('{"count": NaN}', "count", None),
        ('{"count": 1e3}', "count", 1000),
        ('{"count": 123456789012345678901234567890}', "count", None),
        ('{"count": 9223372036854775807}', "count", 9223372036854775807),
        ('{"name": "\\ud800"}', "name", "\ufffd"),
        ('{"name": "\\udc00\\uD83C\\uDF88\\ud800\\n"}', "name", "\ufffd🎈\ufffd\n"),
        ('{"name": "\\\\ud800"}', "name", "\\ud800"),
        ('{"name": "a\tb"}', "name", "a\tb"),
        ("null", "name", None),
        ("[]", "name", None),
        ('{"open": []}', "open", None),
        ('{"open": "{}"}', "open", None),
    ],
)
def test_odd_attributes(attributes, name, value):
    assert one(attributes)[name] == value


def test_a_free_form_object_passes_as_it_stands_but_without_line_breaks():
    opened = one('{"open": {"b": 1.50,\n "a": 123456789012345678901234567890, "\\u00e9": [ ]}}')["open"]
    assert isinstance(opened, msgspec.Raw)
    assert bytes(opened) == b'{"b":1.50,"a":123456789012345678901234567890,"\\u00e9":[]}'


def test_what_is_no_number_in_a_free_form_object_is_null_and_numbers_stay_as_they_are_spelt():
    opened = one('{"open": {"a": NaN, "b": [Infinity, 1e400, 1.50]}}')["open"]
    assert bytes(opened) == b'{"a":null,"b":[null,1e400,1.50]}'
    assert decoded(opened) == {"a": None, "b": [None, "1e400", 1.5]}


@pytest.mark.parametrize("bracket", ["[]", "{}"])
def test_what_is_nested_without_end_is_cut(bracket):
    left, right = {"[]": ("[", "]"), "{}": ('{"[{":', "}")}[bracket]
    body = f'{{"data": [{{"id": "1", "attributes": {{"open": {{"a": {left * 100_000}1{right * 100_000}, "b": 2}}}}}}]}}'
    document = parse_document(body.encode())
    assert document.changes.cut
    (resource,) = document.data
    kept = decoded((resource.attributes or {})["open"])
    assert kept["b"] == 2
    assert str(kept).count("[{" if bracket == "{}" else "[") == 195
    assert "None" in str(kept)


@pytest.mark.parametrize("end", ["", "]", "]" * 99_999])
def test_a_nest_that_is_not_closed_is_unreadable(end):
    with pytest.raises(UnreadableBodyError):
        parse_document(b'{"data": [{"id": "1", "attributes": {"open": ' + b"[" * 100_000 + end.encode())


@pytest.mark.parametrize(
    ("relationship", "found"),
    [
        ({"data": {"type": "metric", "id": "M"}}, [("metric", "M")]),
        ({"data": [{"type": "tag", "id": "T"}, {"type": "tag", "id": "U"}]}, [("tag", "T"), ("tag", "U")]),
        ({"data": []}, []),
        ({"data": None}, []),
        ({"data": {"type": "metric"}}, []),
        ({"data": {"type": None, "id": 5}}, [("", "5")]),
        ({"links": {"related": "…"}}, None),
        ({}, None),
        (None, None),
        ([], None),
        ("M", None),
    ],
)
def test_linkage_of_every_shape(relationship, found):
    assert linkage(Resource("1", "event", {}, {"x": relationship}), "x") == found
    assert linkage(Resource("1", "event", {}, {"x": msgspec.Raw(json.dumps(relationship).encode())}), "x") == found
    assert linkage(Resource("1", "event"), "x") is None


def test_included_resources_are_told_apart_by_type_too():
    answer = {
        "data": [{"type": "event", "id": "1", "relationships": {"metric": {"data": {"type": "metric", "id": "A"}}}}],
        "included": [
            {"type": "metric", "id": "A", "attributes": {"name": "Opened"}},
            {"type": "tag", "id": "A", "attributes": {"name": "Summer"}},
        ],
    }
    (record,) = flattened(json.dumps(answer).encode())
    assert record["metric"] == {"id": "A", "name": "Opened"}
    assert record["metric_name"] == "Opened"
    assert record["tags"] is None
    del answer["included"]
    (record,) = flattened(json.dumps(answer).encode())
    assert record["metric"] == {"id": "A", "name": None}  # deleted, or not to be read: at least its id
