"""Reports and metric aggregates: strict about what is asked, and true to the shop's events and members."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tap_klaviyo.sandbox import Behaviour, Resource, Sandbox, Shop
from tap_klaviyo.sandbox.document import load
from tap_klaviyo.sandbox.ledger import value_of
from tap_klaviyo.sandbox.timeframes import span_of

REVISION = {"revision": "2026-07-15", "content-type": "application/json"}
YEAR = {"start": "2024-01-01T00:00:00", "end": "2024-12-30T23:59:59"}
BOUNDS = ["greater-or-equal(datetime,2024-03-01T00:00:00)", "less-than(datetime,2024-04-30T00:00:00)"]
MONTHS = {"start": "2024-03-01T00:00:00", "end": "2024-04-29T23:00:00"}


def metric(shop: Shop, name: str, integration: str | None = None) -> str:
    return next(
        one.id
        for one in shop.resources("metric")
        if one.attributes["name"] == name
        and (integration is None or one.attributes["integration"]["name"] == integration)
    )


def body(kind: str, **attributes: Any) -> dict[str, Any]:
    """Return a body that is accepted, with some attributes changed; None takes one away."""
    asked: dict[str, Any] = {"timeframe": MONTHS, "statistics": ["opens", "conversions"]}
    if kind.startswith(("form", "segment")):
        asked["statistics"] = ["submits"] if kind.startswith("form") else ["members_added"]
    else:
        asked["conversion_metric_id"] = "RIGHT"
    if "series" in kind:
        asked["interval"] = "daily"
    if kind == "metric-aggregate":
        asked = {
            "metric_id": "RIGHT",
            "measurements": ["count"],
            "filter": BOUNDS,
        }
    kept = {name: value for name, value in {**asked, **attributes}.items() if value is not None}
    return {"data": {"type": kind, "attributes": kept}}


def path(kind: str) -> str:
    return f"/api/{kind}s"


def post(sandbox: Sandbox, target: str, asked: Any) -> tuple[int, dict[str, Any]]:
    text = json.dumps(asked).replace("RIGHT", metric(sandbox.shop, "Placed Order", "Shopify"))
    status, _, answer = sandbox.handle("POST", target, REVISION, text.encode())
    return status, json.loads(answer)


def results(sandbox: Sandbox, kind: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the results of all pages."""
    found, target = [], path(kind)
    while target:
        status, answer = post(sandbox, target, asked)
        assert status == 200, answer
        found += answer["data"]["attributes"]["results"]
        target = answer["links"]["next"]
    return found


def opened(shop: Shop, zone: str, where: str) -> Counter[str]:
    """Count the opened messages of the time frame by local day, straight from the shop."""
    found: Counter[str] = Counter()
    for event in shop.resources("event"):
        linked = shop.get("metric", str(event.relationships["metric"]))
        properties = event.attributes["event_properties"] or {}
        owner = "flow" if "$flow" in properties else "campaign" if "$message" in properties else None
        if linked is not None and linked.attributes["name"] == "Opened Email" and owner == where:
            local = datetime.fromisoformat(event.attributes["datetime"]).astimezone(ZoneInfo(zone))
            if "2024-03-01" <= local.date().isoformat() <= "2024-04-29":
                found[local.date().isoformat()] += 1
    return found


