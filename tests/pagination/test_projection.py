"""The fast way gives the same records as the flattener, and whole syncs the same messages as the SDK's own path."""

import json
from dataclasses import replace
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.records import selection
from tap_klaviyo.records.checks import OddPageError
from tap_klaviyo.records.flatten import Flattener
from tap_klaviyo.records.jsonapi import parse_document
from tap_klaviyo.records.projection import Projection
from tap_klaviyo.records.record_selector import Shape
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.syncing import REPORTS_BEGUN, TODAY

TAP = TapKlaviyo(config={"api_url": "sandbox://"})
CHOSEN = selection.choose(TAP.streams["events"].columns, None)  # type: ignore[attr-defined]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "NaN", "12", "12.5", "true", "2024-02-29 10:00:00+00:00", "May 5, 2021", "emoji 🎈", 'a\nb\\"']
    ),
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
properties = st.dictionaries(
    st.sampled_from(["$flow", "$message", "$value", "value", "Campaign Name", "$variation", "extra", "$event_id"]),
    json_values,
    max_size=6,
)
stamps = st.sampled_from(
    [
        "2024-03-31T01:59:59+00:00",
        "2024-12-31 23:59:59.999999+00:00",
        "2024-01-01T00:00:00Z",
        "2021-05-17 23:43:50",
        None,
    ]
)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "type": "event",
        "id": draw(st.text(min_size=1, max_size=8)),
        "attributes": {
            "timestamp": draw(st.one_of(st.integers(), st.none(), scalars)),
            "event_properties": draw(st.one_of(properties, properties, properties, scalars)),
            "datetime": draw(st.one_of(stamps, stamps, scalars)),
            "uuid": draw(st.one_of(st.text(max_size=5), scalars)),
            **draw(st.dictionaries(st.sampled_from(["new", "newer"]), json_values)),
        },
        "relationships": draw(
            st.sampled_from(
                [
                    {
                        "profile": {"data": {"type": "profile", "id": "P1"}},
                        "metric": {"data": {"type": "metric", "id": "M1"}},
                    },
                    {"profile": {"data": None}, "metric": {"links": {"self": "x"}}},
                    {"metric": {"data": [{"type": "metric", "id": "M1"}]}},
                    {},
                    None,
                ]
            )
        ),
    }


included = st.sampled_from(
    [
        [{"type": "metric", "id": "M1", "attributes": {"name": "Placed Order"}}],
        [{"type": "metric", "id": "M1", "attributes": {"name": 5}}, {"type": "profile", "id": "M1"}],
        [{"type": "metric", "id": "M1", "attributes": None}],
        [],
        None,
    ]
)


@given(st.lists(events(), max_size=4), included)
def test_the_same_records_as_the_flattener(data, included_resources):
    body = json.dumps({"data": data, "included": included_resources, "links": {"next": None}}).encode()
    projection = Projection.of(CHOSEN, "datetime")
    assert projection is not None
    document = parse_document(body)
    flattener = Flattener(CHOSEN, lambda _column: None)
    expected = [flattener.record(resource, document.included, {}) for resource in document.data]
    fast = projection.parse(body)
    if fast is None or not projection.reads(fast):
        return
    try:
        records = projection.records(fast, {})
        projection.instants(records)
    except OddPageError:
        return
    assert decoded(records) == decoded(expected)


