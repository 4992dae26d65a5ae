"""References and ``allOf``, merged to the last level."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.contract.merge import ContradictionError, expanded, merged, referenced

names = st.sampled_from("abcd")
schemas = st.recursive(
    st.just({"type": "string"}),
    lambda inner: st.builds(
        lambda properties: {"type": "object", "properties": properties}, st.dictionaries(names, inner, max_size=3)
    ),
    max_leaves=12,
)
objects = st.builds(
    lambda properties: {"type": "object", "properties": properties}, st.dictionaries(names, schemas, max_size=3)
)


def places(schema: dict[str, Any], trail: str = "") -> set[str]:
    """Return the dotted place of every property."""
    found = set()
    for name, child in schema.get("properties", {}).items():
        found |= {f"{trail}.{name}"} | places(child, f"{trail}.{name}")
    return found


@given(objects)
def test_merging_with_itself_changes_nothing(schema: dict[str, Any]) -> None:
    assert merged(schema, schema, {}) == schema
    assert merged(schema, {}, {}) == schema


@given(objects, objects)
def test_every_property_of_both_is_there_at_every_level(left: dict[str, Any], right: dict[str, Any]) -> None:
    try:
        both = expanded({"allOf": [left, {"$ref": "#/components/schemas/Right"}]}, {"Right": right})
    except ContradictionError:
        return  # a text here and an object there
    assert places(both) == places(left) | places(right)


def test_a_contradiction_is_told() -> None:
    with pytest.raises(ContradictionError, match="string and number for one property"):
        merged({"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": "number"}}}, {})


def test_what_stands_beside_a_reference_is_kept() -> None:
    schemas = {"Name": {"type": "string"}}
    assert expanded({"$ref": "#/components/schemas/Name", "nullable": True}, schemas) == {
        "type": "string",
        "nullable": True,
    }


def test_an_extended_resource_keeps_the_attributes_of_both() -> None:
    base = {"type": "object", "properties": {"attributes": {"properties": {"email": {"type": "string"}}}}}
    extension = {"properties": {"attributes": {"properties": {"subscriptions": {"type": "object"}}}}}
    both = expanded({"allOf": [extension, {"$ref": "#/components/schemas/Base"}]}, {"Base": base})
    assert both["properties"]["attributes"]["properties"].keys() == {"email", "subscriptions"}
    assert base["properties"]["attributes"] == {"properties": {"email": {"type": "string"}}}  # type: ignore[index]


def test_lists_merge_their_items_and_enumerations_their_values() -> None:
    left = {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}
    right = {"type": "array", "items": {"type": "string", "enum": ["b", "c"]}}
    assert merged(left, right, {}) == {"type": "array", "items": {"type": "string", "enum": ["a", "b", "c"]}}


def test_names_referred_to() -> None:
    prefix = "#/components/schemas/"
    node = {"allOf": [{"$ref": f"{prefix}A"}, {"allOf": [{"$ref": f"{prefix}B"}]}], "properties": {"c": {"$ref": "C"}}}
    assert referenced(node) == {"A", "B"}
