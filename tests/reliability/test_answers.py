"""Odd answers: none stops a sync, and none breaks a line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_klaviyo.sandbox.faults import Fault
from tests.http import faulty
from tests.reliability.cli import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = {"events": "event", "profiles": "profile", "lists": "list"}


def row(what, does):
    return pytest.mark.fault("Odd answers", what, does)


def rewriting(change, path="/api/"):
    """Change the bytes of answers whose path begins so."""

    def meddle(at, response):
        hit = response.status == 200 and at.startswith(path)
        return replace(response, body=change(response.body)) if hit else response

    return meddle


def spoiling(change, path="/api/"):
    """Change the JSON of answers whose path begins so."""

    def changed(body):
        document = json.loads(body)
        change(document)
        return json.dumps(document).encode()

    return rewriting(changed, path)


def each(change):
    """Change each primary resource and its attributes."""

    def all_of(document):
        for resource in document["data"] if isinstance(document["data"], list) else []:
            change(resource["attributes"], resource)

    return all_of


def all_there(outcome, klaviyo, *streams):
    assert outcome.code == 0, outcome.complaints
    assert outcome.said("ERROR") == []
    for stream in streams or STREAMS:
        assert outcome.ids(stream) == klaviyo.ids(STREAMS[stream])


@row("Resources without `relationships`", "Their ids are null; every record is there")
def test_no_relationships(machine, klaviyo, url):
    klaviyo.faults.add(Fault("missing-relationships", rate=1.0))
    outcome = machine.sync(url, *STREAMS)
    all_there(outcome, klaviyo)
    assert {record["profile_id"] for record in outcome.records("events")} == {None}


@row("Every attribute is null", "The columns are null; every record is there, once")
def test_null_attributes(machine, klaviyo, url):
    klaviyo.faults.add(Fault("null-attributes", rate=1.0, path="/api/lists"))
    outcome = machine.sync(url, "lists")
    all_there(outcome, klaviyo, "lists")
    assert {record["name"] for record in outcome.records("lists")} == {None}


@row("A replication key that is null or no date-time in some rows", "They are written; the bookmark follows the others")
def test_null_replication_key(machine, klaviyo, url):
    odd: Iterator[object] = iter([None, "yesterday", "", 7, {}])

    def change(attributes, _resource):
        attributes["updated"] = next(odd, attributes["updated"])

    klaviyo.meddle = spoiling(each(change), "/api/lists")
    outcome = machine.sync(url, "lists")
    all_there(outcome, klaviyo, "lists")
    assert outcome.state["lists"]["replication_key_value"].startswith("20")


@row("An attribute that the contract does not know", "One warning that names it and the stream; it is left out")
def test_unknown_attribute(machine, klaviyo, url):
    klaviyo.faults.add(Fault("unknown-attributes", rate=1.0, path="/api/lists"))
    outcome = machine.sync(url, "lists", "events")
    all_there(outcome, klaviyo, "lists", "events")
    assert "brand_new" in outcome.warning
    assert outcome.warning.startswith("lists: ")
    assert not any("brand_new" in record for record in outcome.records("lists"))


@row("Numbers that come as text", "They are numbers again")
def test_numbers_as_text(machine, klaviyo, url):
    straight = machine.sync(url, "profiles")
    klaviyo.faults.add(Fault("numbers-as-text", rate=1.0))
    outcome = machine.sync(url, "profiles")
    all_there(outcome, klaviyo, "profiles")
    assert outcome.records("profiles") == straight.records("profiles")


@pytest.mark.parametrize("value", ["north", [1], True])
@row("Text, a list or a boolean where an object was promised", "The column is null; one warning; the record is there")
def test_wrong_type(machine, klaviyo, url, value):
    klaviyo.meddle = spoiling(each(lambda attributes, _: attributes.update(location=value)), "/api/profiles")
    outcome = machine.sync(url, "profiles")
    all_there(outcome, klaviyo, "profiles")
    assert [record["location"] for record in outcome.records("profiles")] == [None] * len(klaviyo.ids("profile"))
    assert outcome.warning.startswith("profiles: a value of 'location' in Klaviyo's response does not match its type")


@row("Null where an object was promised, at any depth", "The column is null; every record is there")
def test_null_objects(machine, klaviyo, url):
    turns = iter(range(10_000))

    def change(attributes, resource):
        for name, value in attributes.items():
            if isinstance(value, dict):
                attributes[name] = dict.fromkeys(value) if next(turns) % 2 else None
        resource["relationships"] = resource["links"] = None

    klaviyo.meddle = spoiling(each(change))
    all_there(machine.sync(url, *STREAMS), klaviyo)


@pytest.mark.parametrize("value", [None, "gone", [], 0])
@row("`attributes` and `relationships` that are null, text or a list", "The columns are null; every record is there")
def test_no_attributes(machine, klaviyo, url, value):
    klaviyo.meddle = spoiling(each(lambda _, resource: resource.update(attributes=value, relationships=value)))
    outcome = machine.sync(url, *STREAMS)
    assert outcome.code == 0
    for stream, kind in STREAMS.items():
        assert set(outcome.ids(stream)) == set(klaviyo.ids(kind))


@row("Date-times with a space, as events have them", "RFC 3339 with a `T`; nothing is lost at the edges of windows")
def test_date_times(machine, klaviyo, url):
    def change(attributes, _resource):
        attributes["datetime"] = attributes["datetime"].replace("T", " ")

    klaviyo.meddle = spoiling(each(change), "/api/events")
    outcome = machine.sync(url, "events")
    all_there(outcome, klaviyo, "events")
    assert all("T" in record["datetime"] for record in outcome.records("events"))


SMALL = {"lists": {"page_size": 2}}


@row("The same rows on two pages in a row", "Each record comes once")
def test_duplicate_page(machine, klaviyo, url):
    pages = []

    def change(document):
        pages.append(document["data"])
        if len(pages) == 2:
            document["data"] = pages[0]

    klaviyo.meddle = spoiling(change, "/api/lists")
    outcome = machine.sync(url, "lists", stream_options=SMALL)
    left_out = {resource["id"] for resource in pages[1]}
    assert outcome.ids("lists") == [one for one in klaviyo.ids("list") if one not in left_out]


@row("An empty page with a next link", "The link is followed")
def test_empty_page(machine, klaviyo, url):
    left_out: list[str] = []

    def change(document):
        if not left_out:
            left_out.extend(resource["id"] for resource in document["data"])
            document["data"] = []

    klaviyo.meddle = spoiling(change, "/api/lists")
    outcome = machine.sync(url, "lists", stream_options=SMALL)
    assert len(left_out) == 2
    assert outcome.ids("lists") == [one for one in klaviyo.ids("list") if one not in left_out]


@row(
    "A next link that leads to the same page", "One line that says so; bookmark untouched; the others are read; exit 1"
)
def test_loop(machine, klaviyo, url):
    klaviyo.faults.add(Fault("next-repeats", rate=1.0, path="/api/lists"))
    outcome = machine.sync(url, "lists", "events")
    assert outcome.code == 1
    assert outcome.error.startswith("lists: ")
    assert "points to a page that was already read" in outcome.error
    assert len(klaviyo.paths("/api/lists")) <= 3
    assert outcome.ids("events") == klaviyo.ids("event")


@row("Next links that go round in a circle", "The same")
def test_circle(machine, klaviyo, url):
    klaviyo.faults.add(Fault("next-first", rate=1.0, path="/api/lists"))
    outcome = machine.sync(url, "lists", stream_options=SMALL)
    assert outcome.code == 1
    assert "points to a page that was already read" in outcome.error


@row("A next link to another host", "Refused in one line before anything is sent there; the others are read; exit 1")
def test_foreign_link(machine, klaviyo, url):
    with faulty.serving() as elsewhere:
        klaviyo.faults.add(Fault("next-foreign", rate=1.0, path="/api/lists", value=elsewhere.url))
        outcome = machine.sync(url, "lists", "events")
        assert elsewhere.paths == []
    assert outcome.code == 1
    assert outcome.error.startswith("lists: ") or "GET /api/lists" in outcome.error
    assert "a link points away from http://127.0.0.1" in outcome.error
    assert outcome.ids("events") == klaviyo.ids("event")


@pytest.mark.parametrize(
    "link", ["https://127.0.0.1/api/lists", "ftp://x/", "http://[", "/api/x", "http://me@127.0.0.1/"]
)
@row("A next link with another scheme, with a user name, or that is no URL", "The same")
def test_odd_link(machine, klaviyo, url, link):
    klaviyo.meddle = spoiling(lambda document: document["links"].update(next=link), "/api/lists")
    outcome = machine.sync(url, "lists")
    assert outcome.code == 1
    assert "a link points away" in outcome.error


@row("A redirect to another origin", "Refused in one line; the key is not sent there; exit 1")
def test_foreign_redirect(machine, klaviyo, url):
    with faulty.serving() as elsewhere:
        klaviyo.faults.add(Fault("redirect", rate=1.0, path="/api/lists", value=elsewhere.url))
        outcome = machine.sync(url, "lists", "events")
        assert elsewhere.paths == []
    assert outcome.code == 1
    assert "a link points away" in outcome.error
    assert outcome.ids("events") == klaviyo.ids("event")


@row("A redirect within the origin", "Followed, with the key")
def test_own_redirect(machine, klaviyo, url):
    klaviyo.faults.add(Fault("redirect", on=frozenset({1}), path="/api/lists", value=url))
    all_there(machine.sync(url, "lists"), klaviyo, "lists")
    assert set(klaviyo.authorizations) == {f"Klaviyo-API-Key {KEY}"}


@row("Redirects without an end", "Three are followed, then one line; exit 1")
def test_endless_redirect(machine, klaviyo, url):
    klaviyo.faults.add(Fault("redirect", rate=1.0, path="/api/lists", value=url))
    outcome = machine.sync(url, "lists")
    assert outcome.code == 1
    assert outcome.error.startswith("lists: ")
    assert len(klaviyo.paths("/api/lists")) == 4


@row("JSON nested 200 levels deep", "Written as it came")
def test_deep(machine, klaviyo, url):
    klaviyo.faults.add(Fault("deep", rate=1.0, path="/api/events", value=200))
    outcome = machine.sync(url, "events")
    all_there(outcome, klaviyo, "events")
    assert str(outcome.records("events")[0]["event_properties"]).count("down") == 200


@row("JSON nested 100,000 levels deep", "What lies deeper than 200 levels is null; one warning; every record is there")
def test_endlessly_deep(machine, klaviyo, url):
    nest = b'"event_properties":{"odd":' + b'{"a":[' * 50_000 + b"1" + b"]}" * 50_000 + b","
    klaviyo.meddle = rewriting(lambda body: body.replace(b'"event_properties":{"', nest + b'"', 1), "/api/events")
    outcome = machine.sync(url, "events")
    all_there(outcome, klaviyo, "events")
    # It takes a busy machine seconds to read, and the clock of the test stands still meanwhile.
    said = [line for line in outcome.said("WARNING") if "clock" not in line]
    assert len(said) == 1
    assert said[0].startswith("events: ")
    assert "nested too deep" in said[0]


@row("A lone surrogate in a text", "Replaced by U+FFFD; one warning; every record is there")
def test_surrogate(machine, klaviyo, url):
    klaviyo.meddle = rewriting(lambda body: body.replace(b'"first_name":"', b'"first_name":"\\ud800'), "/api/profiles")
    outcome = machine.sync(url, "profiles")
    all_there(outcome, klaviyo, "profiles")
    names = [record["first_name"] or "" for record in outcome.records("profiles")]
    assert any(name.startswith("\ufffd") for name in names)
    assert not any("\ud800" in name for name in names)
    assert outcome.warning.startswith("profiles: a response contains an invalid Unicode character")


def with_number(klaviyo, number):
    """Give the first event of each answer a number among its properties."""
    odd = b'"event_properties":{"odd":' + number + b',"odder":[{"deep":' + number + b"}],"
    klaviyo.meddle = rewriting(lambda body: body.replace(b'"event_properties":{"', odd + b'"', 1), "/api/events")


def odd_numbers(outcome):
    found = [record["event_properties"] or {} for record in outcome.records("events")]
    found = [properties for properties in found if "odd" in properties]
    assert found
    return [value for properties in found for value in (properties["odd"], properties["odder"][0]["deep"])]


@pytest.mark.parametrize("value", [b"NaN", b"-Infinity"], ids=["nan", "inf"])
@row("`NaN` and `Infinity`", "Null, so that the line is standard JSON; every record is there")
def test_no_number(machine, klaviyo, url, value):
    with_number(klaviyo, value)
    outcome = machine.sync(url, "events")
    all_there(outcome, klaviyo, "events")
    assert set(odd_numbers(outcome)) == {None}
    assert b"NaN" not in outcome.stdout
    assert b"Infinity" not in outcome.stdout


@pytest.mark.parametrize("value", [b"9" * 309, b"-" + b"1" * 5_000, b"1" * 5_000 + b".5"], ids=["309", "5000", "point"])
@row("A number of more than 308 digits, which ends most targets", "Its text; every record is there")
def test_long_number(machine, klaviyo, url, value):
    with_number(klaviyo, value)
    outcome = machine.sync(url, "events")
    all_there(outcome, klaviyo, "events")
    assert set(odd_numbers(outcome)) == {value.decode()}


@row(
    "`1e999`, a number that no float holds",
    "As it came in a free-form object; null, and one warning, in a typed column",
)
def test_large_exponent(machine, klaviyo, url):
    with_number(klaviyo, b"1e999")
    outcome = machine.sync(url, "events")
    all_there(outcome, klaviyo, "events")
    assert b'"odd":1e999,' in outcome.stdout
    klaviyo.meddle = rewriting(lambda body: re.sub(rb'"timestamp": ?\d+', b'"timestamp":1e999', body), "/api/events")
    outcome = machine.sync(url, "events")
    all_there(outcome, klaviyo, "events")
    assert {record["timestamp"] for record in outcome.records("events")} == {None}
    assert outcome.warning.startswith("events: a value of 'timestamp' in Klaviyo's response does not match its type")


@row("Bytes that are not UTF-8", "Replaced by U+FFFD; every record is there")
def test_no_utf8(machine, klaviyo, url):
    klaviyo.meddle = rewriting(lambda body: body.replace(b'"name":"List', b'"name":"\xff\xc3List'))
    outcome = machine.sync(url, "lists")
    all_there(outcome, klaviyo, "lists")
    assert any("\ufffd" in record["name"] for record in outcome.records("lists"))


@pytest.mark.parametrize("line_break", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@row("Pretty-printed JSON with line breaks", "One line a record all the same")
def test_pretty(machine, klaviyo, url, line_break):
    klaviyo.meddle = rewriting(lambda body: json.dumps(json.loads(body), indent=2).encode().replace(b"\n", line_break))
    all_there(machine.sync(url, *STREAMS), klaviyo)


@row("Unicode line separators and control characters in a text", "One line a record all the same")
def test_separators(machine, klaviyo, url):
    odd = "a\u2028b\u2029c\u0085d\ne\x0bf\x1cg"
    klaviyo.meddle = spoiling(each(lambda attributes, _: attributes.update(name=odd)), "/api/lists")
    outcome = machine.sync(url, "lists")
    all_there(outcome, klaviyo, "lists")
    assert {record["name"] for record in outcome.records("lists")} == {odd}


@row("A byte order mark before the JSON", "Read without it")
def test_bom(machine, klaviyo, url):
    klaviyo.meddle = rewriting(lambda body: b"\xef\xbb\xbf" + body, "/api/lists")
    all_there(machine.sync(url, "lists"), klaviyo, "lists")


NO_DOCUMENTS = [b"[]", b"{}", b'{"links":{}}', b'{"data":"x"}', b'{"data":7,"links":null}', b'{"errors":[]}']


@pytest.mark.parametrize("body", NO_DOCUMENTS)
@row(
    "Status 200 with JSON that has no `data`", "No empty page: asked again, then one line; the others are read; exit 1"
)
def test_no_document(machine, klaviyo, url, body):
    klaviyo.meddle = rewriting(lambda _body: body, "/api/lists")
    outcome = machine.sync(url, "lists", "profiles")
    assert outcome.code == 1
    assert outcome.error.startswith("lists: ")
    assert "broken JSON" in outcome.error
    assert outcome.ids("profiles") == klaviyo.ids("profile")


@pytest.mark.parametrize("value", [None, "x", 7, [], {}])
@row("`included` or `links` that are null or of another type", "Read without them")
def test_no_included(machine, klaviyo, url, value):
    def change(document):
        document["included"] = value
        if not document["links"].get("next"):
            document["links"] = value

    klaviyo.meddle = spoiling(change)
    all_there(machine.sync(url, *STREAMS), klaviyo)


@row("An id that is a number", "Its text is the key")
def test_number_id(machine, klaviyo, url):
    numbers = iter(range(1, 1000))
    klaviyo.meddle = spoiling(each(lambda _, resource: resource.update(id=next(numbers))), "/api/lists")
    outcome = machine.sync(url, "lists")
    assert outcome.code == 0
    assert {record["id"] for record in outcome.records("lists")} == {
        str(number) for number in range(1, 1 + len(klaviyo.ids("list")))
    }


@row("The same member twice in one object", "The last one counts")
def test_twice(machine, klaviyo, url):
    klaviyo.meddle = rewriting(lambda body: body.replace(b'"name":"', b'"name":"first","name":"'), "/api/lists")
    outcome = machine.sync(url, "lists")
    all_there(outcome, klaviyo, "lists")
    assert "first" not in {record["name"] for record in outcome.records("lists")}
