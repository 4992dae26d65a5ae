"""Stream maps: what they name, and what happens if that is not there."""

from __future__ import annotations

import hashlib
import logging

import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.sandbox import Shop
from tap_klaviyo.sync.map_names import NO_COLUMNS
from tests.no_data_loss.rig import Rig


@pytest.fixture
def rig():
    return Rig(Shop())


def records(messages, stream):
    return [one["record"] for one in messages if one["type"] == "RECORD" and one["stream"] == stream]


def schema(messages, stream):
    [found] = [one["schema"]["properties"] for one in messages if one["type"] == "SCHEMA" and one["stream"] == stream]
    return found


@pytest.mark.parametrize("pattern", ["*", "prof*"])
def test_a_wildcard_maps_the_streams_that_have_the_column(rig, pattern):
    maps = {pattern: {"email": "sha256(email) if email else None", "shout": "first_name and first_name.upper()"}}
    tap = rig.tap("profiles", "lists", "campaign_message_tags", stream_maps=maps)
    messages = rig.messages(tap)
    assert not tap.failures
    assert {*schema(messages, "lists")} == {*schema(rig.messages(rig.tap("lists")), "lists")}
    assert "shout" in schema(messages, "profiles")
    assert all(row["email"] is None or "@" not in row["email"] for row in records(messages, "profiles"))


def test_a_wildcard_can_remove_a_column_everywhere(rig):
    messages = rig.messages(rig.tap("profiles", "lists", stream_maps={"*": {"created": None}}))
    for stream in ("profiles", "lists"):
        assert records(messages, stream)
        assert "created" not in schema(messages, stream)
        assert all("created" not in row for row in records(messages, stream))


@pytest.mark.parametrize("first", ["prof*", "profiles"])
def test_all_maps_that_fit_a_stream_count_whatever_their_order(rig, first):
    own = {"email": None, "h": "md5(email)", "x": "'own'", "__filter__": "first_name"}
    wide = {"x": "'wide'", "last_name": None, "__filter__": "locale"}
    maps = {"profiles": own, "prof*": wide} if first == "profiles" else {"prof*": wide, "profiles": own}
    plain = records(rig.messages(rig.tap("profiles")), "profiles")
    messages = rig.messages(rig.tap("profiles", "lists", stream_maps=maps))
    found = records(messages, "profiles")
    assert {row["id"] for row in found} == {row["id"] for row in plain if row["first_name"] and row["locale"]} != set()
    assert {row["x"] for row in found} == {"own"}
    assert {"email", "last_name"}.isdisjoint({*found[0], *schema(messages, "profiles")})
    assert "h" in found[0]


def test_a_filter_that_fits_no_record_leaves_the_schema_alone(rig):
    messages = rig.messages(rig.tap("profiles", "lists", stream_maps={"profiles": {"__filter__": "id == 'nobody'"}}))
    assert "email" in schema(messages, "profiles")
    assert not records(messages, "profiles")
    assert records(messages, "lists")


def test_a_stream_of_its_own_map_stays_where_a_wildcard_drops_all(rig):
    messages = rig.messages(rig.tap("profiles", "lists", stream_maps={"lists": {"x": "1"}, "*": None}))
    assert {row["x"] for row in records(messages, "lists")} == {1}
    assert not records(messages, "profiles")


def test_a_map_of_an_unknown_stream_is_a_warning(rig, caplog):
    with caplog.at_level(logging.WARNING):
        messages = rig.messages(rig.tap("lists", stream_maps={"profilez": {"email": None}}))
    assert "unknown stream 'profilez'" in caplog.text
    assert records(messages, "lists")


def test_a_wildcard_that_fits_no_stream_is_a_warning(rig, caplog):
    with caplog.at_level(logging.WARNING):
        messages = rig.messages(rig.tap("lists", stream_maps={"profilez*": {"email": None}, "list*": {"x": "1"}}))
    assert [text for text in caplog.messages if "unknown stream" in text] == [
        "setting 'stream_maps': unknown stream 'profilez*'; its map has no effect"
    ]
    assert {row["x"] for row in records(messages, "lists")} == {1}