KINDS = [
    *("campaign-values-report", "flow-values-report", "flow-series-report", "form-values-report"),
    *("form-series-report", "segment-values-report", "segment-series-report", "metric-aggregate"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_proper_question_is_answered(sandbox: Sandbox, kind: str) -> None:
    status, answer = post(sandbox, path(kind), body(kind))
    assert status == 200
    assert answer["data"]["type"] == kind
    assert sandbox.refused == 0


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_every_statistic_of_the_document_is_answered(sandbox: Sandbox, kind: str) -> None:
    schema = load("2026-07-15").request_schema("POST", path(kind))
    attributes = load("2026-07-15").properties(
        load("2026-07-15").properties(load("2026-07-15").properties(schema)["data"])["attributes"]
    )
    names = attributes["statistics"]["items"]
    known = load("2026-07-15").resolve(names)["enum"]
    found = results(sandbox, kind, body(kind, statistics=known))
    assert found
    assert all(set(one["statistics"]) == set(known) for one in found)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("campaign-values-report", {"statistics": ["open"]}),
        ("campaign-values-report", {"statistics": []}),
        ("campaign-values-report", {"statistics": ["opens", "opens"]}),
        ("campaign-values-report", {"conversion_metric_id": None}),
        ("campaign-values-report", {"conversion_metric_id": "nothing"}),
        ("campaign-values-report", {"group_by": ["campaign_id"]}),
        ("campaign-values-report", {"group_by": ["campaign_id", "campaign_message_id", "flow_id"]}),
        ("campaign-values-report", {"interval": "daily"}),
        ("campaign-values-report", {"timeframe": {"key": "last_fortnight"}}),
        ("campaign-values-report", {"timeframe": {"start": "2024-01-01T00:00:00"}}),
        ("campaign-values-report", {"timeframe": {"start": "2024-01-01", "end": "2024-01-02T00:00:00"}}),
        ("campaign-values-report", {"timeframe": {"start": "then", "end": "2024-01-02T00:00:00"}}),
        ("campaign-values-report", {"timeframe": {"start": "2024-01-02T05:00:00", "end": "2024-01-02T04:00:00"}}),
        ("campaign-values-report", {"timeframe": {"start": "2023-01-01T00:00:00", "end": "2024-01-01T00:00:00"}}),
        ("campaign-values-report", {"filter": "equals(send_channel,'fax')"}),
        ("campaign-values-report", {"filter": "equals(send_channel,'sms'),contains-any(send_channel,['email'])"}),
        ("campaign-values-report", {"filter": "any(campaign_id,['a'])"}),
        ("campaign-values-report", {"filter": f"contains-any(campaign_id,{[str(n) for n in range(101)]})"}),
        ("flow-series-report", {"interval": None}),
        ("flow-series-report", {"interval": "day"}),
        ("flow-series-report", {"interval": "hourly"}),
        ("flow-series-report", {"timeframe": {**MONTHS, "end": "2024-04-30T00:00:00"}}),
        ("flow-series-report", {"interval": "monthly", "timeframe": {**YEAR, "end": "2024-12-31T00:00:00"}}),
        ("form-values-report", {"conversion_metric_id": "RIGHT"}),
        ("form-values-report", {"group_by": ["form_version_id"]}),
        ("segment-values-report", {"group_by": ["segment_id"]}),
        ("segment-values-report", {"timeframe": {"start": "2023-05-31T00:00:00", "end": "2023-06-30T00:00:00"}}),
        ("metric-aggregate", {"metric_id": "nothing"}),
        ("metric-aggregate", {"measurements": ["sum"]}),
        ("metric-aggregate", {"by": ["Campaign"]}),
        ("metric-aggregate", {"timezone": "Europe/Kyiv"}),
        ("metric-aggregate", {"timezone": "america/new_york"}),
        ("metric-aggregate", {"interval": "daily"}),
        ("metric-aggregate", {"page_size": 499}),
        ("metric-aggregate", {"page_size": 0}),
        ("metric-aggregate", {"sort": "count"}),
        ("metric-aggregate", {"page_cursor": "edited"}),
        ("metric-aggregate", {"filter": ["greater-or-equal(datetime,2024-03-01T00:00:00)"]}),
        (
            "metric-aggregate",
            {"filter": ["greater-or-equal(datetime,2023-01-01T00:00:00)", "less-than(datetime,2024-01-03T00:00:00)"]},
        ),
        (
            "metric-aggregate",
            {"filter": ["greater-or-equal(datetime,2023-01-01T00:00:00)", "less-than(datetime,2022-01-03T00:00:00)"]},
        ),
        ("metric-aggregate", {"filter": [*BOUNDS, "has(URL)"]}),
        ("metric-aggregate", {"filter": [*BOUNDS, "greater-or-equal(datetime,2024-03-02T00:00:00)"]}),
        ("metric-aggregate", {"filter": ["greater-or-equal(datetime,2024-02-30T00:00:00)", BOUNDS[1]]}),
    ],
)
def test_a_wrong_question_is_refused(sandbox: Sandbox, kind: str, changes: dict[str, Any]) -> None:
    asked = body(kind, **changes)
    if "group_by" in changes and changes["group_by"] == []:
        asked["data"]["attributes"]["group_by"] = []
    assert post(sandbox, path(kind), asked)[0] == 400
    assert sandbox.refused == 1


