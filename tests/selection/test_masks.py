"""Values that are hashed or made null before anything leaves the tap."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.records.columns import STRING, Attribute, Column, Mask
from tap_klaviyo.records.masks import hashed, masked_schema, masker
from tap_klaviyo.sandbox import Shop
from tap_klaviyo.tap import TapKlaviyo
from tests.batch import files
from tests.no_data_loss.rig import Rig
from tests.streams.syncing import sync

SALT = "grain of salt"


def digest(text):
    return hashlib.sha256((SALT + text).encode()).hexdigest()


@pytest.fixture(scope="module")
def shop():
    shop = Shop(events=30, profiles=12)
    for number, row in enumerate(shop.resources("profile")):
        shop.update("profile", row.id, email=f"  Ann.{number}@Example.com ", properties={"ssn": number, "vip": True})
    for row in shop.resources("event"):
        shop.update("event", row.id, event_properties={"$value": 5, "buyer": {"mail": "ann.1@example.com"}, "n": [1]})
    return shop


def options(**streams):
    return {"stream_options": streams, "hash_salt": SALT}


def discover(**config):
    return TapKlaviyo(config={"hash_salt": SALT, **config}).catalog_dict


# Values


@settings(max_examples=50)
@given(st.from_regex(r"[A-Za-z0-9.+]{1,8}@[A-Za-z]{1,8}\.[a-z]{2,3}", fullmatch=True), st.sampled_from(["", " ", "\t"]))
def test_the_spellings_of_an_address_have_one_hash(address, blank):
    assert hashed(f"{blank}{address.upper()}{blank}", SALT.encode()) == digest(address.lower())


@settings(max_examples=50)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one, max_size=3)))
def test_a_hash_is_64_hex_digits_or_null(value):
    found = hashed(value, b"")
    assert found is None if value is None else len(bytes.fromhex(str(found))) == 32


def test_what_is_no_string_counts_as_its_json():
    assert hashed(12, SALT.encode()) == hashed("12", SALT.encode()) == digest("12")
    assert hashed({"b": 1, "a": "é"}, SALT.encode()) == digest('{"a":"é","b":1}')
    assert hashed("Ask ann@example.com", SALT.encode()) == digest("Ask ann@example.com")


@pytest.mark.parametrize(
    ("path", "value", "masked"),
    [
        (("ssn",), {"ssn": 1, "b": 2}, {"ssn": None, "b": 2}),
        (("ssn",), {"b": 2}, {"b": 2}),
        (("a", "ssn"), {"a": [{"ssn": 1}, {"c": 2}, 3]}, {"a": [{"ssn": None}, {"c": 2}, 3]}),
        (("a", "ssn"), {"a.ssn": 1, "a": {"ssn": 2}}, {"a.ssn": None, "a": {"ssn": None}}),
        (("a",), ["a"], ["a"]),
        (("a",), None, None),
    ],
)
def test_members(path, value, masked):
    mask = masker([Column("one", {}, Attribute("one"), masks=(Mask(path),))], pytest.fail)
    record = {"one": value, "two": {"ssn": 1}}
    assert mask is not None
    assert mask([record]) == [{"one": masked, "two": {"ssn": 1}}]
    assert record["one"] == value  # what makes several pages of the same rows masks them once each


def test_an_escaped_name_is_found(shop):
    row = shop.resources("profile")[0]
    before = row.attributes["properties"]
    shop.update("profile", row.id, properties={"s\u00e4": 7, "ssn": 1})
    run = sync(shop, "profiles", config=options(profiles={"redact": ["properties.s\u00e4"]}))
    shop.update("profile", row.id, properties=before)
    found = {record["id"]: record["properties"] for record in run.records["profiles"]}
    assert found[row.id] == {"s\u00e4": None, "ssn": 1}


def test_schemas_follow():
    number = {"type": "number", "description": "Personal data."}
    hashing, nulling = Mask(salt=str), Mask()
    assert masked_schema(number, [hashing]) == {"type": ["string", "null"], "description": "Personal data."}
    assert masked_schema({"type": "string", "enum": ["a"]}, [nulling]) == {"type": ["string", "null"]}
    within = {"type": ["array", "null"], "items": {"type": "object", "properties": {"a": number, "b": STRING}}}
    found = masked_schema(within, [Mask(("a",), str)])
    assert found["items"]["properties"] == {"a": masked_schema(number, [hashing]), "b": STRING}
    assert masked_schema(found, [Mask(("a",), str)]) == found


# Streams


def test_windowed_streams_and_their_stream_maps_see_hashes_alone(shop):
    config = options(
        profiles={"hash": ["email", "properties.ssn", "location.city"], "redact": ["first_name", "location.region"]}
    )
    config["stream_maps"] = {"profiles": {"seen": "email", "id": "id", "email": "email", "properties": "properties"}}
    run = sync(shop, "profiles", config=config)
    plain = {row.id: row.attributes for row in shop.resources("profile")}
    assert len(run.records["profiles"]) == len(plain)
    for record in run.records["profiles"]:
        number = plain[record["id"]]["properties"]["ssn"]
        assert record["seen"] == record["email"] == digest(f"ann.{number}@example.com")
        assert record["properties"] == {"ssn": digest(str(number)), "vip": True}
    assert "example.com" not in json.dumps(run.messages).lower()
    run = sync(shop, "profiles", config=options(profiles=config["stream_options"]["profiles"]))
    for record in run.records["profiles"]:
        assert record["first_name"] is None
        location = plain[record["id"]]["location"]
        if location:
            assert record["location"]["region"] is None
            assert record["location"]["city"] == (location["city"] and digest(location["city"]))


def test_every_stream_that_has_the_column(shop):
    config = options(**{"*": {"hash": ["email", "profile.email", "buyer"], "redact": ["properties"]}})
    config["stream_options"] |= {"events": {"include": ["profile"]}, "profiles": {"hash": ["properties"]}}
    config["custom_streams"] = [{"name": "buyers", "path": "/api/profiles", "flatten_attributes": True}]
    run = sync(shop, "profiles", "events", "lists", "buyers", config=config)
    assert all(len(record["properties"]) == 64 for record in run.records["profiles"])  # the stream's own word wins
    of_profiles = {record["id"]: record["email"] for record in run.records["profiles"]}
    addresses = {record["profile"]["email"] for record in run.records["events"] if record["profile"]}
    assert addresses
    assert addresses <= {*of_profiles.values()}
    assert {record["id"]: record["email"] for record in run.records["buyers"]} == of_profiles
    (schema,) = (one["schema"]["properties"] for one in run.of("buyers") if one["type"] == "SCHEMA")
    assert schema["email"]["type"] == ["string", "null"]


def test_members_of_events_and_numbers(shop):
    run = sync(shop, "events", config=options(events={"hash": ["value", "event_properties.buyer.mail"]}))
    for record in run.records["events"]:
        assert record["value"] == digest("5")
        properties = record["event_properties"]
        assert properties == {"$value": 5, "buyer": {"mail": digest("ann.1@example.com")}, "n": [1]}
    (schema,) = (one["schema"]["properties"] for one in run.of("events") if one["type"] == "SCHEMA")
    assert schema["value"]["type"] == ["string", "null"]


def test_what_is_made_of_a_hidden_part_is_hidden_too(shop):
    """A column of one's own that stands inside a member that is taken out."""
    given = {"property_columns": {"mail": {"property": "buyer.mail", "type": "string"}}}
    plain = sync(shop, "events", config=options(events=given))
    assert all(record["mail"] for record in plain.records["events"])
    hidden = sync(shop, "events", config=options(events={**given, "redact": ["event_properties.buyer"]}))
    assert {record["mail"] for record in hidden.records["events"]} == {None}
    assert {record["event_properties"]["buyer"] for record in hidden.records["events"]} == {None}


