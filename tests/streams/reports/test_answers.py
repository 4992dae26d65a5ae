"""Answers as they may come: sparse, shorter than promised, paged, or not JSON at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tap_klaviyo.http.errors import BrokenBodyError
from tap_klaviyo.streams.reports.response import Result, at, keys_of, parse_result
from tap_klaviyo.sync.metric import Metric, matching
from tests.streams.reports.syncs import Answering, sync

MAY = {"start_date": "2025-05-01T00:00:00Z", "end_date": "2025-05-03T00:00:00Z"}
GROUPS = {"flow_id": "F", "flow_message_id": "M", "send_channel": "email"}
TIMES = ["2025-05-01T00:00:00+00:00", "2025-05-02T00:00:00+00:00"]


def answer(results: list[Any], times: list[str] | None = None, following: str | None = None) -> dict[str, Any]:
    attributes: dict[str, Any] = {"results": results}
    if times is not None:
        attributes["date_times"] = times
    return {"data": {"type": "report", "attributes": attributes}, "links": {"self": "x", "next": following}}


def rows_of(stream: str, *answers: Any, config: Any = MAY, **kwargs: Any) -> list[dict[str, Any]]:
    synced = sync(Answering(*answers, **kwargs), config, stream)
    assert synced.failures == []
    return list(synced.rows(stream).values())


def test_a_series_is_a_row_a_date() -> None:
    rows = rows_of("flow_series_report", answer([{"groupings": GROUPS, "statistics": {"opens": [3, 4]}}], TIMES))
    assert [(row["date"], row["flow_id"], row["opens"]) for row in rows] == [
        ("2025-05-01", "F", 3),
        ("2025-05-02", "F", 4),
    ]


@pytest.mark.parametrize("values", [[3], [], None, 3])
def test_statistics_shorter_than_the_dates_are_null(values: Any) -> None:
    rows = rows_of("flow_series_report", answer([{"groupings": GROUPS, "statistics": {"opens": values}}], TIMES))
    assert [row["opens"] for row in rows] == [3 if values == [3] else None, None]


def test_statistics_longer_than_the_dates_are_cut() -> None:
    rows = rows_of("flow_series_report", answer([{"groupings": GROUPS, "statistics": {"opens": [1, 2, 3]}}], TIMES))
    assert [row["opens"] for row in rows] == [1, 2]


def test_whole_numbers_are_integers_and_rates_fractions() -> None:
    statistics = {"opens": 3.0, "clicks": "7", "open_rate": 0.25, "click_rate": None, "conversion_value": 12}
    (row,) = rows_of("flow_values_report", answer([{"groupings": GROUPS, "statistics": statistics}]))
    assert (row["opens"], row["clicks"], row["open_rate"], row["conversion_value"]) == (3, 7, 0.25, 12)
    assert isinstance(row["opens"], int)
    assert row["click_rate"] is None
    assert row["bounced"] is None


def test_what_is_no_number_is_null(caplog: pytest.LogCaptureFixture) -> None:
    text = json.dumps(answer([{"groupings": GROUPS, "statistics": {"opens": 2.5, "open_rate": float("nan")}}]))
    (row,) = rows_of("flow_values_report", text.encode())
    assert (row["opens"], row["open_rate"]) == (None, None)
    assert any(
        "flow_values_report: a value of 'opens' in Klaviyo's response does not match its type" in line
        for line in caplog.messages
    )


def test_absent_groupings_have_a_placeholder() -> None:
    rows = rows_of(
        "flow_values_report",
        answer(
            [
                {
                    "groupings": {"flow_id": "F", "flow_message_id": "", "send_channel": None},
                    "statistics": {"opens": 1},
                },
                {"groupings": {"flow_id": 7, "flow_message_id": "M"}, "statistics": {"opens": 2}},
            ]
        ),
    )
    keys = [(row["flow_id"], row["flow_message_id"], row["send_channel"]) for row in rows]
    assert keys == [("F", "(none)", "(none)"), ("7", "M", "(none)")]


def test_every_page_is_read_with_the_same_body() -> None:
    link = "sandbox://shop/api/flow-values-reports?page_cursor=abc"
    stub = Answering(
        answer([{"groupings": GROUPS, "statistics": {"opens": 1}}], following=link),
        answer([], following=f"{link}2"),
        answer([{"groupings": {**GROUPS, "flow_id": "G"}, "statistics": {"opens": 2}}]),
    )
    synced = sync(stub, MAY, "flow_values_report")
    assert [row["flow_id"] for row in synced.records("flow_values_report")] == ["F", "G"]
    assert stub.targets[1:] == [link, f"{link}2"]
    assert len(set(stub.bodies)) == 1
    assert synced.bookmark("flow_values_report") == "2025-05-02"


def test_pages_that_go_round_in_circles_are_left(caplog: pytest.LogCaptureFixture) -> None:
    link = "sandbox://shop/api/flow-values-reports?page_cursor=abc"
    stub = Answering(answer([{"groupings": GROUPS, "statistics": {}}], following=link))
    synced = sync(stub, MAY, "flow_values_report")
    assert synced.failures == ["flow_values_report"]
    assert synced.bookmark("flow_values_report") is None
    assert any("the next link points to a page that was already read" in line for line in caplog.messages)


def test_half_a_character_is_replaced_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    groups = {**GROUPS, "send_channel": "x\ud83dy"}
    stub = Answering(answer([{"groupings": groups, "statistics": {"opens": 1}}]))
    synced = sync(stub, MAY, "flow_values_report")
    assert [row["send_channel"] for row in synced.records("flow_values_report")] == ["x\ufffdy"]
    said = [line for line in caplog.messages if "invalid Unicode character" in line]
    assert len(said) == 1
    assert said[0].startswith("flow_values_report: ")


def test_a_refusal_of_a_report_without_a_conversion_metric_blames_none(caplog: pytest.LogCaptureFixture) -> None:
    refused = {"errors": [{"code": "invalid", "detail": "No such statistic.", "source": {}}]}
    synced = sync(Answering(refused, status=400), MAY, "form_values_report")
    assert synced.failures == ["form_values_report"]
    assert "No such statistic." in caplog.text
    assert "metric" not in caplog.text.partition("No such statistic.")[2].partition("\n")[0]


def test_201_is_an_answer_too() -> None:
    rows = rows_of("flow_values_report", answer([{"groupings": GROUPS, "statistics": {"opens": 1}}]), status=201)
    assert len(rows) == 1


def test_a_day_without_rows_is_read_all_the_same() -> None:
    stub = Answering(answer([], TIMES))
    synced = sync(stub, MAY, "flow_series_report")
    assert synced.records("flow_series_report") == []
    assert synced.bookmark("flow_series_report") == "2025-05-02"


@pytest.mark.parametrize(
    "times",
    [
        ["2025-05-01T00:00:00+00:00", "2025-05-02T00:00:00+00:00"],
        ["2025-05-01T00:00:00+13:00", "2025-05-02T00:00:00+13:00"],
        ["2025-04-30T11:00:00+00:00", "2025-05-01T11:00:00Z"],
        ["2025-05-01 00:00:00", "2025-05-02 00:00:00"],
    ],
)
def test_dates_are_the_account_s_however_they_are_written(times: list[str]) -> None:
    stub = answer([{"groupings": GROUPS, "statistics": {"opens": [1, 2]}}], times)
    rows = rows_of("flow_series_report", stub, zone="Pacific/Apia")
    assert [(row["date"], row["opens"]) for row in rows] == [("2025-05-01", 1), ("2025-05-02", 2)]


@pytest.mark.parametrize(
    "zone", ["Asia/Tokyo", "Asia/Kolkata", "Pacific/Kiritimati", "Europe/London", "America/New_York"]
)
@pytest.mark.parametrize("true_instants", [True, False])
def test_days_of_a_time_frame_of_klaviyo_s_own_are_the_account_s(zone: str, *, true_instants: bool) -> None:
    midnights = [datetime(2025, 3, 29, tzinfo=ZoneInfo(zone)) + timedelta(days=n) for n in range(4)]
    times = [(one.astimezone(UTC) if true_instants else one.replace(tzinfo=UTC)).isoformat() for one in midnights]
    entry = {"name": "mine", "report": "flow_series", "timeframe": "last_7_days", "statistics": ["opens"]}
    stub = answer([{"groupings": GROUPS, "statistics": {"opens": [1, 2, 3, 4]}}], times)
    rows = rows_of("mine", stub, config={"reports": [entry]}, zone=zone)
    assert [(row["date"], row["opens"]) for row in rows] == [
        ("2025-03-29", 1),
        ("2025-03-30", 2),
        ("2025-03-31", 3),
        ("2025-04-01", 4),
    ]


@pytest.mark.parametrize("dimensions", [["A", "B"], ["A"], [], None, ["A", None], ["", "B"]])
def test_dimensions_may_be_missing(dimensions: Any) -> None:
    document = {
        "data": {
            "type": "metric-aggregate",
            "attributes": {
                "dates": TIMES,
                "data": [{"dimensions": dimensions, "measurements": {"count": [1.0, 2.0], "sum_value": [0.5]}}],
            },
        }
    }
    entry = {"name": "mine", "metric": "Placed Order", "by": ["$flow", "Campaign Name"]}
    rows = rows_of("mine", document, config={**MAY, "metric_aggregates": [entry]})
    expected = [part or "(none)" for part in [*(dimensions or []), "", ""][:2]]
    assert [[row["flow"], row["campaign_name"]] for row in rows] == [expected, expected]
    assert [(row["count"], row["sum_value"], row["unique"]) for row in rows] == [(1, 0.5, None), (2, None, None)]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"data": []}', b'{"data": {}}', b'{"data": {"attributes": {"date_times": ["soon"]}}}'],
)
def test_a_body_that_is_no_report_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(BrokenBodyError):
        parse_result(body)


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        (None, None),
        ("https://a.klaviyo.com/api/metric-aggregates?page_cursor=a%3D%3D", "a=="),
        ("https://a.klaviyo.com/api/metric-aggregates?page%5Bcursor%5D=bb", "bb"),
        ("WzE2", "WzE2"),
        ("https://[WzE2", "https://[WzE2"),  # brackets that hold no address
    ],
)
def test_a_cursor_is_found_in_a_link_or_as_it_is(link: str | None, cursor: str | None) -> None:
    assert Result([], [], link).cursor == cursor


def test_a_group_that_is_no_object_is_left_out() -> None:
    rows = [7, None, {"groupings": GROUPS, "statistics": {"opens": 1}}]
    synced = sync(Answering(answer(rows)), MAY, "flow_values_report")
    assert [row["opens"] for row in synced.records("flow_values_report")] == [1]


def test_keys_and_statistics_of_one_row() -> None:
    assert keys_of({"a": "x", "b": None, "c": 1}, ["a", "b"]) == {"a": "x", "b": "(none)"}
    assert keys_of(["x"], ["a", "b"]) == {"a": "x", "b": "(none)"}
    assert at({"n": [1, 2], "short": [1]}, 1) == {"n": 2, "short": None}


def test_a_metric_by_id_by_name_and_by_near_name() -> None:
    metrics = [
        Metric("new", "Placed Order", "Woo", "2024-01-01T00:00:00+00:00"),
        Metric("old", "Placed Order", "Shopify", "2023-01-01 00:00:00+00:00"),
        Metric("Placed Order", "An id like a name"),
        Metric("low", "placed order"),
    ]
    assert [one.id for one in matching(metrics[:2], "Placed Order")] == ["old", "new"]
    assert [one.id for one in matching(metrics, "Placed Order")] == ["Placed Order"]
    assert [one.id for one in matching(metrics[:2], "PLACED ORDER")] == ["old", "new"]
    assert [one.id for one in matching(metrics, "placed order")] == ["low"]
    assert matching(metrics, "Refund") == []
    blank = [Metric("b", " Active on Site "), Metric("c", "active on site")]
    for wanted in ("Active on Site", "Active on Site ", " Active on Site "):
        assert [one.id for one in matching(blank, wanted)] == ["b"]
    assert [one.id for one in matching(blank, " c ")] == ["c"]


def test_an_unknown_time_zone_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    stub = Answering(answer([]), zone="Moon/Tranquility")
    synced = sync(stub, MAY, "form_values_report")
    assert synced.failures == ["form_values_report"]
    assert any("unknown timezone 'Moon/Tranquility'" in line for line in caplog.messages)
    assert ZoneInfo("UTC").key == "UTC"
