"""Nothing is taken for "nothing there" unless Klaviyo says so: a target may delete a table over it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.reliability.test_answers import rewriting, row, spoiling

pytestmark = pytest.mark.usefixtures("nobody_waits")

SMALL = {"list_profiles": {"page_size": 5}, "lists": {"page_size": 2}}
GONE = {
    "id": "1",
    "status": 404,
    "code": "not_found",
    "title": "Not found.",
    "detail": "It is not there.",
    "source": {},
}


def missing(hit):
    """Answer some requests, by path and their number there, with Klaviyo's own 404."""
    asked: dict[str, int] = {}

    def meddle(at, response):
        asked[at] = asked.get(at, 0) + 1
        if not hit(at, asked[at]):
            return response
        return replace(response, status=404, body=json.dumps({"errors": [GONE]}).encode())

    return meddle


def activated(outcome):
    return [message["stream"] for message in outcome.messages if message["type"] == "ACTIVATE_VERSION"]


def test_a_404_on_the_first_page_of_a_parent_is_no_failure(machine, klaviyo, url):
    gone = f"/api/lists/{klaviyo.ids('list')[0]}/profiles"
    klaviyo.meddle = missing(lambda at, _: at == gone)
    outcome = machine.sync(url, "list_profiles", stream_options=SMALL)
    assert outcome.code == 0, outcome.complaints
    assert outcome.records("list_profiles")


def later_page_of_a_parent(at, number):
    return at.startswith("/api/lists/") and number == 2


def parents_listing(at, _):
    return at == "/api/lists"


def later_page_of_the_listing(at, number):
    return at == "/api/lists" and number == 2


@pytest.mark.parametrize("hit", [later_page_of_a_parent, parents_listing, later_page_of_the_listing])
@row("A 404 on a later page, of the parents' own list, or of a whole collection", "A failure and no end; exit 1")
def test_other_404s_are_failures(machine, klaviyo, url, hit):
    klaviyo.meddle = missing(hit)
    outcome = machine.sync(url, "list_profiles", "lists", stream_options=SMALL, emit_activate_version_messages=True)
    assert outcome.code == 1
    assert [line for line in outcome.said("ERROR") if line.startswith("list_profiles: ")]
    assert "list_profiles" not in activated(outcome)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"data":null}', "'data' is null"),
        (b'{"data":null,"links":{"next":null}}', "'data' is null"),
        (b'{"data":[],"errors":[{"detail":"no shard","code":"x"}]}', "no shard"),
        (b'{"data":[{"type":"tag"}]}', "resources without an id"),
    ],
)
@row(
    "Status 200 with `data: null` for a list, or `errors` beside an empty `data`", "Asked again, then one line; exit 1"
)
def test_an_empty_page_has_to_say_so_itself(machine, klaviyo, url, body, words):
    klaviyo.meddle = rewriting(lambda _body: body, "/api/tags")
    outcome = machine.sync(url, "tags", "lists", emit_activate_version_messages=True)
    assert outcome.code == 1
    assert outcome.error.startswith("tags: ")
    assert words in outcome.error
    assert len(klaviyo.paths("/api/tags")) == 4
    assert "tags" not in activated(outcome)
    assert outcome.ids("lists") == klaviyo.ids("list")


@pytest.mark.parametrize("link", [7, True, {"href": "/api/tags"}, ["/api/tags"]])
@row("`links.next` that is neither a string nor null", "Asked again, then one line; exit 1")
def test_a_next_link_that_cannot_be_followed_is_no_end(machine, klaviyo, url, link):
    klaviyo.meddle = spoiling(lambda document: document["links"].update(next=link), "/api/lists")
    outcome = machine.sync(url, "lists")
    assert outcome.code == 1
    assert outcome.error.startswith("lists: ")
    assert len(klaviyo.paths("/api/lists")) == 4


def test_an_absent_next_link_is_the_end(machine, klaviyo, url):
    def change(document):
        if document["links"]["next"] is None:
            del document["links"]["next"]

    klaviyo.meddle = spoiling(change, "/api/lists")
    outcome = machine.sync(url, "lists")
    assert outcome.code == 0
    assert outcome.ids("lists") == klaviyo.ids("list")


@row("The only metric of an event stream is refused", "Nothing was asked: a failure and no empty table; exit 1")
def test_a_stream_of_which_nothing_could_be_asked_is_a_failure(machine, klaviyo, url):
    refused = {**GONE, "status": 400, "code": "invalid", "detail": "Metric IDs ['X'] do not exist."}

    def meddle(at, response):
        if at != "/api/events":
            return response
        return replace(response, status=400, body=json.dumps({"errors": [refused]}).encode())

    klaviyo.meddle = meddle
    entries = [{"name": "orders", "metric": "Placed Order"}]
    outcome = machine.sync(url, "orders", "lists", event_streams=entries)
    assert outcome.code == 1
    assert outcome.said("ERROR")[0].startswith("orders: ")
    assert outcome.ids("lists") == klaviyo.ids("list")


def test_a_custom_stream_knows_an_error_and_an_odd_link(machine, klaviyo, url):
    entries = [{"name": "labels", "path": "/api/tags", "primary_keys": ["id"]}]
    for body in (b'{"errors":[{"detail":"no shard"}],"data":[]}', b'{"data":[{"id":"1"}],"links":{"next":7}}'):
        klaviyo.meddle = rewriting(lambda _body, body=body: body, "/api/tags")
        outcome = machine.sync(url, "labels", custom_streams=entries)
        assert outcome.code == 1
        assert outcome.error.startswith("labels: ")
