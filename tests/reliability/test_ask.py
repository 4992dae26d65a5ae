"""Requests that Klaviyo refuses."""

from __future__ import annotations

from datetime import date
from functools import partial
from unittest import mock
from urllib.parse import parse_qs

import pytest

from tap_klaviyo import contract
from tap_klaviyo.http import HttpSettings
from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.errors import RefusedError
from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sandbox.responses import CONTENT_TYPE, Response
from tests.reliability.cli import KEY, open_shop

STATE = {
    "bookmarks": {"profiles": {"replication_key": "updated", "replication_key_value": "2024-11-05T00:00:00+00:00"}}
}


def row(what, does):
    return pytest.mark.fault("What Klaviyo refuses", what, does)


def all_scopes():
    return {scope for endpoint in contract.newest().endpoints().values() for scope in endpoint.scopes}


def assert_untouched(outcome):
    """The bookmark is where it was; the state may name the version that rows carry from now on."""
    before = STATE["bookmarks"]["profiles"]
    after = outcome.state["profiles"]
    assert {name: value for name, value in after.items() if name != "version"} == before


def refuse_large_pages(klaviyo):
    answer = klaviyo.respond

    def respond(method, target, headers, body=b""):
        path, _, query = target.partition("?")
        if path != "/api/events" or int(parse_qs(query)["page[size]"][0]) <= 200:
            return answer(method, target, headers, body)
        refused = RefusedError(400, "invalid", "Page size must be between 1 and 200.", parameter="page[size]")
        return Response(400, {"Content-Type": CONTENT_TYPE}, refused.body())

    klaviyo.respond = respond


@row(
    "400 that names a parameter",
    "One line: stream, parameter, and Klaviyo's words, cleaned; the other streams are read; exit 1",
)
def test_bad_request(machine, klaviyo, url):
    klaviyo.faults.add(Fault("error", rate=1.0, path="/api/profiles", value=400))
    outcome = machine.sync(url, "profiles", "lists", state=STATE)
    assert outcome.code == 1
    assert outcome.error.startswith("profiles: Klaviyo refuses GET /api/profiles (400")
    assert "Something went wrong" in outcome.error
    assert_untouched(outcome)
    assert outcome.ids("lists") == klaviyo.ids("list")
    queries = klaviyo.paths("/api/profiles")
    assert len(queries) == len(set(queries))  # none of them a second time


@row("401: the key is wrong", "One line that names the setting; nothing else is asked; exit 1")
def test_wrong_key(machine, klaviyo, url):
    klaviyo.access.wrong_keys.add(KEY)
    outcome = machine.sync(url, "events", "profiles", "lists", max_workers=1)
    assert outcome.code == 1
    assert "auth_token" in outcome.error
    assert [line for level, line in outcome.log if level != "DEBUG"][-1] == outcome.error
    assert len(klaviyo.requests) == 1


@row(
    "401 in the middle of a sync: the key was deleted",
    "What came is kept with its state; one line that names the setting; exit 1",
)
def test_key_gone(machine, klaviyo, url):
    klaviyo.faults.add(Fault("error", on=frozenset(range(3, 999)), value=401))
    outcome = machine.sync(url, "events", "profiles", "lists", max_workers=1)
    assert outcome.code == 1
    assert "auth_token" in outcome.error
    assert outcome.messages[-1]["type"] == "STATE"


@row(
    "403: the key lacks a scope (`on_permission_denied: skip`)",
    "One warning with stream and scope; bookmark untouched; the others are read; exit 0",
)
def test_skipped(machine, shop):
    with open_shop(shop, access=Access(scopes={KEY: all_scopes() - {"profiles:read"}})) as (klaviyo, url):
        outcome = machine.sync(url, "profiles", "lists", state=STATE)
        assert outcome.code == 0
        line = outcome.warning
        assert line.startswith("profiles: skipped: ")
        assert "profiles:read" in line
        assert_untouched(outcome)
        assert outcome.ids("lists") == klaviyo.ids("list")


@row("403: the key lacks a scope (`on_permission_denied: fail`)", "The same as one error; exit 1")
def test_failed(machine, shop):
    with open_shop(shop, access=Access(scopes={KEY: all_scopes() - {"profiles:read"}})) as (klaviyo, url):
        outcome = machine.sync(url, "profiles", "lists", state=STATE, on_permission_denied="fail")
        assert outcome.code == 1
        assert outcome.error.startswith("profiles: ")
        assert "profiles:read" in outcome.error
        assert outcome.ids("lists") == klaviyo.ids("list")