@pytest.mark.parametrize("asked", [None, [], {"data": []}, {"data": {"type": "event", "attributes": {}}}])
def test_a_body_of_another_shape_is_refused(sandbox: Sandbox, asked: Any) -> None:
    assert post(sandbox, path("form-values-report"), asked)[0] == 400


def test_a_body_that_is_no_json_is_refused(sandbox: Sandbox) -> None:
    status, _, answer = sandbox.handle("POST", path("form-values-report"), REVISION, b'{"data":')
    assert (status, json.loads(answer)["errors"][0]["detail"]) == (400, "The body is not JSON.")


def test_null_says_as_much_as_nothing(sandbox: Sandbox) -> None:
    plain, nulls = body("metric-aggregate"), body("metric-aggregate")
    nulls["data"]["attributes"] |= dict.fromkeys(("by", "interval", "page_size", "return_fields", "timezone"))
    (_, expected), (status, found) = (post(sandbox, path("metric-aggregate"), one) for one in (plain, nulls))
    assert status == 200
    assert found["data"]["attributes"] == expected["data"]["attributes"]
    nulls["data"]["attributes"]["measurements"] = None
    assert post(sandbox, path("metric-aggregate"), nulls)[0] == 400


NAMED = {
    "today": ("2026-03-14", "2026-03-15"),
    "yesterday": ("2026-03-13", "2026-03-14"),
    "this_week": ("2026-03-09", "2026-03-15"),
    "last_week": ("2026-03-02", "2026-03-09"),
    "this_month": ("2026-03-01", "2026-03-15"),
    "last_month": ("2026-02-01", "2026-03-01"),
    "this_year": ("2026-01-01", "2026-03-15"),
    "last_year": ("2025-01-01", "2026-01-01"),
    "last_7_days": ("2026-03-07", "2026-03-14"),
    "last_30_days": ("2026-02-12", "2026-03-14"),
    "last_90_days": ("2025-12-14", "2026-03-14"),
    "last_365_days": ("2025-03-14", "2026-03-14"),
    "last_3_months": ("2025-12-01", "2026-03-01"),
    "last_12_months": ("2025-03-01", "2026-03-01"),
}


def test_named_timeframes_are_whole_days_of_the_account(shop: Shop) -> None:
    now = datetime(2026, 3, 15, 3, 30, tzinfo=UTC)  # Saturday still, in New York
    zone = ZoneInfo("America/New_York")
    spans = {key: span_of({"key": key}, zone, now) for key in NAMED}
    assert {key: (f"{span.start:%F}", f"{span.end:%F}") for key, span in spans.items()} == NAMED
    assert all(f"{one:%T}" == "00:00:00" for span in spans.values() for one in (span.start, span.end))
    document = load("2026-07-15")
    named = document.properties({"$ref": "#/components/schemas/Timeframe"})["key"]
    assert set(document.resolve(named)["enum"]) == set(NAMED)
    sandbox = Sandbox(shop, now=lambda: now)
    asked = [body("form-values-report", timeframe={"key": key}) for key in NAMED]
    assert {post(sandbox, path("form-values-report"), one)[0] for one in asked} == {200}


def test_klaviyo_s_own_metrics_are_no_conversion_metrics(sandbox: Sandbox) -> None:
    asked = body("flow-values-report", conversion_metric_id=metric(sandbox.shop, "Opened Email"))
    status, answer = post(sandbox, path("flow-values-report"), asked)
    assert status == 400
    assert answer["errors"][0]["detail"] == "Passed in conversion metric does not support querying for values data"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Tongatapu"])
