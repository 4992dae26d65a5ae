"""What an event is attributed to: its columns, the table of attributions, and what they cost."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tap_klaviyo import contract
from tap_klaviyo.http import Origin
from tap_klaviyo.http.errors import PermissionDeniedError
from tap_klaviyo.pagination.source import Source
from tap_klaviyo.records.fieldsets import Ask
from tap_klaviyo.records.flatten import Flattener
from tap_klaviyo.records.jsonapi import parse_document
from tap_klaviyo.records.projection import Projection
from tap_klaviyo.records.record_selector import Shape
from tap_klaviyo.records.selection import choose
from tap_klaviyo.sandbox import Sandbox
from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.tap import TapKlaviyo
from tests.selection.syncing import discovered, keeping, only, select, sync

LINKED = {
    "attributed_event_id": "attributed-event",
    "attributed_campaign_id": "campaign",
    "attributed_campaign_message_id": "campaign-message",
    "attributed_flow_id": "flow",
    "attributed_flow_message_id": "flow-message",
    "attributed_variation_id": "flow-message-variation",
}
COLUMNS = ("attribution_ids", *LINKED)
EVENTS = TapKlaviyo(config={"api_url": "sandbox://"}).streams["events"]


def link(kind: str, *ids: str) -> dict[str, Any]:
    return {"data": [{"type": kind, "id": one} for one in ids]}


def event(number: int, *attributions: str) -> dict[str, Any]:
    attributes = {"timestamp": 1, "event_properties": {}, "datetime": "2024-01-01T00:00:00+00:00", "uuid": None}
    links = {"profile": {"data": None}, "metric": {"data": None}, "attributions": link("attribution", *attributions)}
    return {"type": "event", "id": f"e{number}", "attributes": attributes, "relationships": links}


def attribution(name: str, **linked: str) -> dict[str, Any]:
    links = {key.replace("_", "-"): {"data": {"type": "x", "id": value}} for key, value in linked.items()}
    return {"type": "attribution", "id": name, "relationships": {"flow": {"data": None}, **links}}


PAGE = {
    "data": [event(1, "A1", "A2"), event(2), {**event(3), "relationships": {}}, event(4, "GONE"), event(5, "A2")],
    "included": [
        attribution("A1", campaign="C1", campaign_message="M1", attributed_event="E0"),
        attribution("A2", flow="F1", flow_message="FM1", flow_message_variation="V1"),
    ],
}
RECORDS: list[dict[str, Any]] = [
    {"attribution_ids": ["A1", "A2"], "attributed_event_id": "E0", "attributed_campaign_id": "C1"}
    | {"attributed_campaign_message_id": "M1"},
    {},
    {},
    {"attribution_ids": ["GONE"]},
    {"attribution_ids": ["A2"], "attributed_flow_id": "F1", "attributed_flow_message_id": "FM1"}
    | {"attributed_variation_id": "V1"},
]


def test_the_first_attribution_fills_the_columns_on_both_ways():
    chosen = choose(EVENTS.columns, None)  # type: ignore[attr-defined]
    body = json.dumps(PAGE).encode()
    document = parse_document(body)
    flattener = Flattener(chosen, lambda _: None)
    slow = [flattener.record(resource, document.included, {}) for resource in document.data]
    projection = Projection.of(chosen, "datetime")
    assert projection is not None
    read = projection.parse(body)
    assert read is not None
    names = [choice.column.name for choice in chosen]
    fast = [
        {name: getattr(record, f"f{names.index(name)}") for name in COLUMNS} for record in projection.records(read, {})
    ]
    expected = [dict.fromkeys(COLUMNS) | found for found in RECORDS]
    assert [{name: record[name] for name in COLUMNS} for record in slow] == expected
    assert fast == expected


@pytest.mark.parametrize("relationships", [{"campaign": 5}, {"campaign": {"data": []}}, {"campaign": None}, None, {}])
def test_an_odd_attribution_leaves_null_on_both_ways(relationships):
    page = {"data": [event(1, "A1")], "included": [{"type": "attribution", "id": "A1", "relationships": relationships}]}
    chosen = choose(EVENTS.columns, None)  # type: ignore[attr-defined]
    maker = EVENTS.row_maker(EVENTS.beginning.begin()[0], Shape())  # type: ignore[attr-defined]
    (line,) = maker.page(maker.rows(maker.parse(json.dumps(page).encode()), {})).lines.splitlines()
    record = json.loads(line)["record"]
    assert record["attribution_ids"] == ["A1"]
    assert {record[name] for name in LINKED} == {None}
    assert len(record) == len(chosen)


def test_events_are_attributed_as_the_shop_says_at_no_request_more(shop, catalog):
    sandbox = Sandbox(shop)
    found = sync(sandbox, only(catalog, "events"))
    plain = sync(Sandbox(shop), select(only(catalog, "events"), "events", dict.fromkeys(COLUMNS, False)))
    assert len(found.requests) == len(plain.requests)
    assert all("attributions" not in params.get("include", "") for _, params in plain.requests)
    truth = {one.id: one for resource in shop.resources("event") for one in _of(shop, resource)}
    attributed = [record for record in found.records["events"] if record["attribution_ids"]]
    assert {one for record in attributed for one in record["attribution_ids"]} == truth.keys()
    for record in attributed:
        links = truth[record["attribution_ids"][0]].relationships
        assert {name: record[name] for name in LINKED} == {name: links.get(linked) for name, linked in LINKED.items()}
    others = [record for record in found.records["events"] if not record["attribution_ids"]]
    assert others
    assert {record[name] for record in others for name in COLUMNS} == {None}


def _of(shop, resource):
    return [shop.get("attribution", one) for one in resource.relationships["attributions"] or ()]


def test_an_attribution_is_asked_for_without_sparse_fields(shop, catalog):
    found = sync(Sandbox(shop), keeping(catalog, "events", ["id", "datetime", "attributed_flow_id"]))
    assert found.asked("/api/events")[0] == {"fields[event]": "datetime", "include": "attributions"}
    assert any(record["attributed_flow_id"] for record in found.records["events"])


@pytest.mark.parametrize(("kept", "columns"), [([], set()), (["id"], {"attribution_ids"})])
def test_fields_switch_them_off(kept, columns, shop):
    options = {"events": {"fields": {"attribution": kept}}}
    catalog = only(discovered(stream_options=options), "events")
    found = sync(Sandbox(shop), catalog, stream_options=options)
    assert columns == set(COLUMNS).intersection(found.schemas["events"]["properties"])
    assert found.asked("/api/events")[0]["include"] == ("attributions,metric" if columns else "metric")


def test_a_key_that_may_not_read_metrics_gets_the_attributions(shop, catalog):
    access = Access(scopes={"": {"events:read"}})
    found = sync(Sandbox(shop, access=access), only(catalog, "events"))
    assert {record["metric_name"] for record in found.records["events"]} == {None}
    assert any(record["attribution_ids"] for record in found.records["events"])


def test_a_row_per_event_and_attribution(shop, catalog):
    found = sync(Sandbox(shop), only(catalog, "event_attributions"))
    events = {resource.id: resource for resource in shop.resources("event")}
    truth = {(event, one.id): one for event, resource in events.items() for one in _of(shop, resource)}
    rows = {(row["event_id"], row["attribution_id"]): row for row in found.records["event_attributions"]}
    assert found.keys["event_attributions"] == ["event_id", "attribution_id"]
    assert rows.keys() == truth.keys()
    assert len(rows) == len(found.records["event_attributions"])
    for key, row in rows.items():
        links = truth[key].relationships
        assert {name: row[name] for name in LINKED} == {name: links.get(linked) for name, linked in LINKED.items()}
    newest = max(row["datetime"] for row in rows.values())
    assert found.bookmarks["event_attributions"]["replication_key_value"] == newest


def test_the_table_is_off_by_default_and_asks_of_an_event_its_date_alone(shop):
    streams = {entry["tap_stream_id"]: entry for entry in discovered()["streams"]}
    (root,) = [item for item in streams["event_attributions"]["metadata"] if not item["breadcrumb"]]
    assert root["metadata"]["selected-by-default"] is False
    found = sync(Sandbox(shop), only(discovered(), "event_attributions"))
    assert found.asked("/api/events")[0] == {"fields[event]": "datetime", "include": "attributions"}


def test_includes_that_are_refused_one_after_the_other_are_given_up_one_by_one(caplog):
    asked = []

    def fetch(request):
        include = dict(parse_qsl(urlsplit(request.url).query)).get("include")
        asked.append(include)
        if include is not None:
            raise PermissionDeniedError(include, label="", scopes=(), reason=None)
        return parse_document(b'{"data":[]}')

    wanted = Ask(include=("attributions", "metric"))
    endpoint = contract.newest().endpoint("/api/events")
    both = frozenset(wanted.include)
    source = Source("events", endpoint, Origin.of("https://a.klaviyo.com"), fetch, wanted, optional_includes=both)
    assert source.read(source.request()).data == []
    assert asked == ["attributions,metric", "attributions", None]
    assert source.read(source.request()).data == []
    assert asked[3:] == [None]
    assert len([line for line in caplog.messages if "so columns from it are null" in line]) == 2
