"""Reports from end to end: the sandbox counts what its events give, and the tap brings it day by day."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tap_klaviyo.sandbox import Access, Fault
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.reports.syncs import NOW, asked, metric_id, run, sandbox_in, sync, tap_of

if TYPE_CHECKING:
    from tap_klaviyo.sandbox import Shop
from tests.streams.reports.syncs import Recorder

ZONES = ["America/New_York", "Asia/Kolkata", "Pacific/Apia"]
SPRING = {"start_date": "2025-02-01T00:00:00Z", "end_date": "2025-05-01T00:00:00Z"}
FLOWS, CAMPAIGNS = "/api/flow-series-reports", "/api/campaign-values-reports"


@pytest.fixture(scope="module")
def eastern() -> Recorder:
    """A sandbox whose shop no test changes; what it remembers is emptied before each test."""
    return sandbox_in("America/New_York", events=9000)


@pytest.fixture(autouse=True)
def _forgetful(request: pytest.FixtureRequest) -> None:
    if "eastern" in request.fixturenames:
        sandbox: Recorder = request.getfixturevalue("eastern")
        sandbox.asked.clear()
        sandbox.requests.clear()
        sandbox.refused = 0


def days_of(shop: Shop, zone: str, name: str, first: str, last: str) -> Counter[tuple[str, str]]:
    """Count events of a metric by local day and flow, straight from the shop; campaigns are flow ''."""
    found: Counter[tuple[str, str]] = Counter()
    wanted = {one.id for one in shop.resources("metric") if one.attributes["name"] == name}
    for event in shop.resources("event"):
        if event.relationships["metric"] in wanted:
            day = datetime.fromisoformat(event.attributes["datetime"]).astimezone(ZoneInfo(zone)).date().isoformat()
            if first <= day <= last:
                found[day, (event.attributes["event_properties"] or {}).get("$flow", "")] += 1
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_a_daily_series_adds_up_to_the_events_of_each_local_day(zone: str) -> None:
    sandbox = sandbox_in(zone, events=9000)
    found: Counter[tuple[str, str]] = Counter()
    synced = sync(sandbox, SPRING, "flow_series_report")
    for row in synced.rows("flow_series_report").values():
        found[row["date"], row["flow_id"]] += row["opens"]
        assert row["time_zone"] == zone
    expected = days_of(sandbox.shop, zone, "Opened Email", "2025-02-01", "2025-04-30")
    assert +found == Counter({key: count for key, count in expected.items() if key[1]})
    assert len(+found) > 10
    assert sandbox.refused == 0
    assert synced.bookmark("flow_series_report") == "2025-04-30"


@pytest.mark.parametrize("zone", ZONES)
def test_windows_are_whole_local_days_that_never_overlap(zone: str) -> None:
    sandbox = sandbox_in(zone, events=10)
    sync(sandbox, {"start_date": "2024-01-01T00:00:00Z"}, "segment_series_report")
    frames = [(one["timeframe"]["start"], one["timeframe"]["end"]) for one in sandbox.asked]
    assert frames[0][0].startswith("2024-01-01T00:00:00")
    for (_, end), (start, _) in itertools.pairwise(frames):
        assert end[10:19] == "T23:59:59"
        assert start[10:19] == "T00:00:00"
        assert date.fromisoformat(end[:10]) + timedelta(days=1) == date.fromisoformat(start[:10])
        local = datetime.fromisoformat(start)
        assert local.astimezone(ZoneInfo(zone)).isoformat() == start
    assert max((date.fromisoformat(end[:10]) - date.fromisoformat(start[:10])).days for start, end in frames) == 59
    last = NOW.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    assert frames[-1][1][:10] == last.isoformat()
    assert sandbox.refused == 0


def test_values_are_keyed_by_calendar_months_even_while_one_is_filling(eastern: Recorder) -> None:
    rows = sync(eastern, {"start_date": "2025-04-10T00:00:00Z"}, "flow_values_report").rows("flow_values_report")
    windows = {(row["window_start"], row["window_end"], row["read_through"]) for row in rows.values()}
    assert windows == {
        ("2025-04-01", "2025-04-30", "2025-04-30"),
        ("2025-05-01", "2025-05-31", "2025-05-31"),
        ("2025-06-01", "2025-06-30", "2025-06-14"),
    }
    opens = Counter[str]()
    for row in rows.values():
        opens[row["window_start"][:7]] += row["opens"]
    expected = days_of(eastern.shop, "America/New_York", "Opened Email", "2025-04-01", "2025-06-14")
    by_month = Counter[str]()
    for (day, flow), count in expected.items():
        by_month[day[:7]] += count if flow else 0
    assert opens == by_month


@pytest.mark.parametrize("window", ["day", "week", "month"])
def test_windows_of_every_length_add_up_to_the_same(eastern: Recorder, window: str) -> None:
    entry = {"name": "mine", "report": "campaign_values", "window": window, "statistics": ["opens", "conversion_value"]}
    config = {"start_date": "2025-03-31T00:00:00Z", "end_date": "2025-06-01T00:00:00Z", "reports": [entry]}
    rows = sync(eastern, config, "mine").rows("mine").values()
    first = min(row["window_start"] for row in rows)
    expected = days_of(eastern.shop, "America/New_York", "Opened Email", first, "2025-05-31")
    in_campaigns = sum(count for (_, flow), count in expected.items() if not flow)
    # The shop's events of deleted campaigns name none.
    assert 0.8 * in_campaigns < sum(row["opens"] for row in rows) <= in_campaigns
    assert asked(eastern, CAMPAIGNS) >= {"day": 62, "week": 9, "month": 3}[window]


def test_without_a_start_a_first_sync_reads_twelve_months(eastern: Recorder) -> None:
    synced = sync(eastern, {}, "campaign_values_report", "flow_series_report")
    starts = sorted({one["timeframe"]["start"][:10] for one in eastern.asked if "interval" not in one})
    assert starts == [f"2024-{month:02}-01" for month in range(6, 13)] + [
        f"2025-{month:02}-01" for month in range(1, 7)
    ]
    assert min(one["timeframe"]["start"][:10] for one in eastern.asked if "interval" in one) == "2024-06-15"
    assert synced.bookmark("campaign_values_report") == synced.bookmark("flow_series_report") == "2025-06-14"


@pytest.mark.parametrize("name", ["segment_values_report", "segment_series_report"])
def test_segments_begin_in_june_2023(name: str) -> None:
    sandbox = sandbox_in("Asia/Kolkata", events=10)
    synced = sync(sandbox, {"start_date": "2022-01-01T00:00:00Z"}, name)
    assert sandbox.refused == 0
    assert min(one["timeframe"]["start"] for one in sandbox.asked) == "2023-06-01T00:00:00+05:30"
    joined = Counter(
        segment for segment, _, at in sandbox.shop.memberships("segment") if datetime.fromisoformat(at) < NOW
    )
    added = Counter[str]()
    for row in synced.rows(name).values():
        added[row["segment_id"]] += row["members_added"]
    before = sum((+added - joined).values())
    assert before == 0
    assert added.total() > 100


def test_members_added_are_the_memberships_of_each_day() -> None:
    sandbox = sandbox_in("Pacific/Tongatapu", events=10)
    rows = sync(sandbox, SPRING, "segment_series_report").rows("segment_series_report").values()
    expected = Counter[tuple[str, str]]()
    for segment, _, at in sandbox.shop.memberships("segment"):
        day = datetime.fromisoformat(at).astimezone(ZoneInfo("Pacific/Tongatapu")).date().isoformat()
        if "2025-02-01" <= day <= "2025-04-30":
            expected[segment, day] += 1
    found = Counter({(row["segment_id"], row["date"]): row["members_added"] for row in rows})
    assert +found == expected


def test_the_last_days_are_read_again() -> None:
    sandbox = sandbox_in("America/New_York", events=3000)
    config = {"start_date": "2025-03-01T00:00:00Z"}
    first = sync(sandbox, config, "flow_series_report", "flow_values_report", now=NOW - timedelta(days=1))
    late = add_open(sandbox.shop, "2025-06-09T12:00:00+00:00")
    sandbox.asked.clear()
    second = sync(sandbox, config, "flow_series_report", "flow_values_report", state=first.state)
    frames = sorted((one["timeframe"]["start"][:10], one["timeframe"]["end"][:10]) for one in sandbox.asked)
    assert frames == [("2025-05-10", "2025-06-14"), ("2025-06-01", "2025-06-14")]
    assert second.bookmark("flow_series_report") == "2025-06-14"
    whole = sync(sandbox, config, "flow_series_report", "flow_values_report")
    for name in ("flow_series_report", "flow_values_report"):
        assert {**first.rows(name), **second.rows(name)} == whole.rows(name)
    assert first.rows("flow_values_report") != second.rows("flow_values_report")
    day = [row for row in second.rows("flow_series_report").values() if row["date"] == "2025-06-09"]
    assert sum(row["opens"] for row in day if row["flow_message_id"] == late) >= 1


def add_open(shop: Shop, at: str) -> str:
    """Put an opened message of a flow into the shop and return the message's id."""
    message = shop.resources("flow-message")[0]
    action = shop.get("flow-action", str(message.relationships["flow-action"]))
    assert action is not None
    event = shop.resources("event")[0]
    shop.put(
        "event",
        type(message)(
            "event",
            "late",
            {"datetime": at, "event_properties": {"$flow": action.relationships["flow"], "$message": message.id}},
            {**event.relationships, "metric": metric_id(shop, "Opened Email"), "attributions": []},
        ),
    )
    return message.id


