"""One bad parent, page or row does not stop the rest, and is never passed over in silence."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from tap_klaviyo.sandbox import paging
from tests.reliability.test_answers import row

pytestmark = pytest.mark.usefixtures("nobody_waits")

SMALL = {"list_profiles": {"page_size": 5}, "lists": {"page_size": 4}}
DENIED = {"id": "1", "status": 403, "code": "permission_denied", "title": "No.", "detail": "No access.", "source": {}}


def keys(outcome, stream="list_profiles"):
    return {(record["list_id"], record["profile_id"]) for record in outcome.records(stream)}


def failing(*paths, status=500):
    body = json.dumps({"errors": [DENIED if status == 403 else {"detail": "broken"}]}).encode()

    def meddle(at, response):
        return replace(response, status=status, body=body) if at in paths else response

    return meddle


def members(klaviyo, place):
    return f"/api/lists/{sorted(klaviyo.ids('list'))[place]}/profiles"


@row("A parent that answers 500 after all retries", "Passed over and named, asked again by the next run; exit 1")
def test_a_bad_parent_does_not_stop_the_others(machine, klaviyo, url):
    everything = keys(machine.sync(url, "list_profiles"))
    bad = sorted({parent for parent, _ in everything})[1]
    klaviyo.meddle = failing(f"/api/lists/{bad}/profiles")
    first = machine.sync(url, "list_profiles", stream_options=SMALL)
    assert first.code == 1
    assert bad in first.error
    assert keys(first) == {key for key in everything if key[0] != bad}
    assert [one["id"] for one in first.state["list_profiles"]["failed_parents"]] == [bad]
    assert first.state["list_profiles"]["replication_key_value"]

    klaviyo.meddle = lambda _at, response: response
    second = machine.sync(url, "list_profiles", state={"bookmarks": first.state})
    assert second.code == 0, second.complaints
    assert {key for key in everything if key[0] == bad} <= keys(second)
    assert second.state["list_profiles"]["failed_parents"] is None


def test_a_version_is_not_activated_over_a_bad_parent(machine, klaviyo, url):
    def activated(outcome):
        return {message["stream"] for message in outcome.messages if message["type"] == "ACTIVATE_VERSION"}

    streams = ("list_tags", "coupon_codes")
    good = machine.sync(url, *streams, emit_activate_version_messages=True)
    coupon = sorted(klaviyo.ids("coupon"))[1]
    klaviyo.meddle = failing(f"/api/coupons/{coupon}/coupon-codes")
    bad = machine.sync(url, *streams, emit_activate_version_messages=True)
    assert (good.code, bad.code) == (0, 1)
    assert activated(good) == {"list_tags", "coupon_codes"}
    assert activated(bad) == {"list_tags"}


@pytest.mark.parametrize(("policy", "code"), [("skip", 0), ("fail", 1)])
@row("403 for one parent", "Passed over as `on_permission_denied` says, and asked again by the next run")
def test_a_denied_parent(machine, klaviyo, url, policy, code):
    everything = keys(machine.sync(url, "list_profiles"))
    bad = min(parent for parent, _ in everything)
    klaviyo.meddle = failing(f"/api/lists/{bad}/profiles", status=403)
    outcome = machine.sync(url, "list_profiles", on_permission_denied=policy)
    assert outcome.code == code
    assert keys(outcome) == {key for key in everything if key[0] != bad}
    assert [one["id"] for one in outcome.state["list_profiles"]["failed_parents"]] == [bad]


def test_many_bad_parents_come_last_in_the_next_run(machine, klaviyo, url):
    everything = keys(machine.sync(url, "list_profiles"))
    parents = sorted(klaviyo.ids("list"))
    bad = parents[:8]
    klaviyo.meddle = failing(*(f"/api/lists/{parent}/profiles" for parent in bad))
    state = None
    for _ in range(3):
        outcome = machine.sync(url, "list_profiles", state=state, max_workers=1)
        assert outcome.code == 1
        state = {"bookmarks": outcome.state}
        if keys(outcome):
            break
    assert {parent for parent, _ in keys(outcome)} == {parent for parent, _ in everything} - set(bad)


def answering(status):
    return lambda response: replace(response, status=status, body=b'{"errors":[]}')


def silent(response):
    time.sleep(1.5)
    return response


BAD_GATEWAY = answering(502)


def heavy(limit, poison=(), broken=BAD_GATEWAY, path="/api/lists"):
    """Break pages of more rows than so many, and each that holds one of these rows in full."""

    def meddle(at, response):
        if at != path or response.status != 200:
            return response
        document = json.loads(response.body)
        rows = document["data"]
        spoiled = any(one["id"] in poison and len(one["attributes"]) > 1 for one in rows)
        if len(rows) > limit or spoiled:
            return broken(response)
        return response

    return meddle


@pytest.fixture(params=["loose", "bound"])
def cursors(request, monkeypatch):
    """Whether a cursor holds for other page sizes and fields too."""
    if request.param == "loose":
        monkeypatch.setattr(paging, "_request", lambda path, _others: path)
    return request.param


@pytest.mark.usefixtures("cursors")
@pytest.mark.parametrize("limit", [1, 2, 3])
@row("A page that fails at its full size only", "Asked again in halves, down to one row; every record is there, once")
def test_heavy_pages_are_halved(machine, klaviyo, url, limit):
    klaviyo.meddle = heavy(limit)
    outcome = machine.sync(url, "lists", stream_options=SMALL)
    assert outcome.code == 0, outcome.complaints
    assert outcome.ids("lists") == klaviyo.ids("list")


@pytest.mark.parametrize(
    "broken",
    [
        *map(answering, (500, 504)),
        lambda response: replace(response, wire="cut"),
        lambda response: replace(response, wire="reset"),
        silent,
    ],
    ids=["500", "504", "cut", "reset", "silent"],
)
def test_a_page_is_halved_however_it_fails_at_its_full_size(machine, klaviyo, url, broken):
    klaviyo.meddle = heavy(2, broken=broken)
    outcome = machine.sync(url, "lists", stream_options=SMALL, request_timeout=1, retry=0)
    assert outcome.code == 0, outcome.complaints
    assert outcome.ids("lists") == klaviyo.ids("list")


def test_a_503_is_no_matter_of_size(machine, klaviyo, url):
    klaviyo.meddle = heavy(2, broken=answering(503))
    outcome = machine.sync(url, "lists", stream_options=SMALL)
    assert outcome.code == 1
    assert {parse_qs(query)["page[size]"][0] for query in klaviyo.paths("/api/lists")} == {"4"}


@pytest.mark.usefixtures("cursors")
def test_a_page_in_the_middle_is_halved(machine, klaviyo, url):
    plain = machine.sync(url, "lists", stream_options=SMALL)
    in_order = [record["id"] for record in plain.records("lists")]

    def meddle(at, response):
        rows = [one["id"] for one in json.loads(response.body).get("data", [])] if at == "/api/lists" else []
        broken = in_order[5] in rows and len(rows) > 2
        return replace(response, status=500, body=b"{}") if broken else response

    klaviyo.meddle = meddle
    outcome = machine.sync(url, "lists", stream_options=SMALL)
    assert outcome.code == 0, outcome.complaints
    assert outcome.ids("lists") == klaviyo.ids("list")


@pytest.mark.parametrize("place", [0, 3, 5])
@row("One row that cannot be read", "Named and left out, the rest is read; exit 1")
def test_one_row_that_cannot_be_read(machine, klaviyo, url, monkeypatch, place):
    monkeypatch.setattr(paging, "_request", lambda path, _others: path)
    in_order = [record["id"] for record in machine.sync(url, "lists", stream_options=SMALL).records("lists")]
    klaviyo.meddle = heavy(100, {in_order[place]})
    outcome = machine.sync(url, "lists", "tags", stream_options=SMALL)
    assert outcome.code == 1
    assert f"list {in_order[place]}" in outcome.error
    assert outcome.ids("lists") == sorted(set(in_order) - {in_order[place]})
    assert outcome.ids("tags") == klaviyo.ids("tag")


def test_a_row_that_was_left_out_is_named_however_the_stream_ends(machine, klaviyo, url, monkeypatch):
    """A scope that is taken away meanwhile makes no skipped stream of one that lacks a row."""
    monkeypatch.setattr(paging, "_request", lambda path, _others: path)
    in_order = [record["id"] for record in machine.sync(url, "lists", stream_options=SMALL).records("lists")]
    leaving_out = heavy(100, {in_order[0]})

    def meddle(at, response):
        denied = at == "/api/lists" and in_order[9].encode() in response.body
        return failing(at, status=403)(at, response) if denied else leaving_out(at, response)

    klaviyo.meddle = meddle
    outcome = machine.sync(url, "lists", "tags", stream_options=SMALL, on_permission_denied="skip")
    assert outcome.code == 1
    assert "(403)" in outcome.error
    assert f"1 row could not be read and left out: list {in_order[0]}" in outcome.error
    assert "1 failed (lists)" in outcome.said("INFO")[-1], "and not incomplete: the rest was not read"
    assert outcome.ids("tags") == klaviyo.ids("tag")


def test_a_parent_that_was_passed_over_is_named_however_the_stream_ends(machine, klaviyo, url):
    first, *_, last = sorted(klaviyo.ids("list"))

    def meddle(at, response):
        status = {f"/api/lists/{first}/profiles": 500, f"/api/lists/{last}/profiles": 410}.get(at)
        return failing(at, status=status)(at, response) if status else response

    klaviyo.meddle = meddle
    outcome = machine.sync(url, "list_profiles", max_workers=1, on_permission_denied="skip")
    assert outcome.code == 1
    assert f"1 parent could not be read, the next run asks again: {first}" in outcome.error


@pytest.mark.parametrize("cut_off", [False, True], ids=["to its end", "cut off"])
def test_a_full_read_that_left_a_row_out_begins_anew(machine, klaviyo, url, monkeypatch, cut_off):
    """Gone on with, it would end with a version without that row."""
    monkeypatch.setattr(paging, "_request", lambda path, _others: path)

    def read(state=None):
        arguments = machine.files(
            url,
            "templates",
            state=state,
            stream_options={"templates": {"page_size": 2}},
            max_workers=1,
            on_permission_denied="fail",
        )
        path = machine.folder / "catalog.json"
        catalog = json.loads(path.read_text())
        for stream in catalog["streams"]:
            stream["replication_method"] = "FULL_TABLE"
        path.write_text(json.dumps(catalog))
        return machine.run(*arguments)

    in_order = [record["id"] for record in read().records("templates")]
    leaving_out = heavy(100, {in_order[0]}, path="/api/templates")

    def meddle(at, response):
        ends = cut_off and in_order[9].encode() in response.body
        return failing(at, status=403)(at, response) if ends else leaving_out(at, response)

    klaviyo.meddle = meddle
    first = read()
    assert first.code == 1
    assert {*in_order[1:3]} <= {*first.ids("templates")} <= {*in_order[1:]}
    klaviyo.meddle = lambda _at, response: response
    second = read({"bookmarks": first.state})
    assert second.code == 0, second.complaints
    assert second.ids("templates") == sorted(in_order)
    assert "ACTIVATE_VERSION" in {message["type"] for message in second.messages}


def test_an_outage_is_not_asked_row_by_row(machine, klaviyo, url):
    klaviyo.meddle = failing("/api/lists")
    outcome = machine.sync(url, "lists")
    assert outcome.code == 1
    assert len(klaviyo.paths("/api/lists")) <= 12


@row("400 'Invalid cursor' once", "The chain starts again and goes on behind the last row that was written")
def test_an_invalid_cursor_restarts_the_chain(machine, klaviyo, url):
    plain = machine.sync(url, "lists", stream_options=SMALL)
    klaviyo.requests.clear()
    error = {"id": "1", "status": 400, "code": "invalid", "title": "x", "detail": "Invalid cursor provided."}
    body = json.dumps({"errors": [{**error, "source": {"parameter": "page[cursor]"}}]}).encode()
    asked = []

    def meddle(at, response):
        asked.append(at)
        return replace(response, status=400, body=body) if at == "/api/lists" and len(asked) == 3 else response

    klaviyo.meddle = meddle
    outcome = machine.sync(url, "lists", stream_options=SMALL)
    assert outcome.code == 0, outcome.complaints
    assert outcome.records("lists") == plain.records("lists")
    assert [parse_qs(query).get("page[cursor]") for query in klaviyo.paths("/api/lists")].count(None) == 2


def test_a_cursor_that_stays_invalid_is_a_failure(machine, klaviyo, url):
    error = {"id": "1", "status": 400, "code": "invalid", "title": "x", "detail": "Invalid cursor provided."}
    body = json.dumps({"errors": [{**error, "source": {"parameter": "page[cursor]"}}]}).encode()
    first: list[str] = []

    def meddle(at, response):
        rows = json.loads(response.body).get("data", [{}]) if at == "/api/lists" else []
        if rows and not first:
            first.append(rows[0]["id"])
        later = rows and rows[0].get("id") != first[0]
        return replace(response, status=400, body=body) if later else response

    klaviyo.meddle = meddle
    outcome = machine.sync(url, "lists", stream_options=SMALL)
    assert outcome.code == 1
    assert "cursor" in outcome.error.lower()
    assert len(klaviyo.paths("/api/lists")) < 8


def schemas(of_type):
    return f"/api/object-types/{of_type}/schema-versions"


@pytest.mark.parametrize("versioned", [False, True])
@row(
    "A parent's own parent that answers 500 after all retries",
    "The children of all others come, the next run asks again for everything; exit 1",
)
def test_a_bad_parent_of_parents_does_not_stop_the_others(machine, klaviyo, url, versioned):
    def read(state=None):
        outcome = machine.sync(
            url, "source_mappings", state=state, max_workers=1, emit_activate_version_messages=versioned
        )
        found = {record["object_schema_id"]: record["object_type_id"] for record in outcome.records("source_mappings")}
        versions = [message["stream"] for message in outcome.messages if message["type"] == "ACTIVATE_VERSION"]
        return outcome, found, versions

    _, everything, versions = read()
    assert versions == ["source_mappings"] * versioned
    bad = min(everything.values())
    assert set(everything.values()) > {bad}
    klaviyo.meddle = failing(schemas(bad))
    first, found, versions = read()
    assert first.code == 1
    assert f"the parents below 1 resource could not be listed, the next run asks again: {bad}" in first.error
    assert found == {schema: above for schema, above in everything.items() if above != bad}
    assert versions == []
    # A place in a list of some parents would have the next run pass over others.
    assert not any(first.state["source_mappings"].get(place) for place in ("fan_out", "full", "read_at"))

    klaviyo.meddle = lambda _at, response: response
    second, found, versions = read({"bookmarks": first.state})
    assert second.code == 0, second.complaints
    assert found == everything
    assert versions == ["source_mappings"] * versioned


def test_a_bad_parent_is_not_forgotten_while_its_own_parent_is_bad(machine, klaviyo, url):
    mappings = machine.sync(url, "source_mappings").records("source_mappings")
    schema, above = mappings[0]["object_schema_id"], mappings[0]["object_type_id"]
    klaviyo.meddle = failing(f"/api/object-schemas/{schema}/source-mapping")
    first = machine.sync(url, "source_mappings")
    klaviyo.meddle = failing(schemas(above))
    second = machine.sync(url, "source_mappings", state={"bookmarks": first.state})
    assert second.code == 1
    assert [one["id"] for one in second.state["source_mappings"]["failed_parents"]] == [schema]


def test_nothing_is_taken_for_read_where_every_parent_of_parents_fails(machine, klaviyo, url):
    klaviyo.meddle = failing(*(schemas(one) for one in klaviyo.ids("object-type")))
    outcome = machine.sync(url, "source_mappings")
    assert outcome.code == 1
    assert outcome.error.startswith("source_mappings: ")
    assert "could not be listed" not in outcome.error