def test_members_of_what_is_in_a_list(shop):
    name = "subscriptions.email.marketing.suppression.reason"
    shown = {reason for reason in reasons(sync(shop, "profiles")) if reason}
    assert shown
    assert reasons(sync(shop, "profiles", config=options(profiles={"redact": [name]}))) == {None}


def reasons(run):
    """Why addresses are suppressed, as the profiles say it; any level may be null."""
    found = set()
    for record in run.records["profiles"]:
        inner = record
        for level in ("subscriptions", "email", "marketing"):
            inner = inner.get(level) or {}
        found |= {one["reason"] for one in inner.get("suppression") or ()}
    return found


def test_fan_outs_and_reports():
    shop = Shop(events=900, profiles=30)
    given = {"profile_import_errors": {"redact": ["original_payload"]}, "campaign_values_report": {"hash": ["opens"]}}
    run = sync(shop, "profile_import_errors", "campaign_values_report", config=options(**given))
    assert run.records["profile_import_errors"]
    assert all(record["original_payload"] is None for record in run.records["profile_import_errors"])
    assert {len(record["opens"]) for record in run.records["campaign_values_report"]} == {64}


def test_files_hold_what_messages_would(tmp_path, shop):
    rig = Rig(shop)
    config = options(profiles={"hash": ["email"], "redact": ["properties"]})
    rows = files.records(rig.messages(rig.tap("profiles", **config, **files.config(tmp_path, 5))))["profiles"]
    assert {(len(row["email"]), row["properties"]) for row in rows} == {(64, None)}