def test_a_daily_series_adds_up_to_the_events_of_each_local_day(zone: str) -> None:
    shop = Shop(events=12_000)
    shop.update("account", "AbC123", timezone=zone)
    sandbox = Sandbox(shop)
    expected = opened(shop, zone, "flow")
    status, answer = post(sandbox, path("flow-series-report"), body("flow-series-report"))
    dates = [text[:10] for text in answer["data"]["attributes"]["date_times"]]
    found: Counter[str] = Counter()
    for row in results(sandbox, "flow-series-report", body("flow-series-report")):
        found.update(dict(zip(dates, row["statistics"]["opens"], strict=True)))
    assert status == 200
    assert sum(expected.values()) > 10
    assert {day: count for day, count in found.items() if count} == expected


def test_values_are_the_sum_of_the_series(sandbox: Sandbox) -> None:
    names = ["opens", "clicks", "conversions", "conversion_value", "recipients"]
    values = results(sandbox, "flow-values-report", body("flow-values-report", statistics=names))
    series = results(sandbox, "flow-series-report", body("flow-series-report", statistics=names))
    summed = {
        tuple(row["groupings"].values()): {name: round(sum(row["statistics"][name]), 2) for name in names}
        for row in series
    }
    assert {tuple(row["groupings"].values()): row["statistics"] for row in values} == summed
    assert sum(row["conversions"] for row in summed.values()) > 1
    assert sum(row["conversion_value"] for row in summed.values()) > 1


def test_campaigns_have_their_opens(sandbox: Sandbox) -> None:
    expected = opened(sandbox.shop, "US/Eastern", "campaign")
    found = results(sandbox, "campaign-values-report", body("campaign-values-report"))
    assert sum(row["statistics"]["opens"] for row in found) == expected.total() > 10


def test_members_added_are_the_memberships(sandbox: Sandbox) -> None:
    zone = ZoneInfo("US/Eastern")
    expected: Counter[str] = Counter()
    for segment_id, _, joined in sandbox.shop.memberships("segment"):
        if "2024-03-01" <= datetime.fromisoformat(joined).astimezone(zone).date().isoformat() <= "2024-04-29":
            expected[segment_id] += 1
    found = results(sandbox, "segment-series-report", body("segment-series-report"))
    assert {
        row["groupings"]["segment_id"]: sum(row["statistics"]["members_added"])
        for row in found
        if any(row["statistics"]["members_added"])
    } == expected


def test_a_filter_leaves_the_rest_out(sandbox: Sandbox) -> None:
    everything = results(sandbox, "flow-values-report", body("flow-values-report"))
    chosen = everything[0]["groupings"]["flow_id"]
    asked = body("flow-values-report", filter=f"equals(flow_id,'{chosen}')")
    found = results(sandbox, "flow-values-report", asked)
    assert found == [row for row in everything if row["groupings"]["flow_id"] == chosen]


def test_pages_hold_every_group_once(sandbox: Sandbox) -> None:
    asked = body("campaign-values-report", timeframe=YEAR)
    status, first = post(sandbox, path("campaign-values-report"), asked)
    assert status == 200
    assert first["links"]["next"]
    keys = [tuple(row["groupings"].items()) for row in results(sandbox, "campaign-values-report", asked)]
    assert len(set(keys)) == len(keys) > len(first["data"]["attributes"]["results"])
    changed = body("campaign-values-report", timeframe=YEAR, statistics=["clicks"])
    assert post(sandbox, first["links"]["next"], changed)[0] == 400


def test_aggregates_count_the_events_of_a_metric(sandbox: Sandbox) -> None:
    shop, zone = sandbox.shop, ZoneInfo("Asia/Kolkata")
    placed = metric(shop, "Placed Order", "Shopify")
    expected: Counter[str] = Counter()
    worth = 0.0
    for event in shop.resources("event"):
        day = datetime.fromisoformat(event.attributes["datetime"]).astimezone(zone).date().isoformat()
        if event.relationships["metric"] == placed and "2024-03-01" <= day <= "2024-04-29":
            expected[day] += 1
            worth += value_of(event.attributes["event_properties"])
    asked = body("metric-aggregate", measurements=["count", "sum_value"], timezone="Asia/Kolkata")
    attributes = post(sandbox, path("metric-aggregate"), asked)[1]["data"]["attributes"]
    (row,) = attributes["data"]
    days = [datetime.fromisoformat(text).astimezone(zone).date().isoformat() for text in attributes["dates"]]
    found = dict(zip(days, row["measurements"]["count"], strict=True))
    assert {day: count for day, count in found.items() if count} == expected
    assert sum(row["measurements"]["sum_value"]) == pytest.approx(worth)
    assert row["dimensions"] == []


