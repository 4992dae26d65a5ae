"""A catalog whose schemas were edited: what it says of types and columns holds for the records too."""

from __future__ import annotations

import json
import logging

import pytest
from jsonschema import Draft202012Validator

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.records.columns import KEY, Attribute, Chosen, Column
from tap_klaviyo.records.flatten import Flattener
from tap_klaviyo.records.jsonapi import Resource
from tap_klaviyo.sandbox import Shop
from tests.streams.syncing import sync

STREAMS = ("events", "profiles", "lists")


@pytest.fixture(scope="module")
def shop():
    return Shop(events=40, profiles=20)


@pytest.fixture(scope="module")
def plain(shop):
    """What comes without an edited catalog."""
    return sync(shop, *STREAMS)


def edited(**schemas):
    """Give columns other schemas, or take them out, by ``stream.column``."""

    def change(entry):
        for place, schema in {name.replace("__", "."): schema for name, schema in schemas.items()}.items():
            stream, _, column = place.partition(".")
            if stream == entry["tap_stream_id"]:
                entry["schema"]["properties"][column] = schema
                if schema is None:
                    del entry["schema"]["properties"][column]

    return change


def valid(run, stream):
    """The records of a stream, each of which fits the SCHEMA that was written before it."""
    schema = next(message["schema"] for message in run.of(stream) if message["type"] == "SCHEMA")
    validator = Draft202012Validator({**schema, "additionalProperties": False})
    for record in run.records[stream]:
        validator.validate(record)
    return run.records[stream]


# Batches and stream maps get their rows from the same place; with more than one worker lines are encoded by the page.
@pytest.mark.parametrize("config", [{}, {"max_workers": 1}, {"flattening_enabled": True, "flattening_max_depth": 0}])
def test_a_type_holds_for_records(shop, plain, config):
    text, number = {"type": ["string", "null"]}, {"type": ["number", "null"]}
    change = edited(events__timestamp=text, events__event_properties=text, profiles__email=number, lists__name=number)
    run = sync(shop, *STREAMS, change=change, config=config)
    assert run.tap.failures == []
    before = {event["id"]: event for event in plain.records["events"]}
    found = valid(run, "events")
    assert len(found) == len(before) == 40
    for event in found:
        own = before[event["id"]]
        assert event["timestamp"] == str(own["timestamp"])
        if own["event_properties"] is not None:
            assert json.loads(event["event_properties"]) == json.loads(json.dumps(own["event_properties"]))
        assert {name: event[name] for name in event if name not in {"timestamp", "event_properties"}} == {
            name: own[name] for name in own if name not in {"timestamp", "event_properties"}
        }


def test_what_cannot_be_converted_is_null_and_one_warning(shop, caplog):
    run = sync(shop, *STREAMS, change=edited(profiles__email={"type": "number"}))
    found = valid(run, "profiles")
    assert {profile["email"] for profile in found} == {None}
    warned = [line for line in caplog.messages if "'email'" in line]
    assert len(warned) == 1
    assert "does not match its type and was set to null" in warned[0]


def test_a_column_that_was_taken_out_is_not_read(shop, plain, caplog):
    run = sync(shop, *STREAMS, change=edited(profiles__email=None, events__event_properties=None))
    assert all("email" not in profile and "id" in profile for profile in valid(run, "profiles"))
    assert all("event_properties" not in event for event in valid(run, "events"))
    assert all("fields%5Bprofile%5D=" in query and "email%2C" not in query for query in run.asked("/api/profiles"))
    assert len(run.records["profiles"]) == len(plain.records["profiles"])
    (line,) = (line for line in caplog.messages if line.startswith("profiles: columns that the catalog's schema lacks"))
    assert line.endswith(": email; to read them, run --discover")


def test_keys_keep_their_type_and_cannot_be_taken_out(shop, plain, caplog):
    change = edited(lists__id=None, events__id={"type": "integer"}, events__datetime={"type": "integer"})
    run = sync(shop, *STREAMS, change=change)
    assert run.keys("lists") == plain.keys("lists")
    assert run.keys("events") == plain.keys("events")
    assert run.bookmark("events") == plain.bookmark("events")
    assert "events: the catalog's type of id, datetime is not followed: keys and replication keys" in caplog.text


def test_descriptions_and_other_spellings_change_nothing(shop, plain, caplog):
    wordy = {"type": ["null", "string"], "description": "Where mail goes.", "maxLength": 500}
    run = sync(shop, *STREAMS, change=edited(profiles__email=wordy, lists__opt_in_process={"type": "string"}))
    assert run.records["profiles"] == plain.records["profiles"]
    valid(run, "lists")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_type_that_there_is_not_is_refused_by_name(shop):
    message = "type 'text' of '{}' in 'profiles' is no JSON type; use one of string"
    with pytest.raises(SettingsError, match=message.format("email")):
        sync(shop, "profiles", change=edited(profiles__email={"type": ["text", "null"]}))
    within = {"type": ["object", "null"], "properties": {"city": {"type": "text"}}}
    with pytest.raises(SettingsError, match=message.format("location")):
        sync(shop, "profiles", change=edited(profiles__location=within))
    within_a_list = {"type": ["array", "null"], "items": {"type": "text"}}
    with pytest.raises(SettingsError, match=message.format("location")):
        sync(shop, "profiles", change=edited(profiles__location=within_a_list))


def test_a_date_time_that_there_is_not_is_null(shop, caplog):
    wanted = {"type": ["string", "null"], "format": "date-time"}
    run = sync(shop, "lists", change=edited(lists__name=wanted, lists__created=wanted))
    found = valid(run, "lists")
    assert {one["name"] for one in found} == {None}
    assert all(one["created"] for one in found)
    assert "lists" in caplog.text


def test_a_custom_stream_is_converted_too(shop):
    entry = {
        "name": "own_lists",
        "path": "/api/lists",
        "flatten_attributes": True,
        "primary_keys": ["id"],
        "schema": {
            "type": "object",
            "properties": {name: {"type": ["string", "null"]} for name in ("id", "name", "created")},
        },
    }

    def change(found):
        if found["tap_stream_id"] == "own_lists":
            found["schema"]["properties"]["name"] = {"type": ["boolean", "null"]}
            found["schema"]["properties"].pop("created")

    run = sync(shop, "own_lists", config={"custom_streams": [entry]}, change=change)
    found = valid(run, "own_lists")
    assert len(found) == len(shop.resources("list"))
    assert {(one["name"], "created" in one) for one in found} == {(None, False)}


@pytest.mark.parametrize(
    ("own", "wanted", "value", "found"),
    [
        ("number", "string", 1.5, "1.5"),
        ("number", "integer", 2.0, 2),
        ("number", "integer", 2.5, None),
        ("boolean", "string", True, "true"),
        ("string", "integer", " 12 ", 12),
        ("string", "boolean", "false", False),
        ("integer", "number", 3, 3),
        ("object", "string", {"a": [1]}, '{"a": [1]}'),
        ("string", "object", "x", None),
        ("string", "array", "x", ["x"]),
    ],
)
def test_conversions(own, wanted, value, found):
    column = Column("c", {"type": [own, "null"]}, Attribute("c"))
    odd: list[str] = []
    choices = [Chosen(Column("id", KEY, Attribute("id"))), Chosen(column, retyped={"type": [wanted, "null"]})]
    flattener = Flattener(choices, odd.append)
    assert flattener.record(Resource(id="1", attributes={"c": value}), {}, {})["c"] == found
    assert odd == ([] if found is not None else ["c"])
