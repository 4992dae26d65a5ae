"""Catalogs that are not as `--discover` writes them."""

from __future__ import annotations

import contextlib
import io
import logging
from typing import Any

import pytest

from tap_klaviyo.cli import read_json
from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.tap import TapKlaviyo

ON = [{"breadcrumb": [], "metadata": {"selected": True}}]
OFF = [{"breadcrumb": [], "metadata": {"selected": False}}]


def tap(*entries):
    return TapKlaviyo(config={"api_url": "sandbox://"}, catalog={"streams": [*entries]})


def selected(one):
    return [name for name, stream in one.streams.items() if stream.selected]


@pytest.mark.parametrize(
    ("catalog", "named"),
    [
        ({}, "'streams'"),
        ({"streams": {"lists": {}}}, "'streams'"),
        ({"streams": [{"schema": {}}]}, r"streams\[0\]"),
        ({"streams": ["lists"]}, r"streams\[0\]"),
        ({"streams": [{"tap_stream_id": "lists", "metadata": [{"metadata": {"selected": True}}]}]}, "'lists'"),
        ({"streams": [{"tap_stream_id": "lists", "metadata": {"selected": True}}]}, "'lists'"),
        ({"streams": [{"tap_stream_id": "lists", "schema": []}, {"tap_stream_id": "x", "schema": "{}"}]}, "'x'"),
    ],
)
def test_a_catalog_of_another_form_is_refused_by_the_entry(catalog, named):
    with pytest.raises(SettingsError, match=named):
        TapKlaviyo(config={"api_url": "sandbox://"}, catalog=catalog)


# What JSON can hold in the place of anything else.
ODD: list[Any] = [7, 1.5, True, None, "text", [], [7], [None], [[]], ["text"], {}, {"a": 7}, {"properties": []}]
IN_SCHEMAS = ["type", "format", "anyOf", "oneOf", "items", "properties", "enum", "required", "$ref"]
IN_ENTRIES = ["replication_key", "replication_method", "key_properties", "stream", "is_view", "table_name"]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("member", IN_SCHEMAS)
def test_any_schema_is_read_or_refused_in_words(member, odd):
    for schema in ({member: odd}, {"properties": {"name": {member: odd}}}, {"items": {"anyOf": [{member: odd}]}}):
        with contextlib.suppress(SettingsError):
            assert tap({"tap_stream_id": "lists", "schema": schema, "metadata": ON}).streams["lists"].schema


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("member", IN_ENTRIES)
def test_any_entry_is_read_or_refused_in_words(member, odd):
    with contextlib.suppress(SettingsError):
        assert selected(tap({"tap_stream_id": "lists", "metadata": ON, member: odd})) == ["lists"]


def test_what_a_tap_itself_says_it_takes_back():
    """In Python its keys are tuples."""
    plain = TapKlaviyo(config={"api_url": "sandbox://"})
    again = TapKlaviyo(config={"api_url": "sandbox://"}, catalog=plain.catalog_dict)
    for name, stream in plain.streams.items():
        assert again.streams[name].schema == stream.schema
        assert tuple(again.streams[name].primary_keys) == tuple(stream.primary_keys)


@pytest.mark.parametrize("member", ["stream", "replication_key", "key_properties"])
def test_a_member_of_another_kind_is_named(member):
    with pytest.raises(SettingsError, match=f"entry of 'lists' has a {member} that is none"):
        tap({"tap_stream_id": "lists", member: [7]})


@pytest.mark.parametrize("member", ["text", True, None, [], {"properties": []}, {"anyOf": "text"}, {"items": "text"}])
def test_a_schema_of_another_form_is_refused_by_the_entry(member):
    for schema in ({"properties": {"a": member}}, {"properties": [member]}, {"items": {"anyOf": [member]}}):
        with pytest.raises(SettingsError, match="entry of 'lists' has a schema that cannot be read"):
            tap({"tap_stream_id": "lists", "schema": schema})


def test_an_unknown_stream_that_is_selected_is_named(caplog):
    with caplog.at_level(logging.WARNING):
        one = tap({"tap_stream_id": "list", "metadata": ON}, {"tap_stream_id": "lists", "metadata": ON})
    assert selected(one) == ["lists"]
    assert "unknown stream 'list'" in caplog.text
    assert "did you mean 'lists'?" in caplog.text


def test_that_nothing_is_selected_is_one_warning(caplog):
    with caplog.at_level(logging.WARNING):
        one = tap({"tap_stream_id": "lists"}, {"tap_stream_id": "profiles", "metadata": OFF})
    assert selected(one) == []
    assert caplog.text.count("selects no stream") == 1


def test_the_last_of_two_entries_counts():
    one = tap({"tap_stream_id": "lists", "metadata": OFF}, {"tap_stream_id": "lists", "metadata": ON})
    assert selected(one) == ["lists"]


def test_a_byte_order_mark_is_no_error():
    file = io.StringIO('\ufeff{"streams": []}')
    file.name = "catalog.json"
    assert read_json(file, "catalog") == {"streams": []}


@pytest.mark.parametrize(
    ("stream", "remedy"), [("lists", "use 'updated'"), ("tags", "always read in full"), ("events", "use 'datetime'")]
)
def test_a_replication_key_that_cannot_be_filtered_by_is_refused_by_name(stream, remedy):
    entry = {"tap_stream_id": stream, "metadata": ON}
    with pytest.raises(SettingsError, match=f"'name' of '{stream}'.*{remedy}"):
        tap({**entry, "replication_key": "name"})
    in_metadata = [{"breadcrumb": [], "metadata": {"selected": True, "replication-key": "name"}}]
    with pytest.raises(SettingsError, match="'name'"):
        tap({**entry, "metadata": in_metadata})
    assert selected(tap({**entry, "replication_key": "name", "replication_method": "FULL_TABLE"})) == [stream]