def test_a_catalog_from_before_follows(shop):
    def change(entry):
        if entry["tap_stream_id"] == "profiles":
            entry["schema"]["properties"]["location"] = {"type": ["object", "null"], "properties": {"city": STRING}}

    run = sync(shop, "profiles", config=options(profiles={"hash": ["location"]}), change=change)
    (schema,) = (one["schema"]["properties"] for one in run.of("profiles") if one["type"] == "SCHEMA")
    assert schema["location"]["type"] == ["string", "null"]
    assert {len(record["location"]) for record in run.records["profiles"] if record["location"]} == {64}


def test_an_error_line_does_not_show_what_is_hidden(shop, caplog):
    stream = {
        "name": "mine",
        "path": "/api/profiles",
        "flatten_attributes": True,
        "schema": {"fields": {"id": "string", "last_name": "date", "first_name": "int"}},
    }
    for row in shop.resources("profile"):
        shop.update("profile", row.id, last_name="Lovelace")
    for hidden in ("last_name", "id"):
        config = options(mine={"hash": [hidden]}) if hidden != "id" else {}
        sync(shop, "mine", config=config | {"custom_streams": [stream]})
        (line,) = [one for one in caplog.messages if "does not fit date" in one]
        assert ("Lovelace" in line) == (hidden == "id")
        caplog.clear()


# Refused


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"profiles": {"hash": ["emial"]}}, "stream_options 'profiles': hash: unknown column 'emial'; did you mean"),
        ({"profiles": {"redact": ["location.town"]}}, "redact: unknown column 'location.town'; "),
        ({"profiles": {"redact": ["email.domain"]}}, "redact: unknown column 'email.domain'"),
        (
            {"profiles": {"hash": ["id"]}},
            "hash: 'id' is a key of 'profiles', without which rows are lost",
        ),
        ({"profiles": {"redact": ["updated"]}}, "redact: 'updated' is a key of 'profiles'"),
        ({"*": {"redact": ["profile_id"]}}, "stream_options '*': redact: 'profile_id' is a key of '"),
        ({"profiles": {"hash": ["email"], "redact": ["email"]}}, "'email' is in hash and in redact; choose one"),
        ({"profiles": {"hash": [5]}}, "stream_options 'profiles': hash must be a list of strings"),
        ({"profiles": {"hash": ["properties.a[0]"]}}, "every item of a list is hidden; leave out the brackets"),
        ({"profiles": {"hash": ["properties..a"]}}, "unknown column 'properties..a'"),
        ({"*": {"hash": ["emial"]}}, "stream_options '*': hash: unknown column 'emial'; did you mean 'email'?"),
        ({"*": {"fields": {}}}, "stream_options '*': unknown field 'fields'"),
        ({"*": 5}, "stream_options '*': must be an object"),
        ({"campaign_values_report": {"hash": ["opens"], "filter": "x"}}, "reports take none; "),
    ],
)
def test_what_cannot_be_is_refused(given, words):
    with pytest.raises(SettingsError) as error:
        discover(stream_options=given)
    assert words in str(error.value)


def test_hashes_need_a_salt():
    with pytest.raises(SettingsError, match="stream_options 'profiles': hash needs the setting 'hash_salt'"):
        TapKlaviyo(config={"stream_options": {"profiles": {"hash": ["email"]}}})
    TapKlaviyo(config={"stream_options": {"profiles": {"redact": ["email"]}}})
