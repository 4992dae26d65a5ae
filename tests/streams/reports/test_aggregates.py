"""Metric aggregates from end to end: a row a date and combination of dimensions, every page, every day once."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tap_klaviyo.sandbox.ledger import value_of
from tests.streams.reports.syncs import NOW, asked, metric_id, sandbox_in, sync

if TYPE_CHECKING:
    from tests.streams.reports.syncs import Recorder

PATH = "/api/metric-aggregates"


@pytest.fixture(scope="module")
def indian() -> Recorder:
    return sandbox_in("Asia/Kolkata", events=9000)


@pytest.fixture(autouse=True)
def _forgetful(request: pytest.FixtureRequest) -> None:
    if "indian" in request.fixturenames:
        sandbox: Recorder = request.getfixturevalue("indian")
        sandbox.asked.clear()
        sandbox.requests.clear()


def config(start: str, end: str, **entry: Any) -> dict[str, Any]:
    return {
        "start_date": f"{start}T00:00:00Z",
        "end_date": f"{end}T00:00:00Z",
        "metric_aggregates": [{"name": "mine", "metric": "Placed Order", **entry}],
    }


def counted(sandbox: Recorder, metric: str, zone: str, dimension: str) -> tuple[Counter[tuple[str, str]], float]:
    """Count events of two months by local day and dimension, and add up what they are worth."""
    found: Counter[tuple[str, str]] = Counter()
    worth = 0.0
    for event in sandbox.shop.resources("event"):
        properties = event.attributes["event_properties"] or {}
        day = datetime.fromisoformat(event.attributes["datetime"]).astimezone(ZoneInfo(zone)).date().isoformat()
        if event.relationships["metric"] == metric and "2025-03-01" <= day <= "2025-04-30":
            found[day, properties.get(dimension, "(none)")] += 1
            worth += value_of(properties)
    return found, worth


@pytest.mark.parametrize("zone", [None, "America/New_York", "Pacific/Apia"])
def test_the_days_of_a_zone_add_up_to_its_events(indian: Recorder, zone: str | None) -> None:
    entry = {"metric": "Opened Email", "by": ["$flow"], **({"timezone": zone} if zone else {})}
    synced = sync(indian, config("2025-03-01", "2025-05-01", **entry), "mine")
    opened = metric_id(indian.shop, "Opened Email")
    expected, _ = counted(indian, opened, zone or "Asia/Kolkata", "$flow")
    found = Counter({(row["date"], row["flow"]): row["count"] for row in synced.rows("mine").values()})
    assert +found == expected
    assert expected.total() > 20
    assert {row["time_zone"] for row in synced.records("mine")} == {zone or "Asia/Kolkata"}
    assert {row["metric_id"] for row in synced.records("mine")} == {opened}
    assert synced.bookmark("mine") == "2025-04-30"


def test_what_orders_are_worth(indian: Recorder) -> None:
    synced = sync(indian, config("2025-03-01", "2025-05-01"), "mine")
    expected, worth = counted(indian, metric_id(indian.shop, "Placed Order"), "Asia/Kolkata", "none")
    rows = synced.rows("mine").values()
    assert len(rows) == 61
    assert sum(row["count"] for row in rows) == expected.total()
    assert sum(row["sum_value"] for row in rows) == pytest.approx(worth)


def test_every_page_is_read() -> None:
    sandbox = sandbox_in("Asia/Kolkata", events=25_000)
    by = ["$flow", "$message", "Campaign Name", "Subject", "$variation"]
    entry = {"metric": "Opened Email", "by": by, "measurements": ["count"], "interval": "month"}
    synced = sync(sandbox, config("2024-01-01", "2024-12-01", **entry), "mine")
    assert asked(sandbox, PATH) == 2
    assert ["page_cursor" in one for one in sandbox.asked] == [False, True]
    groups = {key[1:] for key in synced.rows("mine")}
    assert len(groups) > 500
    opened = metric_id(sandbox.shop, "Opened Email")
    zone = ZoneInfo("Asia/Kolkata")
    begin, end = datetime(2024, 1, 1, tzinfo=zone), datetime(2024, 12, 1, tzinfo=zone)
    expected = sum(
        begin <= datetime.fromisoformat(event.attributes["datetime"]).replace(tzinfo=UTC) < end
        for event in sandbox.shop.resources("event")
        if event.relationships["metric"] == opened
    )
    assert sum(row["count"] for row in synced.rows("mine").values()) == expected
    assert set(synced.records("mine")[0]) == {
        *("date", "flow", "message", "campaign_name", "subject", "variation", "metric_id", "time_zone", "count")
    }


@pytest.mark.parametrize(("interval", "longest"), [("hour", 7), ("day", 28), ("week", 364), ("month", 365)])
def test_windows_are_blocks(indian: Recorder, interval: str, longest: int) -> None:
    sync(indian, config("2023-07-01", "2025-06-01", interval=interval, measurements=["count"]), "mine")
    bounds = sorted(
        [datetime.fromisoformat(text.partition(",")[2].rstrip(")")) for text in one["filter"]] for one in indian.asked
    )
    assert max(end - start for start, end in bounds) <= timedelta(days=longest)
    assert len(bounds) == {"hour": 101, "day": 26, "week": 3, "month": 3}[interval]
    assert all(one[1] == following[0] for one, following in itertools.pairwise(bounds))
    assert {start.isoformat()[10:] for start, _ in bounds} == {"T00:00:00+05:30"}
    assert indian.refused == 0


def test_hours_are_keyed_by_their_time(indian: Recorder) -> None:
    entry = {"interval": "hour", "timezone": "America/New_York", "measurements": ["count"]}
    rows = sync(indian, config("2024-11-03", "2024-11-04", **entry), "mine").rows("mine")
    assert len(rows) == 25
    assert {row["date"] for row in rows.values()} == {"2024-11-03"}


def test_events_that_come_late_are_counted_the_next_time() -> None:
    sandbox = sandbox_in("UTC", events=500)
    settings = {"metric_aggregates": [{"name": "mine", "metric": "Placed Order"}]}
    first = sync(sandbox, settings, "mine", now=NOW - timedelta(days=1))
    event = sandbox.shop.resources("event")[0]
    placed = metric_id(sandbox.shop, "Placed Order")
    links = {**event.relationships, "metric": placed, "attributions": []}
    kind = type(sandbox.shop.resources("metric")[0])
    late = {"datetime": "2025-06-08T10:00:00+00:00", "event_properties": {"$value": 5}}
    sandbox.shop.put("event", kind("event", "late", late, links))
    sandbox.asked.clear()
    second = sync(sandbox, settings, "mine", state=first.state)
    assert sandbox.asked[0]["filter"][0] == "greater-or-equal(datetime,2025-05-26T00:00:00+00:00)"
    before = first.rows("mine").get(("2025-06-08", placed), {"count": 0})["count"]
    assert second.rows("mine")["2025-06-08", placed]["count"] == before + 1
    assert second.bookmark("mine") == "2025-06-14"


def test_conditions_on_dimensions_are_passed_on(indian: Recorder) -> None:
    entry = {"by": ["$attributed_flow"], "filter": ["not(equals($attributed_flow,''))"]}
    rows = sync(indian, config("2025-03-01", "2025-05-01", **entry), "mine").rows("mine").values()
    assert rows
    assert all(row["attributed_flow"] != "(none)" for row in rows)


def test_only_selected_measurements_are_asked_for(indian: Recorder) -> None:
    sync(indian, config("2025-03-01", "2025-05-01"), "mine", columns={"unique"})
    assert indian.asked[0]["measurements"] == ["unique"]


def test_an_unknown_metric_is_an_error(indian: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    synced = sync(indian, config("2025-03-01", "2025-05-01", metric="Nothing"), "mine")
    assert synced.failures == ["mine"]
    assert any(
        "set metric of metric_aggregates[0] 'mine' to the id or name of a metric" in line for line in caplog.messages
    )


def test_an_account_s_zone_that_klaviyo_refuses_is_asked_for_by_its_former_name() -> None:
    sandbox = sandbox_in("Europe/Kyiv", events=900)
    synced = sync(sandbox, config("2025-03-01", "2025-05-01"), "mine")
    assert synced.failures == []
    assert sandbox.asked[0]["timezone"] == "Europe/Kiev"
    assert synced.records("mine")[0]["time_zone"] == "Europe/Kyiv"