def test_without_lookback_what_has_no_new_day_is_not_read() -> None:
    sandbox = sandbox_in("UTC", events=10)
    entry = {"name": "mine", "report": "form_series", "lookback": 0}
    config = {"start_date": "2025-06-01T00:00:00Z", "reports": [entry]}
    first = sync(sandbox, config, "mine", now=NOW - timedelta(days=2))
    sandbox.asked.clear()
    second = sync(sandbox, config, "mine", state=first.state)
    assert [one["timeframe"]["start"] for one in sandbox.asked] == ["2025-06-01T00:00:00+00:00"], (
        "from its block's beginning"
    )
    again = sync(sandbox, config, "mine", state=second.state)
    assert again.records("mine") == []
    assert again.bookmark("mine") == "2025-06-14"


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("interval", ["daily", "weekly"])
def test_which_rows_of_zeros_there_are_does_not_depend_on_when_the_syncs_ran(zone: str, interval: str) -> None:
    sandbox = sandbox_in(zone, events=900)
    entry = {"name": "mine", "report": "flow_series", "interval": interval, "statistics": ["opens"], "lookback": 2}
    config = {"start_date": "2025-01-10T00:00:00Z", "reports": [entry]}
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    state = None
    for ago in (100, 99, 61, 60, 40, 3, 0):
        synced = sync(sandbox, config, "mine", state=state, now=NOW - timedelta(days=ago))
        rows |= synced.rows("mine")
        state = synced.state
    assert rows == sync(sandbox, config, "mine").rows("mine")
    assert {row["opens"] > 0 for row in rows.values()} == {True, False}


