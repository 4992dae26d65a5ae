"""Flattening by a plan gives what the SDK's own flattening gives."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.helpers._flattening import FlatteningOptions, flatten_record, flatten_schema

from tap_klaviyo.sync.flatten_plan import FlattenPlan
from tap_klaviyo.sync.stream_maps import outlets
from tap_klaviyo.tap import TapKlaviyo

NAMES = st.sampled_from(["a", "B", "type", "properties", "a__b", "snake_case_name", "camelCase", "ü", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.dictionaries(NAMES, VALUES, max_size=5)
SCHEMAS = st.recursive(
    st.just({"type": ["string", "null"]}) | st.just({"type": ["object", "null"]}),
    lambda inner: st.builds(
        lambda members: {"type": ["object", "null"], "properties": members}, st.dictionaries(NAMES, inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    records=st.lists(RECORDS, min_size=1, max_size=4),
    columns=st.dictionaries(NAMES, SCHEMAS, max_size=5),
    depth=st.integers(0, 3),
    separator=st.sampled_from(["__", "."]),
    longest=st.sampled_from([6, 12, 255]),
)
def test_records_are_flattened_as_the_sdk_does(records, columns, depth, separator, longest):
    options = FlatteningOptions(enabled=True, max_level=depth, separator=separator, max_key_length=longest)
    try:
        schema = flatten_schema(
            {"type": "object", "properties": columns}, max_level=depth, separator=separator, max_key_length=longest
        )
    except ValueError:
        return  # two columns of one name: refused by the SDK before any record comes
    plan = FlattenPlan(schema["properties"], options)
    for record in records:
        expected = flatten_record(record, schema, depth, separator, max_key_length=longest)
        assert plan.flatten(record) == expected
        assert [*plan.flatten(record)] == [*expected]


PROFILE = {
    "id": "P1",
    "email": "ada@example.com",
    "location": {"city": "Köln", "latitude": "50.9", "address1": None},
    "properties": {"tags": ["a", {"b": 1}], "size": {"eu": 38, "uk": {"w": 5}}, "ratio": 1e30},
}


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"city": "location['city']", "location": None},
        {"location": "properties", "all": "record"},
        {"__filter__": "email is None"},
        {"__else__": None, "id": "id", "size": "properties['size']"},
    ],
)
def test_a_map_and_flattening_make_what_the_sdk_makes(definition, depth):
    config: dict[str, Any] = {"api_url": "sandbox://", "stream_maps": {"profiles": definition} if definition else {}}
    tap = TapKlaviyo(config={**config, "flattening_enabled": True, "flattening_max_depth": depth})
    [one] = tap.mapper.stream_maps["profiles"]
    [outlet] = outlets([one], "profiles")
    assert outlet.change is not None
    given = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in PROFILE.items() if name != "email"}
    found = outlet.change({**given, "id": "P1", "email": PROFILE["email"]})
    expected = one.transform(copy.deepcopy(PROFILE))
    assert (found and dict(found)) == expected