@row(
    "403: the key lacks the scope of an include",
    "The columns that come from it are null, one warning names the scope; exit 0",
)
def test_without_include(machine, shop):
    with open_shop(shop, access=Access(scopes={KEY: all_scopes() - {"metrics:read"}})) as (klaviyo, url):
        outcome = machine.sync(url, "events")
        assert outcome.code == 0
        assert outcome.ids("events") == klaviyo.ids("event")
        assert {record["metric_name"] for record in outcome.records("events")} == {None}
        line = outcome.warning
        assert "metrics:read" in line


@row("403: the account lacks a feature (Advanced KDP)", "Skipped with that reason, not with a scope")
def test_without_feature(machine, shop):
    with open_shop(shop, access=Access(without_webhooks={KEY})) as (_, url):
        outcome = machine.sync(url, "webhook_topics")
        assert outcome.code == 0
        line = outcome.warning
        assert "needs an account with Advanced KDP" in line
        assert "scope" not in line


@row("404 for one parent of many", "That parent has no children (any more); the others are read; exit 0")
def test_parent_gone(machine, klaviyo, url):
    whole = machine.sync(url, "flow_actions", "lists")
    klaviyo.reset()
    klaviyo.faults.add(Fault("error", on=frozenset({2}), path="/api/flows/{id}/flow-actions", value=404))
    outcome = machine.sync(url, "flow_actions")
    assert outcome.code == 0
    assert set(outcome.ids("flow_actions")) <= set(whole.ids("flow_actions"))


@row("410: the API revision has been retired", "One line that says which, and to upgrade the tap; exit 1")
def test_revision_gone(machine, klaviyo, url):
    klaviyo.faults.add(Fault("error", rate=1.0, path="/api/lists", value=410))
    outcome = machine.sync(url, "lists", "profiles")
    assert outcome.code == 1
    assert f"retired API revision {contract.newest().revision}" in outcome.error
    assert "upgrade tap-klaviyo" in outcome.error
    assert len(klaviyo.paths("/api/lists")) == 1
    assert outcome.ids("profiles") == klaviyo.ids("profile")


@row("A revision whose two years end within 90 days", "One warning per revision with the date, at the start")
def test_revision_ends(machine, url):
    with mock.patch("tap_klaviyo.sync.connection.datetime") as clock:
        clock.now.return_value.date.return_value = date(2028, 8, 1)
        outcome = machine.sync(url, "lists")
    assert outcome.code == 0
    newest, older = outcome.said("WARNING")
    assert "removes revision 2026-10-15 on 2028-10-15" in newest
    assert "ends revision 2026-07-15 on 2028-07-15" in older


@row("Klaviyo answers with another revision than asked for", "One warning; the sync goes on")
def test_other_revision(machine, klaviyo, url):
    klaviyo.meddle = lambda _path, response: response.__class__(
        response.status, {**response.headers, "X-Klaviyo-API-Revision": "2027-01-15"}, response.body
    )
    outcome = machine.sync(url, "lists", "profiles")
    assert outcome.code == 0
    assert len([line for line in outcome.said("WARNING") if "2027-01-15" in line]) == 1


@row("400 for `page[size]` of 1000", "Asks for 200 and goes on; one warning")
def test_page_size(machine, klaviyo, url):
    refuse_large_pages(klaviyo)
    outcome = machine.sync(url, "events")
    assert outcome.code == 0
    assert outcome.ids("events") == klaviyo.ids("event")
    assert outcome.said("WARNING") == ["events: page size 1000 was rejected; retrying with 200"]


@row("A body over the bound of a page", "Asks for smaller pages and goes on; one warning a step")
def test_oversized(machine, klaviyo, url):
    klaviyo.faults.add(Fault("padded", rate=1.0, path="/api/events", value=1000))
    with mock.patch("tap_klaviyo.sync.connection.HttpSettings", partial(HttpSettings, largest_body=500_000)):
        outcome = machine.sync(url, "events")
    assert outcome.code == 0
    assert outcome.ids("events") == klaviyo.ids("event")
    assert "events: page size 1000 was rejected; retrying with 200" in outcome.said("WARNING")


@row("A body over the bound with the smallest page", "One line; the other streams are read; exit 1")
def test_hopelessly_oversized(machine, klaviyo, url):
    klaviyo.faults.add(Fault("padded", rate=1.0, path="/api/events", value=40_000))
    with mock.patch("tap_klaviyo.sync.connection.HttpSettings", partial(HttpSettings, largest_body=20_000)):
        outcome = machine.sync(url, "events", "lists")
    assert outcome.code == 1
    assert outcome.error.startswith("events: ")
    assert "is larger than" in outcome.error
    assert outcome.ids("lists") == klaviyo.ids("list")