@pytest.mark.parametrize("written", ["2025-05-01", "2025-05-01T00:00:00+09:00", "2025-05-01T00:00:00-07:00"])
def test_a_date_is_the_account_s_day_of_that_name_as_it_is_written(written: str) -> None:
    sandbox = sandbox_in("Asia/Tokyo", events=10)
    end = written.replace("2025-05-01", "2025-05-03")
    sync(sandbox, {"start_date": written, "end_date": end}, "form_series_report")
    asked = [(one["timeframe"]["start"], one["timeframe"]["end"]) for one in sandbox.asked]
    assert asked == [("2025-05-01T00:00:00+09:00", "2025-05-02T23:59:59+09:00")]


@pytest.mark.parametrize("start", ["0001-01-01", "1970-01-01T00:00:00Z"])
def test_no_request_is_about_the_time_before_klaviyo(start: str) -> None:
    sandbox = sandbox_in("America/New_York", events=10)
    long = {"name": "long", "report": "flow_series", "interval": "monthly"}
    sums = {"name": "sums", "metric": "Placed Order", "interval": "month"}
    config = {"start_date": start, "end_date": "2012-03-01", "reports": [long], "metric_aggregates": [sums]}
    assert sync(sandbox, config, "long", "flow_values_report", "sums").failures == []
    frames = {one["timeframe"]["start"][:10] for one in sandbox.asked if "timeframe" in one}
    assert frames == {"2012-01-01", "2012-02-01"}
    before = {**config, "end_date": "0001-01-01", "start_date": None}
    assert sync(sandbox, before, "long", "flow_values_report", "sums").failures == []


