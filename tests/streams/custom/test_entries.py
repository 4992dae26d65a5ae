"""Entries of `custom_streams`: which are taken, and what is said of the others before anything is requested."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.http import Origin
from tap_klaviyo.streams.custom.build import custom_streams
from tap_klaviyo.streams.custom.entry import CAUTIOUS, parse_entries
from tap_klaviyo.streams.registry import STREAMS

NOW = datetime(2026, 7, 15, tzinfo=UTC)
PLACE = {"path": "/api/lists"}
LISTS = "https://a.klaviyo.com/api/lists"
NESTED = {"fields": {"id": "string", "attributes": {"name": "string", "created": "timestamp"}}}
FLAT = {"fields": {"id": "string", "updated": "timestamp"}}


def classes(*entries, api_url="https://a.klaviyo.com"):
    parents = {stream.name: stream for stream in STREAMS}
    return custom_streams(list(entries), parents, taken={*parents}, origin=Origin.of(api_url), now=NOW)


def parsed(members, **more):
    [entry] = parse_entries([{"name": "mine", **members, **more}], taken=set(), origin=Origin.of("sandbox://"), now=NOW)
    return entry


def nested(depth):
    """Fields in fields in fields."""
    fields: Any = {"a": "int"}
    for _ in range(depth):
        fields = {"a": fields}
    return fields


VALID = {
    "a path alone": {},
    "a literal id in the path": {"path": "/api/lists/Y6nRLr/profiles"},
    "an endpoint nobody knows": {"path": "/api/new-things"},
    "lower-case method": {"method": "get"},
    "a query": {"path": "/api/x-reports", "method": "POST", "body": {"data": {"type": "x-report"}}},
    "a body as text": {"path": "/api/x", "method": "POST", "body": '{"data":{}}'},
    "params of all kinds": {"params": {"a": "x", "b": 1, "c": True, "d": ["x", "y"], "e": 1.5}},
    "headers": {"headers": {"Accept": "text/csv", "X-Anything": "1"}},
    "a beta revision": {"revision": "2026-07-15.pre"},
    "text": {"format": "text"},
    "text with pages": {"format": "text", "paging": "next_link"},
    "short form": {"schema": NESTED},
    "json schema": {"schema": {"type": "object", "properties": {"id": {"type": "string"}}}},
    "null for misfits": {"schema": NESTED, "on_cast_error": None},
    "null for misfits, as a word": {"schema": NESTED, "on_cast_error": "null"},
    "another place of the records": {"records_path": "$.included[?(@.type=='tag')]"},
    "flat": {"flatten_attributes": True},
    "a bare null of YAML": {"schema": {"fields": {"id": "string", "gone": None}}},
    "anything at all": {"schema": {"properties": {"id": {"type": "string"}, "any": True}}},
    "no keys": {"primary_keys": []},
    "incremental by a parameter": {"replication_key": "updated", "start_param": "since", "flatten_attributes": True},
    "incremental by a filter": {"replication_key": "updated", "filter": "greater-than(updated,{start})"},
    "incremental by nothing": {"replication_key": "updated", "schema": FLAT},
    "no pages": {"paging": "none"},
    "a cursor in the body": {"path": "/api/x", "method": "POST", "body": {}, "paging": "body_cursor"},
    "a parent": {"path": "/api/lists/{list_id}/profiles", "parent": "lists"},
    "a parent, its id called id": {"path": "/api/lists/{id}/profiles", "parent": "lists"},
    "a parent and its parent": {"path": "/api/x/{flow_id}/{flow_action_id}", "parent": "flow_actions"},
    "a parent in a filter": {"path": "/api/x", "filter": 'equals(list.id,"{id}")', "parent": "lists"},
    "split by values": {"split": {"param": "country", "values": ["de", "fr"]}},
    "split by values of a filter": {"split": {"filter": "status", "values": ["a", "b"]}},
    "split by ranges of a filter": {
        "path": "/api/events",
        "split": {"filter": "datetime", "from": "2026-01-01", "to": "2026-03-01", "every": "7d"},
    },
    "split by ranges of two parameters": {
        "split": {"param": ["from", "to"], "from": 0, "to": 1000, "every": 100},
    },
}


@pytest.mark.parametrize("members", VALID.values(), ids=VALID)
def test_an_entry_is_taken(members):
    [stream] = classes({"name": "mine", **PLACE, **members})
    assert stream.entry.name == "mine"


INVALID = {
    "no place": ({"path": None}, "set either path or url"),
    "two places": ({"url": "https://a.klaviyo.com/api/lists"}, "set either path or url"),
    "not under /api": ({"path": "/client/subscriptions"}, "path must begin with /api/"),
    "a path that is no text": ({"path": 7}, "path must be a string"),
    "a query in the path": ({"path": "/api/lists?a=b"}, "put it into params"),
    "a fragment in the path": ({"path": "/api/lists#a"}, "put it into params"),
    "dots in the path": ({"path": "/api/../oauth/token"}, "a segment of dots"),
    "encoded dots in the path": ({"path": "/api/%2e%2E/oauth/token"}, "a segment of dots"),
    "an empty part": ({"path": "/api//lists"}, "an empty segment"),
    "a fragment of the URL": ({"path": None, "url": f"{LISTS}#a"}, "url must not have a fragment (#)"),
    "an empty fragment": ({"path": None, "url": f"{LISTS}#"}, "url must not have a fragment (#)"),
    "a parameter twice in the URL": ({"path": None, "url": f"{LISTS}?a=b&a=c"}, "url has the parameter 'a' twice"),
    "a parameter of the URL twice": (
        {"path": None, "url": f"{LISTS}?a=b", "params": {"a": "c"}},
        "parameter 'a' is both in url and in params",
    ),
    "a blank in the path": ({"path": "/api/my lists"}, "percent-encoded"),
    "a backslash in the path": ({"path": "/api/\\evil.example"}, "percent-encoded"),
    "half an escape": ({"path": "/api/lists/%2"}, "percent-encoded"),
    "an unknown member": ({"param": {}}, "unknown field 'param'; did you mean 'params'?"),
    "an odd unknown member": ({"zzz": 1}, "unknown field 'zzz'; allowed: body, cursor_field"),
    "another method": ({"method": "DELETE"}, "method must be GET or POST"),
    "params of lists": ({"params": []}, "params must be an object"),
    "a parameter that is an object": ({"params": {"a": {}}}, "params.a must be a string, a number"),
    "a parameter that is empty": ({"params": {"a": []}}, "params.a must be a string, a number"),
    "a body of a GET": ({"body": {}}, "a body needs method POST"),
    "a body that is a list": ({"method": "POST", "body": []}, "body must be an object or a string"),
    "a key of one's own": ({"headers": {"Authorization": "Klaviyo-API-Key x"}}, "header 'Authorization' cannot be set"),
    "a key in capitals": ({"headers": {" AUTHORIZATION ": "x"}}, "header 'AUTHORIZATION' cannot be set"),
    "another host": ({"headers": {"host": "evil.example"}}, "header 'host' cannot be set"),
    "revision as a header": ({"headers": {"Revision": "2026-07-15"}}, "set 'revision' instead of a 'revision' header"),
    "two headers in one": ({"headers": {"X-A": "1\r\nHost: evil.example"}}, "each on one line of ASCII"),
    "a header name of two": ({"headers": {"X-A: 1\r\nHost": "evil.example"}}, "each on one line of ASCII"),
    "a header that is a number": ({"headers": {"X-A": 1}}, "each on one line of ASCII"),
    "a revision that is none": ({"revision": "latest"}, "revision must look like 2026-"),
    "another format": ({"format": "csv"}, "format: unknown value 'csv'; allowed: json, text"),
    "a schema that is text": ({"schema": "id"}, "schema must be an object"),
    "an unknown type": (
        {"schema": {"fields": {"id": "strnig"}}},
        "schema.fields.id has the unknown type 'strnig'; did you",
    ),
    "a type inside": ({"schema": {"fields": {"a": {"b": "array<x>"}}}}, "schema.fields.a.b[] has the unknown type 'x'"),
    "a type that is a number": ({"schema": {"fields": {"a": 1}}}, "schema.fields.a must be the name of a type"),
    "no fields": ({"schema": {"fields": {}}}, "schema.fields must be an object of field names"),
    "fields without an end": ({"schema": {"fields": nested(200)}}, "is nested too deeply"),
    "a field without a name": ({"schema": {"fields": {"": "int"}}}, "schema.fields has a field without a name"),
    "too many digits": ({"schema": {"fields": {"a": "decimal(39,2)"}}}, "needs 1 <= p <= 38"),
    "half a map": ({"schema": {"fields": {"a": "map<string>"}}}, "map<…,…> needs the type of its keys"),
    "keys that are lists": ({"schema": {"fields": {"a": "map<array<int>,int>"}}}, "must have a plain type"),
    "a list of two types": ({"schema": {"fields": {"a": ["int", "int"]}}}, "must contain exactly one type"),
    "both forms": ({"schema": {"fields": {"a": "int"}, "type": "object"}}, "short form is {fields: {…}} alone"),
    "a bad JSON schema": (
        {"schema": {"properties": {"a": {"type": "text"}}}},
        "schema.properties.a.type is not a valid",
    ),
    "a schema of bare columns": ({"schema": {"id": "string"}}, "schema has 'id', which is no keyword of JSON schema"),
    "a schema of a list": ({"schema": {"type": "array"}}, "schema must have the type object"),
    "a reference": ({"schema": {"properties": {"a": {"$ref": "https://evil.example/x"}}}}, "schema has a $ref"),
    "another rule for misfits": ({"on_cast_error": "skip"}, "on_cast_error: unknown value 'skip'"),
    "a bad JSONPath": ({"records_path": "$.data[*"}, "records_path is not a valid JSONPath"),
    "a JSONPath that is a number": ({"records_path": 1}, "records_path must be a string"),
    "half flat": ({"flatten_attributes": "yes"}, "flatten_attributes must be true or false"),
    "a key that is text": ({"primary_keys": {"id": 1}}, "primary_keys must be a list of strings"),
    "a key beside the schema": ({"primary_keys": ["uuid"], "schema": NESTED}, "primary_keys: the schema has no 'uuid'"),
    "a replication key inside": ({"replication_key": "created", "schema": NESTED}, "flatten_attributes may move it"),
    "a replication key of text": ({"replication_key": "id", "schema": NESTED}, "must be a timestamp"),
    "a start without a key": ({"start_param": "since"}, "start_param needs a replication_key"),
    "bounds without a key": ({"filter": "greater-than(updated,{start})"}, "need a replication_key"),
    "a start twice": (
        {"replication_key": "updated", "start_param": "since", "params": {"since": "x"}},
        "start_param 'since' is also in params",
    ),
    "another paging": ({"paging": "offset"}, "paging: unknown value 'offset'"),
    "a cursor without a body": ({"method": "POST", "paging": "body_cursor"}, "needs a body to put the cursor into"),
    "a cursor in text": ({"method": "POST", "body": "a=b", "paging": "body_cursor"}, "a body that is a JSON object"),
    "a bad cursor path": ({"cursor_path": "]["}, "cursor_path is not a valid JSONPath"),
    "a placeholder without a parent": ({"path": "/api/lists/{id}/profiles"}, "placeholder {id} needs a parent"),
    "a parent without a placeholder": ({"parent": "lists"}, "parent fills no placeholder"),
    "a parent that is not there": (
        {"path": "/api/x/{id}", "parent": "list"},
        "parent: unknown stream 'list'; did you mean 'lists'?",
    ),
    "itself as a parent": ({"path": "/api/x/{id}", "parent": "mine"}, "parents lead in a circle: mine → mine"),
    "a parent without an id": (
        {"path": "/api/x/{id}", "parent": "profile_suppressions"},
        "cannot be a parent: its key is not a single id",
    ),
    "a placeholder too many": (
        {"path": "/api/x/{id}/{other}", "parent": "lists"},
        "fills one placeholder with its id, but there are 2",
    ),
    "only the parent's parent": (
        {"path": "/api/x/{flow_id}", "parent": "flow_actions"},
        "fills one placeholder with its id in addition to flow_id, but there are 0",
    ),
    "a text with a schema": ({"format": "text", "schema": NESTED}, "schema cannot be combined with format text"),
    "a split that is a list": ({"split": []}, "split must be an object"),
    "a split of nothing": ({"split": {"values": [1]}}, "split needs either param"),
    "a split by a filter that is no name": (
        {"split": {"filter": "equals(a,1)", "values": [1]}},
        "split.filter must be the name of a field",
    ),
    "a split by a parameter without a name": (
        {"split": {"param": "", "values": [1]}},
        "split.param must be the name of one parameter",
    ),
    "an unknown way to split": ({"split": {"by": "x"}}, "unknown field 'split.by'; allowed: every, filter"),
    "a split without values": ({"split": {"param": "x"}}, "split needs either values, or from, to and every"),
    "a split by no values": ({"split": {"param": "x", "values": []}}, "split.values must be a list"),
    "a value twice": ({"split": {"param": "x", "values": ["1", 1]}}, "split.values has a value twice"),
    "a range without an end": (
        {"split": {"filter": "n", "from": 1, "every": 1}},
        "only a range of dates may leave out to",
    ),
    "a range that runs back": (
        {"split": {"filter": "n", "from": 2, "to": 1, "every": 1}},
        "split.from must be before split.to",
    ),
    "a range without a step": ({"split": {"filter": "n", "from": 1, "to": 2}}, "split.every must be a number above 0"),
    "a range that has not begun": (
        {"split": {"filter": "n", "from": "2999-01-01", "every": "1d"}},
        "split.from is in the future: nothing lies between it and now; set split.to too",
    ),
    "a step of nothing": ({"split": {"filter": "n", "from": 1, "to": 2, "every": 0}}, "split.every must be"),
    "a date and a number": (
        {"split": {"filter": "n", "from": "2026-01-01", "to": 2, "every": "1d"}},
        "must be numbers, or two dates",
    ),
    "a range that is no bound": ({"split": {"filter": "n", "from": "x", "to": 2, "every": 1}}, "split.from must be"),
    "one parameter for a range": (
        {"split": {"param": "a", "from": 1, "to": 2, "every": 1}},
        "split.param must be two names",
    ),
    "more than a thousand parts": (
        {"split": {"filter": "n", "from": 0, "to": 1001, "every": 1}},
        "split makes more than 1000 parts",
    ),
    "an operator that Klaviyo lacks": (
        {"path": "/api/profiles", "split": {"filter": "updated", "from": "2026-01-01", "every": "7d"}},
        "cannot be split into ranges",
    ),
    "another operator that Klaviyo lacks": (
        {"path": "/api/reviews", "split": {"filter": "created", "from": "2026-01-01", "every": "7d"}},
        "cannot be split into ranges: Klaviyo allows greater-or-equal, less-or-equal",
    ),
    "split and parent": (
        {"path": "/api/lists/{id}/profiles", "parent": "lists", "split": {"param": "x", "values": [1]}},
        "split cannot be combined with parent",
    ),
    "the name of a stream": ({"name": "Profiles"}, "the name is already taken by another stream"),
}


@pytest.mark.parametrize(("members", "problem"), INVALID.values(), ids=INVALID)
def test_an_entry_is_refused_by_name(members, problem):
    entry = {"name": "mine", **PLACE, **members}
    with pytest.raises(SettingsError) as refused:
        classes({"name": "first", "path": "/api/tags"}, entry)
    message = str(refused.value)
    assert message.startswith(f"custom_streams[1] '{entry['name']}': ")
    assert problem in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["my-lists", "1st", "a b", "é", "x\n", " x"])
def test_a_name_is_one_that_every_target_takes(name):
    with pytest.raises(SettingsError, match=r"^custom_streams\[0\]: name must be letters, digits and underscores"):
        classes({"name": name, **PLACE})


def test_two_entries_need_two_names():
    with pytest.raises(
        SettingsError, match=r"custom_streams\[1\] 'MINE': the name is already taken by custom_streams\[0\]"
    ):
        classes({"name": "mine", **PLACE}, {"name": "MINE", **PLACE})


@pytest.mark.parametrize("raw", [{"a": 1}, "x", 1, [1], ["x"], [None]])
def test_the_setting_is_a_list_of_objects(raw):
    with pytest.raises(SettingsError, match=r"custom_streams.*must be (a list|an object)"):
        list(parse_entries(raw, taken=set(), origin=Origin.of("sandbox://"), now=NOW))


def test_parents_may_be_custom_and_come_later():
    child = {"name": "child", "path": "/api/x/{id}/y", "parent": "mine"}
    found = classes(child, {"name": "mine", **PLACE})
    assert [stream.entry.name for stream in found] == ["child", "mine"]
    assert found[0].parent is found[1]
    assert found[0].primary_keys == ("mine_id", "id")


def test_parents_must_not_lead_in_a_circle():
    a = {"name": "a", "path": "/api/x/{id}", "parent": "b"}
    b = {"name": "b", "path": "/api/y/{id}", "parent": "a"}
    with pytest.raises(SettingsError, match=r"custom_streams\[0\] 'a': parents lead in a circle: a → b → a"):
        classes(a, b)


def test_a_known_path_has_the_limits_of_the_contract():
    known = parsed({"path": "/api/lists/Y6nRLr/profiles"}).endpoint
    assert (known.path, known.limits.steady) == ("/api/lists/{id}/profiles", 750)
    assert known.scopes
    assert parsed({"path": "/api/new-things"}).endpoint.limits == CAUTIOUS


def test_a_trailing_slash_is_klaviyos_old_spelling():
    assert parsed({"url": "https://a.klaviyo.com/api/lists/?a=b"}).path == "/api/lists"
    assert parsed({"url": "https://a.klaviyo.com/api/lists/?a=b"}).params == {"a": "b"}
    assert parsed({"path": "/api/new-things/"}).path == "/api/new-things/"


def test_defaults():
    entry = parsed(PLACE)
    assert (entry.records_path, entry.primary_keys, entry.paging) == ("$.data[*]", ("id",), "next_link")
    assert parsed(PLACE, format="text").paging == "none"
    assert parsed(PLACE, format="text").primary_keys == ()
    assert parsed(PLACE, records_path="$").primary_keys == ()
    assert parsed(PLACE, schema={"fields": {"name": "string"}}).primary_keys == ()
