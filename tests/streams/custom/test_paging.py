"""From page to page of an endpoint that nobody knows: cursors, links, rows that come twice, and odd values."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta

import pytest

from tap_klaviyo.streams.custom.requests import absolute
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.custom.conftest import sync

MADE_UP = {"name": "mine", "path": "/api/made-up"}


def run(server, *entries, state=None, **config):
    return sync({**server.config, **config, "custom_streams": list(entries)}, state=state)


def pages(*documents):
    """Answer `?page=0`, `?page=1`, … in turn."""
    return lambda asked: (200, {}, json.dumps(documents[int(asked.query.get("page", 0))]).encode())


@pytest.mark.parametrize("second", [7, 12345678901234567890123456789, "7", "a b", True, "a://b", "a://[b"])
def test_a_cursor_of_the_body_goes_back_as_what_it_came(server, second):
    def answer(asked):
        at = asked.json.get("at")
        return 200, {}, json.dumps({"data": [{"id": repr(at)}], "next": second if at is None else None}).encode()

    server.sandbox.extra["/api/made-up"] = answer
    entry = {**MADE_UP, "method": "POST", "body": {}, "paging": "body_cursor", "cursor_path": "$.next"}
    found = run(server, {**entry, "cursor_field": "at"})
    assert [record["id"] for record in found.records("mine")] == ["None", repr(second)]


def test_cursors_of_the_body_go_on_where_a_run_was_cut_off(server):
    broken = ["once"]

    def answer(asked):
        at = asked.json.get("at", 0)
        if at == 3 and broken:
            broken.clear()
            return 400, {}, b'{"errors": [{"detail": "no"}]}'
        return 200, {}, json.dumps({"data": [{"id": str(at)}], "next": at + 1 if at < 5 else None}).encode()

    server.sandbox.extra["/api/made-up"] = answer
    entry = {**MADE_UP, "method": "POST", "body": {}, "paging": "body_cursor", "cursor_path": "$.next"}
    first = run(server, {**entry, "cursor_field": "at"})
    assert [record["id"] for record in first.records("mine")] == ["0", "1", "2"]
    server.sandbox.asked.clear()
    second = run(server, {**entry, "cursor_field": "at"}, state=first.state)
    assert [one.json["at"] for one in server.asked("/api/made-up")] == [2, 3, 4, 5]
    assert [record["id"] for record in second.records("mine")] == ["2", "3", "4", "5"]


@pytest.mark.parametrize("link", ["/api/made-up?page=1", "?page=1", "made-up?page=1", "../api/made-up?page=1"])
def test_a_next_link_may_be_relative(server, link):
    server.sandbox.extra["/api/made-up"] = pages(
        {"data": [{"id": "a"}], "links": {"next": link}}, {"data": [{"id": "b"}], "links": {"next": None}}
    )
    assert run(server, MADE_UP).records("mine") == [{"id": "a"}, {"id": "b"}]
    assert [one.query for one in server.asked("/api/made-up")] == [{}, {"page": "1"}]


@pytest.mark.parametrize("link", ["//other.example/api/made-up?page=1", "https://other.example/api/made-up?page=1"])
def test_a_next_link_that_leads_elsewhere_is_refused(server, caplog, link):
    server.sandbox.answers("/api/made-up", {"data": [{"id": "a"}], "links": {"next": link}})
    assert run(server, MADE_UP).tap.failures == ["mine"]
    assert len(server.asked("/api/made-up")) == 1
    assert any(line.startswith("mine: GET /api/made-up: a link points away from ") for line in caplog.messages)


def test_relative_links_that_run_in_circles_are_left(server, caplog):
    server.sandbox.answers("/api/made-up", {"data": [{"id": "a"}], "links": {"next": "?page=1"}})
    assert run(server, MADE_UP).tap.failures == ["mine"]
    assert "the next link points to a page that was already read" in caplog.text


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/api/y?c=%2B", "sandbox://shop/api/y?c=%2B"),
        ("?c=1", "sandbox://shop/api/x?c=1"),
        ("sandbox://shop/api/z?", "sandbox://shop/api/z?"),
        ("https://a.klaviyo.com/api/x?a[b]=c d", "https://a.klaviyo.com/api/x?a[b]=c d"),
        ("//else.where/api", "sandbox://else.where/api"),
    ],
)
def test_a_link_is_made_absolute_and_otherwise_left_as_it_is(link, expected):
    assert absolute(link, "sandbox://shop/api/x?page=1") == expected


def test_a_row_that_comes_again_changed_is_written_again(server):
    server.sandbox.extra["/api/made-up"] = pages(
        {"data": [{"id": "a", "n": 1}, {"id": "b", "n": 1}, {"id": "c", "n": 1}], "links": {"next": "?page=1"}},
        {"data": [{"id": "c", "n": 1}, {"id": "b", "n": 2}, {"id": "d", "n": 1}]},
    )
    written = [(record["id"], record["n"]) for record in run(server, MADE_UP).records("mine")]
    assert written == [("a", 1), ("b", 1), ("c", 1), ("b", 2), ("d", 1)]


def test_a_row_that_is_dated_ahead_is_written_and_moves_no_bookmark(server):
    now = datetime.now(UTC).replace(microsecond=0)
    dates = [now - timedelta(days=2), now + timedelta(days=2), now - timedelta(days=1)]
    rows = [{"id": str(number), "at": at.isoformat()} for number, at in enumerate(dates)]
    server.sandbox.answers("/api/made-up", {"data": rows})
    entry = {**MADE_UP, "replication_key": "at", "filter": "greater-than(at,{start})"}
    first = run(server, entry)
    assert [record["id"] for record in first.records("mine")] == ["0", "1", "2"]
    assert datetime.fromisoformat(first.bookmark("mine")["replication_key_value"]) == dates[2]
    again = run(server, entry, state=first.state)
    assert [record["id"] for record in again.records("mine")] == ["1", "2"]
    assert again.bookmark("mine")["replication_key_value"] == first.bookmark("mine")["replication_key_value"]


ODD = (
    b'{"data":[{"id":123456789012345678901234567890,"a":0.10000000000000000001,"b":"x\\ud83dy","c":"\\udc00",'
    b'"d":{"e":[12345678901234567890123],"\\udbff":{"f":"\\udbff"}}}]}'
)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"flattening_enabled": True, "flattening_max_depth": 0},
        {"stream_maps": {"mine": {"more": "'x'"}}},
        {"include_account_id": True},
    ],
    ids=["plain", "flattened", "mapped", "account"],
)
def test_digits_survive_and_half_characters_are_replaced_on_every_path(server, config):
    server.sandbox.answers("/api/made-up", ODD)
    tap = TapKlaviyo(config={**server.config, **config, "custom_streams": [MADE_UP]})
    for name, stream in tap.streams.items():
        stream.selected = name == "mine"
    out = io.StringIO()
    with redirect_stdout(out):
        tap.sync_once()
    assert tap.failures == []
    [line] = [one for one in out.getvalue().splitlines() if '"RECORD"' in one]
    for digits in ("123456789012345678901234567890", "0.10000000000000000001", "12345678901234567890123"):
        assert digits in line
    record = json.loads(line)["record"]
    assert (record["b"], record["c"], record["d"]["\ufffd"]) == ("x\ufffdy", "\ufffd", {"f": "\ufffd"})
    assert "version" not in json.loads(line)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.klaviyo.com/api/lists/",
        "https://a.klaviyo.com/api/lists",
        "https://a.klaviyo.com/api/profiles/?page[size]=5",
        "https://a.klaviyo.com/api/events/?fields[event]=datetime&sort=datetime",
        "https://a.klaviyo.com/api/catalog-items/",
        "https://a.klaviyo.com/api/tag-groups/",
    ],
)
def test_klaviyo_s_own_urls_run_unchanged_in_the_sandbox(url):
    config = {"api_url": "sandbox://", "custom_streams": [{"name": "mine", "url": url}]}
    found = sync(config)
    assert found.tap.failures == []
    assert len(found.records("mine")) > 1