@pytest.mark.parametrize("named", [True, False])
def test_a_full_table_needs_no_replication_key_in_the_catalog(eastern: Recorder, *, named: bool) -> None:
    entry = {"name": "sums", "metric": "Opened Email", "by": ["$flow"]}
    config = {"api_url": "sandbox://", **SPRING, "metric_aggregates": [entry]}
    catalog = TapKlaviyo(config=config).catalog_dict
    for one in catalog["streams"]:
        wanted = one["tap_stream_id"] in {"sums", "flow_values_report", "flow_series_report"}
        if not named:
            one.pop("replication_key", None)
        for item in one["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"] |= {"selected": wanted, "replication-method": "FULL_TABLE"}
                if not named:
                    item["metadata"].pop("valid-replication-keys", None)
    synced = run(TapKlaviyo(config=config, catalog=catalog, now=NOW), eastern)
    assert synced.failures == []
    plain = sync(eastern, {**SPRING, "metric_aggregates": [entry]}, "sums", "flow_values_report", "flow_series_report")
    for name in ("sums", "flow_values_report", "flow_series_report"):
        assert synced.rows(name) == plain.rows(name) != {}
        assert synced.bookmark(name) is None
    assert {"version" in one for one in synced.messages if one["type"] == "RECORD"} == {True}


def test_a_range_is_read_again_and_the_bookmark_stays() -> None:
    sandbox = sandbox_in("UTC", events=10)
    first = sync(sandbox, {"start_date": "2025-06-01T00:00:00Z"}, "form_series_report")
    sandbox.asked.clear()
    again = sync(sandbox, SPRING, "form_series_report", state=first.state)
    assert sandbox.asked[0]["timeframe"]["start"][:10] == "2025-02-01"
    assert again.bookmark("form_series_report") == "2025-06-14"


def test_a_bookmark_of_the_future_is_brought_back() -> None:
    sandbox = sandbox_in("UTC", events=10)
    state = {"bookmarks": {"form_series_report": {"replication_key_value": "2031-01-01T00:00:00+00:00"}}}
    synced = sync(sandbox, {}, "form_series_report", state=state)
    assert [one["timeframe"]["start"][:10] for one in sandbox.asked] == ["2025-05-10"]
    assert synced.bookmark("form_series_report") == "2025-06-14"


def test_only_selected_statistics_are_asked_for(eastern: Recorder) -> None:
    synced = sync(eastern, SPRING, "campaign_values_report", columns={"opens", "click_rate"})
    assert {tuple(one["statistics"]) for one in eastern.asked} == {("click_rate", "opens")}
    assert set(synced.records("campaign_values_report")[0]) == {
        *("window_start", "window_end", "campaign_id", "campaign_message_id", "send_channel", "conversion_metric_id"),
        *("read_through", "opens", "click_rate"),
    }


def test_where_no_statistic_is_selected_one_is_asked_and_none_written(eastern: Recorder) -> None:
    synced = sync(eastern, SPRING, "flow_series_report", columns=set())
    assert {len(one["statistics"]) for one in eastern.asked} == {1}
    keys = {"date", "flow_id", "flow_message_id", "send_channel", "conversion_metric_id"}
    assert set(synced.records("flow_series_report")[0]) == keys