def test_what_is_left_can_be_dropped(rig, caplog):
    messages = rig.messages(rig.tap("profiles", "lists", stream_maps={"lists": {"x": "1"}, "__else__": None}))
    assert {row["x"] for row in records(messages, "lists")} == {1}
    assert {one["stream"] for one in messages if one["type"] in {"SCHEMA", "RECORD"}} == {"lists"}
    assert "unknown stream" not in caplog.text


def test_a_wildcard_can_name_where_the_records_come_from(rig):
    messages = rig.messages(rig.tap("profiles", "lists", stream_maps={"copies": {"__source__": "list*", "x": "name"}}))
    plain = records(rig.messages(rig.tap("lists")), "lists")
    assert [row["x"] for row in records(messages, "copies")] == [row["name"] for row in plain]
    assert records(messages, "profiles")


def test_a_map_of_a_deselected_stream_does_nothing(rig, caplog):
    tap = rig.tap("lists", "campaign_message_tags", stream_maps={"campaign_message_tags": {"x": "str(tag_id)"}})
    with caplog.at_level(logging.WARNING):
        assert records(rig.messages(tap), "lists")
    assert "unknown" not in caplog.text


def test_the_hash_of_null_is_null(rig):
    plain = records(rig.messages(rig.tap("profiles")), "profiles")
    tap = rig.tap("profiles", stream_maps={"profiles": {"email": "md5(email)"}})
    mapped = {row["id"]: row["email"] for row in records(rig.messages(tap), "profiles")}
    assert None in mapped.values()
    assert mapped == {
        row["id"]: None
        if row["email"] is None
        else hashlib.md5(row["email"].encode(), usedforsecurity=False).hexdigest()
        for row in plain
    }


def test_every_function_of_the_sdk_may_be_named(rig):
    tap = rig.tap("profiles", stream_maps={"profiles": {"email": "md5(email)"}})
    [one] = tap.mapper.stream_maps["profiles"]
    assert set(one.expr_evaluator.functions) <= NO_COLUMNS


def test_an_expression_that_cannot_be_evaluated_is_one_line(rig, caplog):
    tap = rig.tap("profiles", "lists", stream_maps={"profiles": {"email": "email.lower()"}})
    messages = rig.messages(tap)
    assert tap.failures == ["profiles"]
    [error] = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert error.startswith("profiles: a stream map of 'profiles'")
    assert "@" not in error
    assert records(messages, "lists")


@pytest.mark.parametrize(
    ("stream", "definition", "words"),
    [
        ("profiles", {"email": "nosuch(email)"}, "'email' of 'profiles' names 'nosuch'"),
        ("profiles", {"mail": "emial.lower()"}, "'mail' of 'profiles' names 'emial'"),
        ("profiles", {"mail": "emial;"}, "'mail' of 'profiles' names 'emial'"),
        ("profiles", {"new": "self"}, "'new' of 'profiles' names 'new'"),
        ("profiles", {"__filter__": "country == 'DE'"}, "'__filter__' of 'profiles' names 'country'"),
        ("people", {"__source__": "profiles", "email": "md5(emial)"}, "'email' of 'people' names 'emial'"),
    ],
)
def test_an_expression_that_names_what_there_is_not_is_refused(rig, stream, definition, words):
    with pytest.raises(SettingsError, match=words):
        rig.tap("profiles", stream_maps={stream: definition})
    assert not rig.sandbox.requests


@pytest.mark.parametrize(
    "expression",
    [
        "properties['loyalty'] if 'loyalty' in properties else None",
        "record['properties'].get('loyalty')",
        "_['properties'].get('loyalty')",
        "json.loads(json.dumps(record))['properties'].get('loyalty')",
        "[value for value in [properties.get('loyalty')]][0]",
        "(record.get('properties') or {}).get('loyalty')",
        "([one.get('loyalty') for one in record.values() if one and one == record['properties']] or [None])[0]",
    ],
)
def test_expressions_see_what_is_passed_on_undecoded(rig, expression):
    plain = {row["id"]: row for row in records(rig.messages(rig.tap("profiles")), "profiles")}
    tap = rig.tap("profiles", stream_maps={"profiles": {"tier": expression, "properties": None}})
    mapped = records(rig.messages(tap), "profiles")
    assert not tap.failures
    expected = {name: (row["properties"] or {}).get("loyalty") for name, row in plain.items()}
    assert {row["id"]: row["tier"] for row in mapped} == expected
    assert any(expected.values())
    assert all("properties" not in row for row in mapped)