def test_aggregates_by_dimension_come_in_pages(shop: Shop) -> None:
    sandbox = Sandbox(shop, behaviour=Behaviour(aggregate_pages=False))
    opened = metric(sandbox.shop, "Opened Email")
    asked = body("metric-aggregate", metric_id=opened, by=["$flow", "Campaign Name"], page_size=7)
    rows, cursor = [], None
    while True:
        if cursor:
            asked["data"]["attributes"]["page_cursor"] = cursor
        status, answer = post(sandbox, path("metric-aggregate"), asked)
        assert status == 200
        rows += answer["data"]["attributes"]["data"]
        if not answer["links"]["next"]:
            break
        cursor = answer["links"]["next"].partition("page_cursor=")[2]
    keys = [tuple(row["dimensions"]) for row in rows]
    assert len(set(keys)) == len(keys) > 7
    assert {"", *(flow.id for flow in sandbox.shop.resources("flow"))} >= {key[0] for key in keys if key}


def test_as_documented_an_aggregate_takes_small_pages_but_not_empty_ones(shop: Shop) -> None:
    sandbox = Sandbox(shop, behaviour=Behaviour.documented())
    statuses = {
        size: post(sandbox, path("metric-aggregate"), body("metric-aggregate", page_size=size))[0]
        for size in (0, 1, 500, 501)
    }

    assert statuses == {0: 400, 1: 200, 500: 200, 501: 400}


@pytest.mark.parametrize("recorded", [True, False])
def test_a_message_in_a_values_report_has_the_id_of_its_campaign_as_recorded(shop: Shop, *, recorded: bool) -> None:
    sandbox = Sandbox(shop, behaviour=Behaviour(report_message_ids=recorded))
    asked = body("campaign-values-report", timeframe=YEAR)
    found = [row["groupings"] for row in results(sandbox, "campaign-values-report", asked)]
    messages = {row.id for row in shop.resources("campaign-message")}

    assert found
    assert all((one["campaign_id"] == one["campaign_message_id"]) is recorded for one in found)
    assert all((one["campaign_message_id"] in messages) is not recorded for one in found)
    chosen = found[0]["campaign_message_id"]
    only = body("campaign-values-report", timeframe=YEAR, filter=f"equals(campaign_message_id,'{chosen}')")
    rows = results(sandbox, "campaign-values-report", only)
    assert rows
    assert {row["groupings"]["campaign_message_id"] for row in rows} == {chosen}


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_only_json_is_taken(sandbox: Sandbox, kind: str) -> None:
    asked = json.dumps(body("form-values-report")).encode()

    def status(content_type: str) -> int:
        headers = {"revision": "2026-07-15", "content-type": content_type}
        return sandbox.handle("POST", path("form-values-report"), headers, asked)[0]

    assert status(kind) == 415
    assert [status(known) for known in ("application/json", "Application/vnd.api+json; charset=utf-8")] == [200, 200]


def test_aggregates_can_leave_out_what_has_no_dimension(sandbox: Sandbox) -> None:
    only = body("metric-aggregate", by=["$attributed_flow"], filter=[*BOUNDS, 'not(equals($attributed_flow,""))'])
    found = post(sandbox, path("metric-aggregate"), only)[1]["data"]["attributes"]["data"]
    assert found
    assert all(row["dimensions"] for row in found)


def test_an_order_is_attributed_to_a_message_of_a_flow_or_to_a_campaign(sandbox: Sandbox) -> None:
    asked = body("metric-aggregate", by=["$attributed_flow", "$attributed_message"])
    found = post(sandbox, path("metric-aggregate"), asked)[1]["data"]["attributes"]["data"]
    pairs = {tuple(row["dimensions"]) for row in found if row["dimensions"]}
    flows, messages = ({one.id for one in sandbox.shop.resources(kind)} for kind in ("flow", "flow-message"))
    campaigns = {one.id for one in sandbox.shop.resources("campaign")}
    assert {message in (messages if flow else campaigns) for flow, message in pairs} == {True}
    assert {flow in flows for flow, _ in pairs} == {True, False}