def test_the_oldest_of_several_metrics_is_taken_and_said(eastern: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        sync(eastern, SPRING, "flow_values_report")
    oldest = metric_id(eastern.shop, "Placed Order")
    assert {one["conversion_metric_id"] for one in eastern.asked} == {oldest}
    (line,) = [text for text in caplog.messages if "Placed Order" in text]
    assert f"using the oldest, {oldest} (Shopify), not" in line
    assert "(WooCommerce); set conversion_metric of an entry of reports to an id, or to the name with" in line
    assert "flow_values_report: 3 requests, about 1 minute (2 per minute, 225 per day)" in caplog.messages


def test_the_metric_of_earlier_runs_stays_whatever_its_name(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = sandbox_in("America/New_York", events=200)
    config = {**SPRING, "metric_aggregates": [{"name": "mine", "metric": "Placed Order (WooCommerce)"}]}
    streams = ("flow_values_report", "mine")
    first = sync(sandbox, config, *streams)
    before = {one[name] for one in sandbox.asked for name in ("metric_id", "conversion_metric_id") if name in one}
    sandbox.shop.update("metric", metric_id(sandbox.shop, "Placed Order"), name="Order placed")
    woo = next(one for one in sandbox.shop.resources("metric") if one.attributes["name"] == "Placed Order")
    sandbox.shop.update("metric", woo.id, name="Order of another shop")
    sandbox.asked.clear()
    sync(sandbox, config, *streams, state=first.state)
    after = {one[name] for one in sandbox.asked for name in ("metric_id", "conversion_metric_id") if name in one}
    assert after == before
    assert len(before) == 2
    assert {text.partition(":")[0] for text in caplog.messages if "by now and still meant" in text} == set(streams)


def test_another_metric_counts_other_conversions(eastern: Recorder) -> None:
    refunds = metric_id(eastern.shop, "Refunded Order")
    entries = [
        {"name": "by_id", "report": "flow_values", "conversion_metric": refunds},
        {"name": "by_name", "report": "flow_values", "conversion_metric": "refunded order"},
    ]
    synced = sync(eastern, {**SPRING, "reports": entries}, "by_id", "by_name", "flow_values_report")
    assert synced.rows("by_id") == synced.rows("by_name")
    assert synced.rows("by_id").keys().isdisjoint(synced.rows("flow_values_report").keys())
    assert {row["conversion_metric_id"] for row in synced.records("by_id")} == {refunds}
    assert sum(row["conversions"] for row in synced.records("by_id")) > 0


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("Placed Ordr", "mine: unknown metric 'Placed Ordr' (did you mean 'Placed"),
        ("Opened Email", "does not support querying for values data): set conversion_metric of reports[0] 'mine' to"),
    ],
)
def test_a_metric_that_cannot_be_used_is_an_error(
    eastern: Recorder, caplog: pytest.LogCaptureFixture, metric: str, message: str
) -> None:
    entry = {"name": "mine", "report": "campaign_values", "conversion_metric": metric}
    synced = sync(eastern, {**SPRING, "reports": [entry]}, "mine")
    assert synced.failures == ["mine"]
    assert synced.records("mine") == []
    assert synced.bookmark("mine") is None
    assert any(message in line for line in caplog.messages)


