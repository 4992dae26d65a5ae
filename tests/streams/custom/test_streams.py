"""Custom streams against the shop over HTTP: every option, and what is asked for it."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import jsonschema
import pytest

from tap_klaviyo import contract
from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.http.limits import Limiter
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.custom.conftest import refusal, sync


def run(server, *entries, state=None, catalog=None, **config):
    return sync({**server.config, **config, "custom_streams": list(entries)}, state=state, catalog=catalog)


def ids(server, kind):
    return {one.id for one in server.sandbox.shop.resources(kind)}


def test_without_a_schema_a_record_is_all_that_came(server):
    found = run(server, {"name": "mine", "path": "/api/lists"})
    assert {record["id"] for record in found.records("mine")} == ids(server, "list")
    assert set(found.records("mine")[0]) == {"type", "id", "attributes", "relationships", "links"}
    assert found.schema("mine")["additionalProperties"] is True
    assert len(server.asked("/api/lists")) > 1, "all pages are read"


def test_a_url_of_klaviyo_is_asked_of_api_url(server):
    url = f"{server.url}/api/lists/?fields%5Blist%5D=name"
    found = run(server, {"name": "mine", "url": url, "flatten_attributes": True})
    assert {record["name"] for record in found.records("mine")} == {
        one.attributes["name"] for one in server.sandbox.shop.resources("list")
    }
    assert server.asked("/api/lists")[0].query == {"fields[list]": "name"}


def test_parameters_and_headers_are_sent_as_they_are(server):
    server.sandbox.answers("/api/made-up", {"data": []})
    headers = {"X-Team": "data", "Accept": "application/json"}
    params = {"a": "x y&z", "b": 1, "c": True, "d": ["p", "q"]}
    run(server, {"name": "mine", "path": "/api/made-up", "params": params, "headers": headers})
    [asked] = server.asked("/api/made-up")
    assert asked.query == {"a": "x y&z", "b": "1", "c": "true", "d": "p,q"}
    assert (asked.headers["x-team"], asked.headers["accept"]) == ("data", "application/json")
    assert asked.headers["revision"] == contract.newest().revision


def test_a_beta_has_a_revision_of_its_own(server):
    server.sandbox.answers("/api/beta-things", {"data": [{"id": "1"}]})
    found = run(
        server,
        {"name": "beta", "path": "/api/beta-things", "revision": "2026-07-15.pre"},
        {"name": "stable", "path": "/api/lists"},
    )
    assert found.records("beta") == [{"id": "1"}]
    assert server.asked("/api/beta-things")[0].headers["revision"] == "2026-07-15.pre"
    assert server.asked("/api/lists")[0].headers["revision"] == contract.newest().revision


@pytest.mark.parametrize("body", [{"data": {"type": "x", "n": 1}}, '{"data": {"type": "x", "n": 1}}'])
def test_a_query_is_posted(server, body):
    server.sandbox.answers("/api/x-queries", {"data": {"id": "1", "attributes": {"rows": 3}}})
    entry = {"name": "mine", "path": "/api/x-queries", "method": "POST", "body": body, "flatten_attributes": True}
    assert run(server, entry).records("mine") == [{"id": "1", "rows": 3}]
    [asked] = server.asked("/api/x-queries")
    assert (asked.method, asked.json) == ("POST", {"data": {"type": "x", "n": 1}})
    assert asked.headers["content-type"] == "application/vnd.api+json"


def test_text_is_one_record_a_response_untouched(server):
    body = b'{"code":  200,\r\n "data":"get success" }\n'
    server.sandbox.answers("/api/made-up", body)
    found = run(server, {"name": "mine", "path": "/api/made-up", "format": "text"})
    assert found.records("mine") == [{"content": body.decode()}]
    assert found.schema("mine")["properties"] == {"content": {"type": ["string", "null"]}}


def test_text_may_be_anything_and_have_pages(server, caplog):
    server.sandbox.answers("/api/made-up", b"id;name\n1;\xe4\n", **{"Content-Type": "text/csv"})
    found = run(
        server,
        {"name": "csv", "path": "/api/made-up", "format": "text", "headers": {"Accept": "text/csv"}},
        {"name": "pages", "path": "/api/lists", "format": "text", "paging": "next_link"},
        {"name": "last", "path": "/api/made-up", "format": "text", "paging": "next_link"},  # no JSON has no next page
    )
    assert found.records("last") == found.records("csv")
    assert found.records("csv") == [{"content": "id;name\n1;\N{REPLACEMENT CHARACTER}\n"}]
    pages = [json.loads(record["content"]) for record in found.records("pages")]
    assert {one["id"] for page in pages for one in page["data"]} == ids(server, "list")
    assert len(pages) > 1
    assert [line.split(":")[0] for line in caplog.messages if "Unicode" in line] == ["csv", "last"]


def test_records_are_projected_and_cast(server):
    rows = [
        {
            "id": 7,
            "n": "12",
            "price": "1.50",
            "on": "true",
            "at": "2026-01-02 03:04:05",
            "in": {"a": 1, "b": 2},
            "x": 0,
        },
        {"id": "8", "n": None, "price": 99999999.25, "on": 0, "in": None},
    ]
    server.sandbox.answers("/api/made-up", {"data": rows})
    fields = {
        "id": "string",
        "n": "tinyint",
        "price": "decimal(10,2)",
        "on": "boolean",
        "at": "timestamp",
        "in": {"a": "double"},
    }
    found = run(server, {"name": "mine", "path": "/api/made-up", "schema": {"fields": fields}})
    assert found.records("mine") == [
        {"id": "7", "n": 12, "price": 1.5, "on": True, "at": "2026-01-02T03:04:05+00:00", "in": {"a": 1.0}},
        {"id": "8", "n": None, "price": 99999999.25, "on": False, "at": None, "in": None},
    ]
    assert found.schema("mine")["properties"]["id"] == {"type": "string"}
    validator = jsonschema.Draft202012Validator(found.schema("mine"))
    assert all(validator.is_valid(record) for record in found.records("mine"))


def test_numbers_keep_their_digits(server, capfd):
    digits = b'{"data":[{"id":"1","a":0.10000000000000000001,"b":123456789012345678901234567890,"c":1e400,"d":1.10}]}'
    server.sandbox.answers("/api/made-up", digits)
    config = {**server.config, "custom_streams": [{"name": "mine", "path": "/api/made-up"}]}
    TapKlaviyo(config=config).streams["mine"].sync()
    [line] = [one for one in capfd.readouterr().out.splitlines() if '"RECORD"' in one]
    record = json.loads(line, parse_float=Decimal)["record"]
    assert record["b"] == 123456789012345678901234567890
    assert record["c"] is None
    assert float(record["d"]) == 1.1


@pytest.mark.parametrize(
    ("config", "record"),
    [
        ({}, {"id": "1\ufffd", "a": {"k\ufffd": "\ufffdv"}, "b": 1.5}),
        ({"stream_maps": {"mine": {"c": "id + '!'"}}}, {"c": "1\ufffd!"}),
        ({"stream_maps": {}, "flattening_enabled": True, "flattening_max_depth": 1}, {"id": "1\ufffd"}),
    ],
)
def test_a_lone_surrogate_is_replaced(server, caplog, config, record):
    body = b'{"data":[{"id":"1\\ud800","a":{"k\\udc00":"\\ud83dv"},"b":1.5}],"links":{"next":null}}'
    server.sandbox.answers("/api/made-up", body)
    found = run(server, {"name": "mine", "path": "/api/made-up", "primary_keys": ["id"]}, **config)
    assert found.records("mine")[0].items() >= record.items()
    assert "\\ud" not in json.dumps(found.records("mine")).replace("\\ufffd", "")
    [said] = [line for line in caplog.messages if "Unicode" in line]
    assert said.startswith("mine: a response contains an invalid Unicode character")


def test_a_json_schema_projects_casts_and_checks(server, caplog):
    server.sandbox.answers("/api/made-up", {"data": [{"id": "1", "n": "5", "kind": "a", "more": 1}]})
    schema = {
        "properties": {"id": {"type": "string"}, "n": {"type": "integer"}, "kind": {"enum": ["a", "b"]}},
        "required": ["id"],
    }
    entry = {"name": "mine", "path": "/api/made-up", "schema": schema}
    assert run(server, entry).records("mine") == [{"id": "1", "n": 5, "kind": "a"}]
    server.sandbox.answers("/api/made-up", {"data": [{"id": "1", "n": "5", "kind": "c"}]})
    assert run(server, entry).tap.failures == ["mine"]
    assert "field 'kind' of 'mine' contains 'c', which does not fit 'enum' of the schema" in caplog.text
    assert run(server, {**entry, "on_cast_error": None}).records("mine") == [{"id": "1", "n": 5, "kind": None}]


def test_a_misfit_names_field_value_and_stream_and_keeps_what_came_before(server, caplog):
    server.sandbox.answers("/api/made-up", {"data": [{"id": "1", "tags": [{"size": 300}]}]})
    schema = {"fields": {"id": "string", "tags": [{"size": "tinyint"}]}}
    found = run(server, {"name": "mine", "path": "/api/made-up", "schema": schema})
    assert found.tap.failures == ["mine"]
    assert found.records("mine") == []
    [line] = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert "field 'tags[].size' of 'mine' contains 300 (int), which does not fit tinyint" in line


def test_a_misfit_shows_no_secret(server, caplog):
    value = f"mail a.person@example.com key {server.config['auth_token']} {'x' * 500}"
    server.sandbox.answers("/api/made-up", {"data": [{"id": "1", "n": value}]})
    schema = {"fields": {"id": "string", "n": "int"}}
    assert run(server, {"name": "mine", "path": "/api/made-up", "schema": schema}).tap.failures == ["mine"]
    assert "contains 'mail *** key *** xxx" in caplog.text
    assert "person@example.com" not in caplog.text
    assert server.config["auth_token"] not in caplog.text
    assert "x" * 100 not in caplog.text


def test_a_misfit_may_be_null(server, caplog):
    rows = [{"id": "1", "n": "x", "m": {"k": "y"}}, {"id": "2", "n": "z", "m": {"k": 1}}]
    server.sandbox.answers("/api/made-up", {"data": rows})
    schema = {"fields": {"id": "string", "n": "int", "m": "map<string,int>"}}
    found = run(server, {"name": "mine", "path": "/api/made-up", "schema": schema, "on_cast_error": None})
    assert found.tap.failures == []
    assert found.records("mine") == [{"id": "1", "n": None, "m": {"k": None}}, {"id": "2", "n": None, "m": {"k": 1}}]
    assert len([one for one in caplog.records if "'n'" in one.getMessage()]) == 1, "said once"


def test_records_may_be_anywhere(server, caplog):
    server.sandbox.answers("/api/made-up", {"store": {"book": [{"t": 1}, {"t": 2}], "bicycle": {"t": 3}}})
    found = run(
        server,
        {"name": "books", "path": "/api/made-up", "records_path": "$.store.book[*]"},
        {"name": "list", "path": "/api/made-up", "records_path": "$.store.book"},
        {"name": "one", "path": "/api/made-up", "records_path": "$.store.bicycle"},
        {"name": "dear", "path": "/api/made-up", "records_path": "$.store.book[?(@.t > 1)]"},
        {"name": "whole", "path": "/api/made-up", "records_path": "$"},
        {"name": "nowhere", "path": "/api/made-up"},
        {"name": "scalars", "path": "/api/made-up", "records_path": "$.store.book[*].t"},
    )
    assert found.records("books") == found.records("list") == [{"t": 1}, {"t": 2}]
    assert found.records("one") == [{"t": 3}]
    assert found.records("dear") == [{"t": 2}]
    assert list(found.records("whole")[0]) == ["store"]
    assert "nowhere: records_path $.data[*] matches nothing in a response" in caplog.text
    assert found.tap.failures == ["scalars"]
    assert "records_path $.store.book[*].t matches values that are not objects" in caplog.text


@pytest.mark.parametrize(
    ("status", "empty"), [(204, b""), (200, b"{}"), (200, b'{"data": null}'), (200, b'{"data": [null]}')]
)
def test_a_response_without_records_is_none_of_them(server, status, empty):
    server.sandbox.answers("/api/made-up", empty, status)
    found = run(server, {"name": "mine", "path": "/api/made-up"})
    assert found.tap.failures == []
    assert found.records("mine") == []


def test_what_is_no_json_is_asked_for_again(server):
    bodies = [b"<html>", b'{"data": [}', b'{"data": [{"id": "1", "n": NaN}]}']
    server.sandbox.extra["/api/made-up"] = lambda _asked: (200, {}, bodies.pop(0))
    found = run(server, {"name": "mine", "path": "/api/made-up"})
    assert found.tap.failures == []
    assert found.records("mine") == [{"id": "1", "n": None}]


def test_records_without_keys_are_all_written(server, caplog):
    same = {"n": 1}
    following = f"{server.url}/api/made-up?page=2"
    server.sandbox.extra["/api/made-up"] = lambda asked: (
        200,
        {},
        json.dumps({"data": [same, same], "links": {"next": None if asked.query else following}}).encode(),
    )
    found = run(server, {"name": "mine", "path": "/api/made-up", "primary_keys": []})
    assert [one.getMessage() for one in caplog.records if "have no key" in one.getMessage()] == [
        "mine: rows have no key, so that a target appends what it has already; set primary_keys"
    ]
    assert found.records("mine") == [same] * 4


@pytest.mark.parametrize("missing", [{}, {"id": None}])
def test_a_key_is_never_null(server, caplog, missing):
    server.sandbox.answers("/api/made-up", {"data": [missing]})
    assert run(server, {"name": "mine", "path": "/api/made-up", "on_cast_error": "null"}).tap.failures == ["mine"]
    assert "a record of 'mine' has no 'id', one of its primary_keys" in caplog.text


def test_incremental_by_a_filter(server):
    entry = {
        "name": "mine",
        "path": "/api/lists",
        "flatten_attributes": True,
        "replication_key": "updated",
        "filter": "greater-than(updated,{start})",
    }
    first = run(server, entry)
    assert server.asked("/api/lists")[0].query["filter"] == "greater-than(updated,1970-01-01T00:00:00Z)"
    newest = max(parse_instant(record["updated"]) for record in first.records("mine"))
    assert parse_instant(first.bookmark("mine")["replication_key_value"]) == newest
    server.sandbox.asked.clear()
    second = run(server, entry, state=first.state)
    bound = (newest - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert server.asked("/api/lists")[0].query["filter"] == f"greater-than(updated,{bound})"
    wanted = [one["id"] for one in first.records("mine") if parse_instant(one["updated"]) >= newest]
    assert [record["id"] for record in second.records("mine")] == wanted
    assert second.bookmark("mine")["replication_key_value"] == first.bookmark("mine")["replication_key_value"]


def test_incremental_by_a_parameter_and_by_a_body(server):
    rows = [{"id": str(day), "at": f"2026-01-0{day}T00:00:00Z"} for day in range(1, 5)]
    server.sandbox.answers("/api/made-up", {"data": rows})
    by_parameter = {"name": "a", "path": "/api/made-up", "replication_key": "at", "start_param": "since"}
    body = {"range": {"from": "{start}", "to": "{end}"}}
    by_body = {"name": "b", "path": "/api/made-up", "method": "POST", "replication_key": "at", "body": body}
    first = run(server, by_parameter, by_body)
    assert [asked.query for asked in server.asked("/api/made-up")] == [{}, {}]
    # Both are read in the background, so either may be asked first.
    _, b = sorted(server.asked("/api/made-up"), key=lambda asked: bool(asked.body))
    assert b.json["range"]["from"] == "1970-01-01T00:00:00Z"
    server.sandbox.asked.clear()
    second = run(server, by_parameter, by_body, state=first.state)
    a, b = sorted(server.asked("/api/made-up"), key=lambda asked: bool(asked.body))
    assert a.query == {"since": "2026-01-03T23:59:59Z"}
    assert b.json["range"]["from"] == "2026-01-03T23:59:59Z"
    assert parse_instant(b.json["range"]["to"]) <= second.tap.started_at
    for stream in ("a", "b"):
        assert [record["id"] for record in second.records(stream)] == ["4"]


def test_a_replication_key_has_to_be_there(server, caplog):
    entry = {"name": "mine", "path": "/api/lists", "replication_key": "updated"}
    assert run(server, entry).tap.failures == ["mine"]
    assert "a record of 'mine' has no 'updated', its replication_key" in caplog.text


def test_a_full_table_run_reads_everything(server):
    entry = {"name": "mine", "path": "/api/lists", "flatten_attributes": True, "replication_key": "updated"}
    first = run(server, entry)
    catalog = first.tap.catalog_dict
    for stream in catalog["streams"]:
        if stream["tap_stream_id"] == "mine":
            stream["replication_method"] = "FULL_TABLE"
    again = run(server, entry, state=first.state, catalog=catalog)
    assert len(again.records("mine")) == len(ids(server, "list"))


def test_pages_are_optional(server):
    found = run(server, {"name": "mine", "path": "/api/lists", "paging": "none"})
    assert len(found.records("mine")) == 10
    assert len(server.asked("/api/lists")) == 1


@pytest.mark.parametrize("as_link", [False, True])
def test_a_cursor_in_the_body(server, as_link):
    def answer(asked):
        page = int(asked.json["data"]["attributes"].get("page_cursor", 0))
        cursor = str(page + 1) if page < 3 else None
        link = f"{server.url}/api/q?page%5Bcursor%5D={cursor}" if cursor and as_link else cursor
        return 200, {}, json.dumps({"data": [{"id": str(page)}], "links": {"next": link}}).encode()

    server.sandbox.extra["/api/q"] = answer
    body = {"data": {"type": "q", "attributes": {"size": 1}}}
    entry = {"name": "mine", "path": "/api/q", "method": "POST", "body": body, "paging": "body_cursor"}
    assert run(server, entry).records("mine") == [{"id": str(page)} for page in range(4)]
    assert [one.target for one in server.asked("/api/q")] == ["/api/q"] * 4
    assert server.asked("/api/q")[-1].json == {"data": {"type": "q", "attributes": {"size": 1, "page_cursor": "3"}}}


def refused(status, detail):
    return status, {}, json.dumps({"errors": [{"status": str(status), "code": "invalid", "detail": detail}]}).encode()


def query(server, trouble):
    """A query of 20 rows, ten a page, unless there is trouble with the size and the row that are asked for."""

    def answer(asked):
        attributes = asked.json["data"]["attributes"]
        begin, size = int(attributes.get("page_cursor", 0)), attributes["page_size"]
        found = trouble(begin, size)
        if found is not None:
            return found
        rows = [{"id": str(number)} for number in range(begin, min(begin + size, 20))]
        following = str(begin + size) if begin + size < 20 else None
        return 200, {}, json.dumps({"data": rows, "links": {"next": following}}).encode()

    server.sandbox.extra["/api/q"] = answer
    body = {"data": {"attributes": {"page_size": 10}}}
    entry = {"name": "mine", "path": "/api/q", "method": "POST", "body": body, "paging": "body_cursor"}
    return {**entry, "primary_keys": ["id"], "schema": {"fields": {"id": "string"}}}


def test_a_query_whose_pages_are_too_heavy_is_asked_in_halves(server):
    entry = query(server, lambda _begin, size: refused(500, "broken") if size > 3 else None)
    found = run(server, entry, retry=0)
    assert found.tap.failures == []
    assert [record["id"] for record in found.records("mine")] == [str(number) for number in range(20)]


def test_a_query_whose_cursor_is_refused_once_starts_again_behind_the_last_row(server):
    troubles = [refused(400, "Invalid cursor provided.")]
    entry = query(server, lambda begin, _size: troubles.pop() if begin and troubles else None)
    found = run(server, entry)
    assert found.tap.failures == []
    assert [record["id"] for record in found.records("mine")] == [str(number) for number in range(20)]


def test_a_cursor_at_another_place_and_one_that_runs_in_circles(server, caplog):
    server.sandbox.extra["/api/q"] = lambda asked: (
        200,
        {},
        json.dumps({"data": [{"id": asked.json.get("at", "0")}], "meta": {"after": "1"}}).encode(),
    )
    entry = {"name": "mine", "path": "/api/q", "method": "POST", "body": "{}", "paging": "body_cursor"}
    found = run(server, {**entry, "cursor_path": "$.meta.after", "cursor_field": "at"})
    assert found.records("mine") == [{"id": "0"}]
    assert found.tap.failures == ["mine"]
    assert "the cursor points to a page that was already read" in caplog.text


def test_a_parent_fills_the_path(server):
    entry = {
        "name": "mine",
        "path": "/api/lists/{list_id}/profiles",
        "parent": "lists",
        "params": {"fields[profile]": "joined_group_at", "page[size]": 100},
        "flatten_attributes": True,
        "schema": {"fields": {"id": "string", "joined_group_at": "timestamp"}},
    }
    config = {**server.config, "custom_streams": [entry]}
    found = sync(config, "mine", "list_profiles")
    wanted = {(one["list_id"], one["profile_id"], one["joined_group_at"]) for one in found.records("list_profiles")}
    assert {(one["list_id"], one["id"], one["joined_group_at"]) for one in found.records("mine")} == wanted
    assert next(iter(found.tap.streams["mine"].primary_keys)) == "list_id"


def test_a_parent_fills_parameters_filters_and_bodies_and_has_parents(server):
    server.sandbox.answers("/api/pages", {"data": [{"id": "b/1"}, {"id": 'a"2'}]})
    server.sandbox.extra["/api/pages/b%2F1/parts"] = lambda _: (200, {}, b'{"data":[{"id":"p"}]}')
    server.sandbox.extra["/api/pages/a%222/parts"] = lambda _: (404, {}, refusal("gone")[2])
    server.sandbox.answers("/api/leaves", {"data": [{"id": "leaf"}]})
    server.sandbox.answers("/api/texts", {"data": [{"id": "text"}]})
    found = run(
        server,
        {"name": "pages", "path": "/api/pages"},
        {"name": "parts", "path": "/api/pages/{page}/parts", "parent": "pages"},
        {
            "name": "leaves",
            "path": "/api/leaves",
            "method": "POST",
            "parent": "parts",
            "params": {"of": "{page}"},
            "filter": 'equals(part,"{id}")',
            "body": {"page": "{page}", "part": "{id}"},
        },
        {"name": "quoted", "path": "/api/leaves", "parent": "pages", "filter": 'equals(page,"{id}")'},
        {"name": "texts", "path": "/api/texts", "method": "POST", "parent": "pages", "body": '{"of": "{id}"}'},
    )
    assert found.tap.failures == []
    assert found.records("parts") == [{"id": "p", "page": "b/1"}]
    assert found.records("leaves") == [{"id": "leaf", "page": "b/1", "part_id": "p"}]
    posted = next(one for one in server.asked("/api/leaves") if one.method == "POST")
    assert posted.query == {"of": "b/1", "filter": 'equals(part,"p")'}
    assert posted.json == {"page": "b/1", "part": "p"}
    filters = {one.query["filter"] for one in server.asked("/api/leaves") if one.method == "GET"}
    assert filters == {'equals(page,"b/1")', 'equals(page,"a\\"2")'}
    assert [record["page_id"] for record in found.records("quoted")] == ['a"2', "b/1"]
    assert {one.body for one in server.asked("/api/texts")} == {b'{"of": "a\\"2"}', b'{"of": "b/1"}'}


def test_a_record_without_an_id_is_nobody_s_parent(server):
    server.sandbox.answers("/api/pages", {"data": [{"id": "a"}, {"name": "no id"}, {"id": None}]})
    server.sandbox.answers("/api/pages/a/parts", {"data": [{"id": "p"}]})
    parts = {"name": "parts", "path": "/api/pages/{id}/parts", "parent": "pages"}
    found = run(server, parts, {"name": "pages", "path": "/api/pages"})
    assert found.tap.failures == ["pages"]
    assert found.records("parts") == [{"id": "p", "page_id": "a"}]


def test_a_split_by_values_is_read_in_parts(server):
    entry = {"name": "mine", "path": "/api/events", "flatten_attributes": True, "params": {"page[size]": 1000}}
    metrics = sorted({shop.id for shop in server.sandbox.shop.resources("metric") if not shop.hidden})[:4]
    split = {**entry, "split": {"filter": "metric_id", "values": metrics}}
    found = run(server, split)
    events = list(server.sandbox.shop.resources("event"))
    wanted = {one.id for one in events if server.sandbox.shop.related(one, "metric")[0] in metrics}
    assert {record["id"] for record in found.records("mine")} == wanted
    assert {one.query["filter"] for one in server.asked("/api/events")} == {
        f"equals(metric_id,'{metric}')" for metric in metrics
    }


def test_a_split_by_ranges_brings_each_record_once_and_has_one_bookmark(server):
    entry = {
        "name": "mine",
        "path": "/api/events",
        "flatten_attributes": True,
        "replication_key": "datetime",
        "params": {"page[size]": 1000},
        "split": {"filter": "datetime", "from": "2020-01-01", "every": "90d"},
    }
    first = run(server, entry)
    began = first.tap.started_at - timedelta(seconds=15)
    events = {one.id: one.attributes["datetime"] for one in server.sandbox.shop.resources("event")}
    records = [record["id"] for record in first.records("mine")]
    assert len(records) == len(set(records))
    assert set(records) == {one for one, at in events.items() if parse_instant(str(at)) < began}
    assert set(first.bookmark("mine")) == {"replication_key", "replication_key_value", *set(first.bookmark("mine"))}
    server.sandbox.asked.clear()
    second = run(server, entry, state=first.state)
    bookmark = parse_instant(first.bookmark("mine")["replication_key_value"])
    assert all(
        parse_instant(record["datetime"]) >= bookmark.replace(microsecond=0) for record in second.records("mine")
    )
    assert len(server.asked("/api/events")) < 10, "parts that end before the bookmark are not asked for"


def test_a_row_at_the_edge_of_two_parts_comes_once(server):
    times = ["2026-01-01T23:59:59.500000Z", "2026-01-02T00:00:00Z"]
    rows = [{"type": "profile", "id": at, "attributes": {"updated": at}} for at in times]
    server.sandbox.answers("/api/profiles", {"data": rows})
    entry = {
        "name": "mine",
        "path": "/api/profiles",
        "flatten_attributes": True,
        "replication_key": "updated",
        "split": {"filter": "updated", "from": "2026-01-01", "to": "2026-01-03", "every": "1d"},
    }
    found = run(server, entry)
    assert [record["id"] for record in found.records("mine")] == times
    assert {one.query["filter"] for one in server.asked("/api/profiles")} == {
        "and(greater-than(updated,2025-12-31T23:59:59Z),less-than(updated,2026-01-02T00:00:00Z))",
        "and(greater-than(updated,2026-01-01T23:59:59Z),less-than(updated,2026-01-03T00:00:00Z))",
    }


def test_a_split_by_two_parameters(server):
    server.sandbox.answers("/api/made-up", {"data": []})
    dates = {"param": ["from", "to"], "from": "2026-01-01", "to": "2026-01-10", "every": "4d"}
    numbers = {"param": ["low", "high"], "from": 0, "to": 5, "every": 2}
    run(
        server,
        {"name": "dates", "path": "/api/made-up", "split": dates},
        {"name": "numbers", "path": "/api/made-up", "split": numbers},
    )
    asked = [tuple(one.query.values()) for one in server.asked("/api/made-up")]
    assert sorted(asked[:3]) == [
        ("2026-01-01", "2026-01-05"),
        ("2026-01-05", "2026-01-09"),
        ("2026-01-09", "2026-01-10"),
    ]
    assert {frozenset(one.query.items()) for one in server.asked("/api/made-up")[3:]} == {
        frozenset({("low", low), ("high", high)}) for low, high in (("0", "2"), ("2", "4"), ("4", "5"))
    }


def test_the_catalog_selects_after_reading(server):
    schema = {"fields": {"id": "string", "attributes": {"name": "string", "created": "timestamp"}, "type": "string"}}
    entry = {"name": "mine", "path": "/api/lists", "schema": schema}
    catalog = run(server, entry).tap.catalog_dict
    [stream] = [one for one in catalog["streams"] if one["tap_stream_id"] == "mine"]
    for item in stream["metadata"]:
        if item["breadcrumb"] in (["properties", "type"], ["properties", "attributes", "properties", "name"]):
            item["metadata"]["selected"] = False
    found = run(server, entry, catalog=catalog)
    assert all(list(record) == ["id", "attributes"] for record in found.records("mine"))
    assert all(list(record["attributes"]) == ["created"] for record in found.records("mine"))
    assert list(found.schema("mine")["properties"]) == ["id", "attributes"]


def test_a_catalog_selects_in_records_that_lack_members(server):
    inside = {"type": "object", "properties": {"kept": {"type": "integer"}, "left": {"type": "integer"}}}
    schema = {"properties": {"id": {"type": "string"}, "inside": inside, "number": {"type": "integer"}}}
    rows = [{"id": "1", "inside": {"kept": 1, "left": 2}, "number": 3}, {"id": "2"}]
    server.sandbox.answers("/api/made-up", {"data": rows})
    entry = {"name": "mine", "path": "/api/made-up", "schema": schema}
    catalog = run(server, entry).tap.catalog_dict
    [stream] = [one for one in catalog["streams"] if one["tap_stream_id"] == "mine"]
    stream["schema"]["properties"]["number"]["type"] = ["string", "null"]
    for item in stream["metadata"]:
        if item["breadcrumb"] == ["properties", "inside", "properties", "left"]:
            item["metadata"]["selected"] = False
    found = run(server, entry, catalog=catalog)
    assert found.records("mine") == [{"id": "1", "inside": {"kept": 1}, "number": "3"}, {"id": "2"}]


def test_a_column_of_which_nothing_is_said_takes_anything(server):
    server.sandbox.answers("/api/made-up", {"data": [{"id": "1", "any": [1, {"a": None}]}]})
    schema = {"properties": {"id": {"type": "string"}, "any": True}}
    found = run(server, {"name": "mine", "path": "/api/made-up", "schema": schema})
    assert found.records("mine") == [{"id": "1", "any": [1, {"a": None}]}]


def test_a_catalog_leaves_an_open_record_open(server):
    entry = {"name": "mine", "path": "/api/lists"}
    catalog = run(server, entry).tap.catalog_dict
    found = run(server, entry, catalog=catalog)
    assert "attributes" in found.records("mine")[0]
    assert found.schema("mine")["additionalProperties"] is True


def test_stream_maps_and_the_account_id_work_as_everywhere(server):
    entry = {"name": "mine", "path": "/api/lists", "flatten_attributes": True}
    found = run(server, entry, include_account_id=True, stream_maps={"mine": {"name": "name.upper()"}})
    assert {record["name"] for record in found.records("mine")} == {
        one.attributes["name"].upper() for one in server.sandbox.shop.resources("list")
    }
    plain = run(server, entry, include_account_id=True)
    assert {record["account_id"] for record in plain.records("mine")} == {"AbC123"}
    assert tuple(plain.tap.streams["mine"].primary_keys) == ("account_id", "id")


def test_requests_are_retried_as_the_settings_say(server):
    answers: list[tuple[int, dict[str, str], bytes]] = [
        (503, {}, b""),
        (500, {}, b""),
        (200, {}, b'{"data":[{"id":"1"}]}'),
    ]
    server.sandbox.extra["/api/made-up"] = lambda _: answers.pop(0)
    entry = {"name": "mine", "path": "/api/made-up"}
    assert run(server, entry, retry=2).records("mine") == [{"id": "1"}]
    answers += [(503, {}, b""), (500, {}, b""), (200, {}, b"{}")]
    server.sandbox.asked.clear()
    failing = run(server, entry, retry=1)
    assert failing.tap.failures == ["mine"]
    assert len(server.asked("/api/made-up")) == 2
    answers.clear()
    answers += [(503, {}, b"")]
    server.sandbox.asked.clear()
    run(server, entry, retry=0)
    assert len(server.asked("/api/made-up")) == 1


def test_a_number_that_no_reader_takes_stays_text(server):
    server.sandbox.answers("/api/made-up", b'{"data": [{"id": "1", "n": %s}]}' % (b"7" * 5000))
    assert run(server, {"name": "mine", "path": "/api/made-up"}).records("mine") == [{"id": "1", "n": "7" * 5000}]


def test_a_field_that_lowers_klaviyo_s_limit_does_so_here_too(server, monkeypatch):
    limits = []
    quota = Limiter.quota

    def noted(limiter, request):
        limits.append(request.limits)
        return quota(limiter, request)

    monkeypatch.setattr(Limiter, "quota", noted)
    entry = {"name": "mine", "path": "/api/profiles", "paging": "none"}
    costly = {"params": {"additional-fields[profile]": "subscriptions,predictive_analytics"}}
    for more in ({}, costly):
        assert run(server, {**entry, **more}).records("mine")
    assert [one.steady for one in limits] == [750, 150]


def test_stream_options_are_not_for_custom_streams(server):
    with pytest.raises(ValueError, match="stream_options 'mine': a custom stream has its options in its own entry"):
        run(server, {"name": "mine", "path": "/api/lists"}, stream_options={"mine": {"page_size": 5}})


def test_a_refusal_of_klaviyos_names_the_stream_and_stops_no_other(server, caplog):
    found = run(
        server,
        {"name": "wrong", "path": "/api/lists", "params": {"page[size]": 1000}},
        {"name": "right", "path": "/api/tags"},
    )
    assert found.tap.failures == ["wrong"]
    assert found.records("right")
    assert any(one.getMessage().startswith("wrong: Klaviyo refuses GET /api/lists (400") for one in caplog.records)
