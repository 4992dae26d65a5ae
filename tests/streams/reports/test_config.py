"""Entries of `reports` and `metric_aggregates`: refused before the first request, in one line that names the entry."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tap_klaviyo import contract
from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.streams.reports.aggregates import column_name
from tap_klaviyo.streams.reports.parse_entries import aggregate_entries, report_entries
from tests.streams.reports.syncs import tap_of

REPORT = {"name": "weekly", "report": "campaign_values"}
SERIES = {"name": "weekly", "report": "flow_series"}
AGGREGATE = {"name": "orders", "metric": "Placed Order"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"report": "campaign_values"}, "reports[0]: missing field 'name': the name of the stream"),
        (
            {**REPORT, "name": "Weekly report"},
            "reports[0]: name must be letters, digits and underscores, and not begin with a digit",
        ),
        ({**REPORT, "name": 7}, "reports[0]: name must be a string"),
        ({**REPORT, "name": "events"}, "reports[0] 'events': the name is already taken by another stream"),
        ({**REPORT, "name": "flow_series_report"}, "'flow_series_report': the name is already taken by another stream"),
        ({"name": "weekly"}, "reports[0] 'weekly': missing field 'report': one of campaign_values, flow_series"),
        (
            {**REPORT, "report": "email_values"},
            "'weekly': report: unknown value 'email_values'; did you mean 'campaign_values'?",
        ),
        (
            {**REPORT, "report": "metric_aggregates"},
            "report: unknown value 'metric_aggregates'; allowed: campaign_values, ",
        ),
        ({**REPORT, "windows": "day"}, "unknown field 'windows'; did you mean 'window'?"),
        ({**REPORT, "statistics": ["opens", "sent"]}, "statistics: unknown value 'sent'; allowed: average_order_value"),
        ({**REPORT, "statistics": {"opens": True}}, "statistics must be a list of strings"),
        ({**REPORT, "group_by": ["campaign_id"]}, "group_by also needs campaign_message_id"),
        ({**REPORT, "group_by": ["flow_id"]}, "group_by: unknown value 'flow_id'; allowed: campaign_id"),
        (
            {**REPORT, "interval": "daily"},
            "interval is only for series; campaign_values has a window: day, week, month",
        ),
        ({**REPORT, "window": "quarter"}, "window: unknown value 'quarter'; allowed: day, month, week"),
        ({**REPORT, "lookback": -1}, "lookback must be a whole number from 0 to 36500"),
        ({**REPORT, "lookback": 10**9}, "lookback must be a whole number from 0 to 36500"),
        ({**REPORT, "lookback": True}, "lookback must be a whole number from 0 to 36500"),
        (
            {**REPORT, "timeframe": "last_fortnight"},
            "timeframe: unknown value 'last_fortnight'; did you mean 'last_month'?",
        ),
        ({**REPORT, "timeframe": "last_week", "window": "day"}, "window cannot be combined with timeframe"),
        ({**REPORT, "timeframe": "last_week", "lookback": 3}, "lookback cannot be combined with timeframe"),
        (
            {**REPORT, "filter": "equals(send_channel,'fax')"},
            "filter: the value of 'send_channel' must be one of email",
        ),
        ({**REPORT, "filter": "any(campaign_id,['A'])"}, "filter: operator 'any' is not allowed on 'campaign_id'"),
        (
            {**REPORT, "filter": "and(equals(campaign_id,'A'),contains-any(campaign_id,['B']))"},
            "filter: a field can be used in one condition only",
        ),
        (
            {**REPORT, "filter": f"contains-any(campaign_id,{[str(n) for n in range(101)]})"},
            "filter: a list can have 100 values at most",
        ),
        ({**SERIES, "window": "day"}, "window is only for values; flow_series has an interval: daily, hourly, monthly"),
        ({**SERIES, "interval": "day"}, "interval: unknown value 'day'; did you mean 'daily'?"),
        ({**SERIES, "timeframe": "last_90_days"}, "'last_90_days' is longer than the 60 days of interval 'daily'"),
        ({**SERIES, "timeframe": "last_30_days", "interval": "hourly"}, "longer than the 7 days of interval 'hourly'"),
        ({"name": "f", "report": "form_values", "group_by": ["form_version_id"]}, "group_by also needs form_id"),
        (
            {"name": "f", "report": "form_values", "conversion_metric": "Placed Order"},
            "conversion_metric cannot be set: form_values counts no conversions",
        ),
        (
            {"name": "s", "report": "segment_series", "group_by": ["segment_id"]},
            "group_by cannot be set for segment_series",
        ),
    ],
)
def test_an_entry_that_cannot_be_followed(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)) as refused:
        tap_of({"reports": [entry]})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "orders"}, "metric_aggregates[0] 'orders': missing field 'metric': the id or the name of a metric"),
        ({**AGGREGATE, "name": "campaign_values_report"}, "the name is already taken by another stream"),
        (
            {**AGGREGATE, "measurements": ["sum"]},
            "measurements: unknown value 'sum'; allowed: count, sum_value, unique",
        ),
        ({**AGGREGATE, "by": ["campaign"]}, "by: unknown value 'campaign'; did you mean 'Campaign Name'?"),
        ({**AGGREGATE, "interval": "daily"}, "interval: unknown value 'daily'; did you mean 'day'?"),
        ({**AGGREGATE, "timezone": "Europe/Kyiv"}, "'orders': unknown timezone; use a name like America/New_York"),
        ({**AGGREGATE, "timezone": "america/new_york"}, "'orders': unknown timezone; use a name like America/New_York"),
        ({**AGGREGATE, "filter": ["greater-than(datetime,2024-01-01)"]}, "filter: each condition must be equals("),
        ({**AGGREGATE, "filter": "equals(nothing,'x')"}, "filter: each condition must be equals("),
    ],
)
def test_an_aggregate_that_cannot_be_followed(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        tap_of({"metric_aggregates": [entry]})


def test_the_entry_is_named_by_its_place() -> None:
    with pytest.raises(SettingsError, match=re.escape("reports[1] 'weekly': the name is already taken by reports[0]")):
        tap_of({"reports": [REPORT, REPORT]})
    with pytest.raises(
        SettingsError, match=re.escape("metric_aggregates[0] 'weekly': the name is already taken by another stream")
    ):
        tap_of({"reports": [REPORT], "metric_aggregates": [{**AGGREGATE, "name": "weekly"}]})


def test_reports_take_no_stream_options() -> None:
    with pytest.raises(
        SettingsError, match="stream_options 'flow_values_report': reports take none; name one in reports"
    ):
        tap_of({"stream_options": {"flow_values_report": {"filter": "x"}}})
    with pytest.raises(SettingsError, match=r"stream_options 'orders': .* name one in metric_aggregates"):
        tap_of({"metric_aggregates": [AGGREGATE], "stream_options": {"orders": {}}})


def test_everything_that_is_left_out_has_a_default() -> None:
    (values,) = report_entries([REPORT], ())
    facts = contract.newest().report("campaign_values")
    assert values.statistics == tuple(facts.statistics)
    assert values.group_by == facts.default_group_by
    assert (values.window, values.interval, values.lookback) == ("month", None, 7)
    assert values.conversion_metric == "Placed Order"
    (series,) = report_entries([SERIES], ())
    assert series.interval == "daily"
    (aggregate,) = aggregate_entries([AGGREGATE], ())
    assert (aggregate.measurements, aggregate.interval) == (("count", "sum_value", "unique"), "day")


def test_a_filter_may_use_the_words_of_the_filter_language_in_its_values() -> None:
    text = "and(equals(campaign_message_name,'equals(campaign_id,[1,2])'),equals(campaign_id,'A'))"
    assert report_entries([{**REPORT, "filter": text}], ())[0].filter == text


def test_every_kind_of_report_can_be_named() -> None:
    kinds = [kind for kind in contract.newest().reports() if kind != "metric_aggregates"]
    tap = tap_of({"reports": [{"name": f"my_{kind}", "report": kind} for kind in kinds]})
    named = {one.name: one for one in tap.klaviyo_streams() if one.name.startswith("my_")}
    assert set(named) == {f"my_{kind}" for kind in kinds}
    assert all(one.selected_by_default for one in named.values())


def test_the_seven_reports_are_there_and_off() -> None:
    tap = tap_of({})
    found = {one.name: one for one in tap.klaviyo_streams() if one.name.endswith("_report")}
    assert set(found) == {f"{kind}_report" for kind in contract.newest().reports() if kind != "metric_aggregates"}
    assert not any(one.selected_by_default for one in found.values())


def test_every_dimension_is_a_column_of_its_own() -> None:
    names = [column_name(one) for one in contract.newest().report("metric_aggregates").group_by]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert column_name("$attributed_message") == "attributed_message"
    assert column_name("Email Domain") == "email_domain"
    assert column_name("URL") == "url"