def test_an_error_that_is_none_of_the_metric_says_nothing_of_it(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = sandbox_in("UTC", events=10)
    sandbox.faults.add(Fault("error", rate=1, value=400, path="/api/flow-values-reports"))
    assert sync(sandbox, SPRING, "flow_values_report").failures == ["flow_values_report"]
    [line] = [line for line in caplog.messages if line.startswith("flow_values_report: ") and "400" in line]
    assert "Something went wrong." in line
    assert "metric" not in line


@pytest.mark.parametrize("day", ["2024-11-03", "2024-03-10"])
def test_hours_of_the_day_that_the_clock_changes(eastern: Recorder, day: str) -> None:
    entry = {"name": "hours", "report": "flow_series", "interval": "hourly", "statistics": ["opens", "recipients"]}
    following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    config = {"start_date": f"{day}T00:00:00Z", "end_date": f"{following}T00:00:00Z", "reports": [entry]}
    add_open(eastern.shop, f"{day}T12:00:00+00:00")
    rows = sync(eastern, config, "hours").rows("hours").values()
    hours = {row["date_time"] for row in rows}
    assert len(hours) == len({datetime.fromisoformat(text).astimezone(UTC) for text in hours})
    assert len(hours) == (25 if day == "2024-11-03" else 23)
    assert {row["date"] for row in rows} == {day}


@pytest.mark.parametrize("interval", ["weekly", "monthly"])
def test_long_intervals_add_up_to_the_days(eastern: Recorder, interval: str) -> None:
    entry = {"name": "long", "report": "flow_series", "interval": interval, "statistics": ["opens"]}
    config = {"start_date": "2023-09-01T00:00:00Z", "end_date": "2025-06-01T00:00:00Z", "reports": [entry]}
    rows = sync(eastern, config, "long").rows("long").values()
    first = min(row["date"] for row in rows)
    expected = days_of(eastern.shop, "America/New_York", "Opened Email", first, "2025-05-31")
    assert sum(row["opens"] for row in rows) == sum(count for (_, flow), count in expected.items() if flow) > 50
    assert eastern.refused == 0


def test_a_time_frame_of_klaviyo_s_own_is_one_request_each_time(eastern: Recorder) -> None:
    entry = {"name": "rolling", "report": "flow_values", "timeframe": "last_90_days"}
    synced = sync(eastern, {"reports": [entry]}, "rolling")
    assert [one["timeframe"] for one in eastern.asked] == [{"key": "last_90_days"}]
    assert {row["timeframe"] for row in synced.rows("rolling").values()} == {"last_90_days"}
    assert synced.bookmark("rolling") is None


def test_without_a_replication_key_a_bookmark_of_the_future_is_none(
    eastern: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    entry = {"name": "rolling", "report": "flow_values", "timeframe": "last_90_days"}
    state = {"bookmarks": {"rolling": {"replication_key_value": "2031-01-01T00:00:00+00:00"}}}
    assert sync(eastern, {"reports": [entry]}, "rolling", state=state).records("rolling")
    assert "in the future" not in caplog.text


def test_groupings_and_filters_of_an_entry(eastern: Recorder) -> None:
    groups = ["flow_id", "flow_message_id", "variation", "tag_name"]
    entry = {"name": "mine", "report": "flow_values", "group_by": groups, "filter": "equals(send_channel,'sms')"}
    synced = sync(eastern, {**SPRING, "reports": [entry]}, "mine")
    assert {(tuple(one["group_by"]), one["filter"]) for one in eastern.asked} == {(tuple(groups), entry["filter"])}
    rows = synced.rows("mine").values()
    assert {row["variation"] == "(none)" for row in rows} == {True, False}
    assert {row["tag_name"] == "(none)" for row in rows} == {True, False}


def test_the_account_s_id_comes_first(eastern: Recorder) -> None:
    synced = sync(eastern, {**SPRING, "include_account_id": True}, "flow_values_report")
    (schema,) = [one for one in synced.messages if one["type"] == "SCHEMA"]
    assert schema["key_properties"][:2] == ["account_id", "window_start"]
    assert {row["account_id"] for row in synced.records("flow_values_report")} == {"AbC123"}


def test_the_account_is_asked_once(eastern: Recorder) -> None:
    names = [f"{kind}_report" for kind in ("campaign_values", "flow_values", "flow_series", "form_series")]
    sync(eastern, {**SPRING, "max_workers": 8}, *names)
    assert asked(eastern, "/api/accounts") == 1
    pages = -(-len(eastern.shop.resources("metric")) // 200)
    assert asked(eastern, "/api/metrics") == pages


def test_a_failing_report_leaves_the_others_alone(eastern: Recorder) -> None:
    entry: dict[str, Any] = {"name": "mine", "report": "flow_values", "conversion_metric": "No such metric"}
    synced = sync(eastern, {**SPRING, "reports": [entry]}, "mine", "form_values_report")
    assert synced.failures == ["mine"]
    assert synced.records("form_values_report")


def test_a_full_table_is_read_whole_and_its_bookmark_stays(eastern: Recorder) -> None:
    name = "flow_series_report"
    state = {"bookmarks": {name: {"replication_key": "date", "replication_key_value": "2025-06-10T00:00:00+00:00"}}}
    tap = tap_of(SPRING, name, state=state, method="FULL_TABLE")
    synced = run(tap, eastern)
    assert synced.rows(name) == sync(eastern, SPRING, name).rows(name)
    assert synced.bookmark(name) == "2025-06-10"
    versions = {one.get("version") for one in synced.messages if one["type"] in {"RECORD", "ACTIVATE_VERSION"}}
    assert len(versions) == 1
    assert None not in versions


def test_records_that_the_sdk_writes_are_the_same(eastern: Recorder) -> None:
    name = "flow_values_report"
    written = sync(eastern, {**SPRING, "flattening_enabled": True, "flattening_max_depth": 1}, name)
    assert written.rows(name) == sync(eastern, SPRING, name).rows(name)


@pytest.mark.parametrize(
    ("lacking", "on_denied", "failures"),
    [("accounts:read", "skip", []), ("metrics:read", "skip", []), ("flows:read", "fail", ["flow_values_report"])],
)
def test_a_missing_scope_is_named(
    eastern: Recorder, caplog: pytest.LogCaptureFixture, lacking: str, on_denied: str, failures: list[str]
) -> None:
    needed = {"accounts:read", "metrics:read", "flows:read"}
    eastern.access = Access(scopes={"": needed - {lacking}})
    try:
        synced = sync(eastern, {**SPRING, "on_permission_denied": on_denied}, "flow_values_report")
    finally:
        eastern.access = Access()
    assert synced.failures == failures
    assert synced.records("flow_values_report") == []
    assert any(f"the key needs the scope {lacking}" in line for line in caplog.messages)