def test_a_filter_by_all_of_some_tags(sandbox: Sandbox) -> None:
    campaigns = {one.id: set(sandbox.shop.related(one, "tags")) for one in sandbox.shop.resources("campaign")}
    rows = results(sandbox, "campaign-values-report", body("campaign-values-report", timeframe=YEAR))
    reported = {row["groupings"]["campaign_id"] for row in rows}
    both = next(tags for one, tags in campaigns.items() if one in reported and len(tags) > 1)
    asked = body("campaign-values-report", timeframe=YEAR, filter=f"contains-all(tag_id,{sorted(both)})")
    found = {row["groupings"]["campaign_id"] for row in results(sandbox, "campaign-values-report", asked)}
    assert found == {one for one in reported if both <= campaigns[one]} != reported


def test_amounts_that_are_none_count_as_nothing() -> None:
    shop = Shop(events=0, profiles=0)
    placed = metric(shop, "Placed Order", "Shopify")
    amounts = [None, {}, {"$value": None}, {"$value": "free"}, {"$value": {"amount": 5}}, {"value": "1,000.5"}]
    for number, properties in enumerate(amounts):
        attributes = {"datetime": "2024-03-05T10:00:00+00:00", "event_properties": properties}
        shop.put("event", Resource("event", f"odd {number}", attributes, {"metric": placed, "profile": None}))
    asked = body("metric-aggregate", measurements=["count", "sum_value"])
    (row,) = post(Sandbox(shop), path("metric-aggregate"), asked)[1]["data"]["attributes"]["data"]
    assert {name: sum(values) for name, values in row["measurements"].items()} == {"count": 6, "sum_value": 1000.5}


@pytest.mark.parametrize("kind", ["campaign", "flow"])
def test_reports_have_no_rows_of_what_is_gone(kind: str) -> None:
    shop = Shop()
    sandbox, report = Sandbox(shop), f"{kind}-values-report"
    before = results(sandbox, report, body(report, timeframe=YEAR))
    gone = before[0]["groupings"][f"{kind}_id"]
    kept = next(row["groupings"] for row in before if row["groupings"][f"{kind}_id"] != gone)
    shop.delete(kind, gone)
    attributes = {"datetime": "2024-03-05T10:00:00+00:00", "event_properties": {"$value": 5}}
    links = {"metric": metric(shop, "Placed Order", "Shopify"), "profile": None}
    shop.put("event", Resource("event", "order", attributes, {**links, "attributions": ["gone", "unsaid", "said"]}))
    shop.put("attribution", Resource("attribution", "unsaid", {}, {"campaign": None, "flow": None}))
    said = {kind: kept[f"{kind}_id"], f"{kind}-message": kept[f"{kind}_message_id"]}
    shop.put("attribution", Resource("attribution", "said", {}, said))

    def conversions(rows: list[dict[str, Any]]) -> Counter[str]:
        found: Counter[str] = Counter()
        for row in rows:
            found[row["groupings"][f"{kind}_id"]] += row["statistics"]["conversions"]
        return found

    expected = conversions(before) + Counter({said[kind]: 1})
    del expected[gone]
    assert conversions(results(sandbox, report, body(report, timeframe=YEAR))) == expected


def test_the_day_the_clock_goes_back_has_25_hours() -> None:
    shop = Shop(events=10)
    sandbox = Sandbox(shop, now=lambda: datetime(2026, 7, 1, tzinfo=UTC))
    day = {"start": "2024-11-03T00:00:00", "end": "2024-11-03T23:59:59"}
    answer = post(sandbox, path("flow-series-report"), body("flow-series-report", interval="hourly", timeframe=day))[1]
    times = answer["data"]["attributes"]["date_times"]
    assert len(times) == 25
    assert times[1] == times[2] == "2024-11-03T01:00:00+00:00"
