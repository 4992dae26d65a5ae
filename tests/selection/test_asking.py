"""The request of every stream, for every single column deselected and for selections by chance."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_klaviyo import contract
from tap_klaviyo.records.columns import Attribute, Chosen, Column
from tap_klaviyo.records.fieldsets import Ask, ask, sparse_names
from tap_klaviyo.records.selection import choose, resolve
from tap_klaviyo.streams.registry import STREAMS
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.sync import question
from tap_klaviyo.tap import TapKlaviyo
from tests.selection import oracle
from tests.selection.syncing import URL

if TYPE_CHECKING:
    from collections.abc import Mapping


NAMES = sorted(stream.name for stream in STREAMS)
every_stream = pytest.mark.parametrize("name", NAMES)


@cache
def tap() -> TapKlaviyo:
    return TapKlaviyo(config=URL)


def stream_of(name: str) -> KlaviyoStream:
    stream = tap().streams[name]
    assert isinstance(stream, KlaviyoStream)
    return stream


def always(stream: KlaviyoStream) -> set[str]:
    return {*stream.primary_keys, *([stream.declared_replication_key] if stream.declared_replication_key else [])}


def asked(stream: KlaviyoStream, selected: Mapping[oracle.Path, bool]) -> dict[str, str]:
    nodes = resolve(stream.columns, {path: {"selected": one} for path, one in selected.items()}, always(stream))
    return question.asked(stream.spec, choose(stream.columns, nodes)).parameters()


def expected(stream: KlaviyoStream, selected: Mapping[oracle.Path, bool]) -> dict[str, str]:
    kept_anyway: dict[oracle.Path, bool] = {(name,): True for name in always(stream)}
    return oracle.parameters(stream, oracle.leaves(stream.schema, {**selected, **kept_anyway}))


@every_stream
def test_everything_selected_names_no_fields_of_the_records(name):
    stream = stream_of(name)
    found = asked(stream, {})
    assert found == expected(stream, dict.fromkeys(oracle.paths(stream.schema), True))
    if stream.via is None and stream.attributes is None:
        assert f"fields[{stream.spec.record_type}]" not in found


@every_stream
def test_every_single_property_deselected_in_turn(name):
    stream = stream_of(name)
    every = dict.fromkeys(oracle.paths(stream.schema), True)
    for path in every:
        selected = {**every, path: False}
        assert asked(stream, selected) == expected(stream, selected), path


@every_stream
def test_every_single_property_selected_alone(name):
    stream = stream_of(name)
    nothing = dict.fromkeys(oracle.paths(stream.schema), False)
    for path in nothing:
        parents = {path[:length]: True for length in range(1, len(path) + 1)}
        selected = {**nothing, **parents}
        assert asked(stream, selected) == expected(stream, selected), path


@every_stream
@settings(max_examples=25)
@given(data=st.data())
def test_selections_by_chance(name, data):
    stream = stream_of(name)
    every = list(oracle.paths(stream.schema))
    off = data.draw(st.sets(st.sampled_from(every)))
    selected = {path: path not in off for path in every}
    found = asked(stream, selected)
    assert found == expected(stream, selected)
    for parameter, value in found.items():
        assert set(value.split(",")) <= set(oracle.enum(stream.path, parameter, stream.revision)), parameter


def test_a_whole_object_has_one_name_and_a_part_of_it_its_own():
    allowed = {"a", "a.b", "a.b.c", "a.b.d", "a.e"}
    assert sparse_names("a", None, allowed) == {"a"}
    assert sparse_names("a", {"b": None}, allowed) == {"a.b"}
    assert sparse_names("a", {"b": {"c": None}, "e": None}, allowed) == {"a.b.c", "a.e"}


def test_a_member_without_a_name_of_its_own_brings_the_smallest_object_that_has_one():
    assert sparse_names("a", {"b": {"x": None}, "e": None}, {"a", "a.b", "a.e"}) == {"a.b", "a.e"}
    assert sparse_names("a", {"x": None, "e": None}, {"a", "a.e"}) == {"a"}


def test_where_an_attribute_has_no_sparse_name_everything_is_asked():
    chosen = [Chosen(Column("shoe_size", {"type": ["string", "null"]}, Attribute("shoe_size")))]
    assert ask(chosen, contract.newest().endpoint("/api/images"), "image") == Ask()


def test_where_the_endpoint_takes_no_fields_none_are_sent():
    chosen = [Chosen(Column("name", {"type": ["string", "null"]}, Attribute("name")))]
    bare = contract.newest().endpoint("/api/lists/{id}/relationships/tags")
    assert not bare.fields
    assert ask(chosen, bare, "tag") == Ask()


def test_two_relationships_of_one_type_share_its_fields():
    options = {"object_types": {"include": ["current-schema"]}}
    stream = TapKlaviyo(config={**URL, "stream_options": options}).streams["object_types"]
    assert isinstance(stream, KlaviyoStream)
    every = dict.fromkeys(oracle.paths(stream.schema), True)
    inside = {path: False for path in every if path[:1] == ("current_schema",) and len(path) > 1}
    found = asked(stream, {**every, **inside, ("current_schema", "status"): True})
    # draft_schema_id needs its include, and no field beside those of current_schema
    assert found == {"fields[object-schema]": "status", "include": "current-schema,draft-schema"}