def test_a_usual_page_is_read_the_fast_way():
    event = {
        "type": "event",
        "id": "e1",
        "attributes": {
            "timestamp": 1,
            "event_properties": {"$flow": "F", "$message": "M", "$value": 10**30},
            "datetime": "2024-03-31 01:59:59.5+00:00",
            "uuid": None,
        },
        "relationships": {"profile": {"data": None}, "metric": {"data": {"type": "metric", "id": "M1"}}},
    }
    names = [{"type": "metric", "id": "M1", "attributes": {"name": "Placed Order"}}]
    projection = Projection.of(CHOSEN, "datetime")
    assert projection is not None
    fast = projection.parse(json.dumps({"data": [event], "included": names}).encode())
    assert fast is not None
    (record,) = decoded(projection.records(fast, {}))
    assert record["datetime"] == "2024-03-31T01:59:59.500000+00:00"
    assert record["value"] == 10**30
    assert (record["flow_id"], record["flow_message_id"], record["campaign_id"]) == ("F", "M", None)
    assert (record["metric_id"], record["metric_name"], record["profile_id"]) == ("M1", "Placed Order", None)
    assert record["event_properties"] == event["attributes"]["event_properties"]  # type: ignore[index]


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":[{"type":"event","id":"e","attributes":{"event_properties":{"a":"\\ud800"}}}]}',
        b'{"data":[{"type":"event","id":"e","attributes":{"event_properties":{"a":\n "\\ud800"}}}]}',
        b'{"data":[{"type":"event","id":"e","attributes":{"event_properties":{"a":NaN}}}]}',
        b'{\n "data": [{"type":"event","id":"e","attributes":{"event_properties":{"a":\n 1}}}]}',
        b'{"data":[{"type":"event","id":"e","attributes":{"event_properties":{"a":"\xff"}}}]}',
        b'{"data":[{"type":"event","id":7,"attributes":"none"}],"links":[]}',
    ],
)
def test_odd_bytes_become_whole_lines(body):
    stream: Any = TAP.streams["events"]
    sync, _ = stream.beginning.begin()
    maker = stream.row_maker(replace(sync, chosen=CHOSEN), Shape())
    page = maker.page(maker.rows(maker.parse(body), {}))
    assert page.count == 1
    assert page.lines.count(b"\n") == 1
    assert json.loads(page.lines)["record"]["id"] in {"e", "7"}


@pytest.mark.parametrize(("name", "value"), [("properties", "none"), ("updated", "2024-02-30T10:00:00+00:00")])
def test_a_page_with_an_odd_value_is_left_to_the_flattener(name, value):
    stream: Any = TAP.streams["profiles"]
    sync, _ = stream.beginning.begin()
    maker = stream.row_maker(sync, Shape())
    attributes = {"updated": "2024-03-31T01:59:59+00:00", "properties": {}, name: value}
    resource = {"type": "profile", "id": "P", "attributes": attributes}
    document = maker.parse(json.dumps({"data": [resource]}).encode())
    assert document.body, "the compiled types take it"
    (record,) = maker.rows(document, {}).records
    assert (record["id"], record[name]) == ("P", None)


def decoded(records: Any) -> Any:
    return json.loads(msgspec.json.encode(records))


def messages(capfdbinary: pytest.CaptureFixture[bytes], shop: Shop, *, fast: bool) -> list[dict[str, Any]]:
    tap = TapKlaviyo(config={"api_url": "sandbox://"}, state=REPORTS_BEGUN, now=TODAY)
    for stream in tap.streams.values():
        stream.selected = True
        stream.ABORT_AT_RECORD_COUNT = None if fast else 1_000_000  # with a bound the SDK writes each record
    with mock.patch("tap_klaviyo.sandbox.shared", return_value=Sandbox(shop, now=lambda: TODAY)):
        tap.sync_once()
    lines = capfdbinary.readouterr().out.splitlines()
    found = [json.loads(line) for line in lines]
    return [
        # A version says when its sync began.
        {key: key == "version" or value for key, value in message.items() if key != "time_extracted"}
        for message in found
        if message["type"] != "STATE"
    ]


def test_every_stream_writes_the_messages_of_the_sdk(capfdbinary):
    shop = Shop(events=1200, profiles=120)
    fast = messages(capfdbinary, shop, fast=True)
    slow = messages(capfdbinary, shop, fast=False)
    assert len(fast) == len(slow)
    for left, right in zip(fast, slow, strict=True):
        assert left == right
    assert {message["stream"] for message in fast if message["type"] == "RECORD"} >= {
        "events",
        "profiles",
        "list_profiles",
    }
