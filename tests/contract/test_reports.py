"""What reports may be asked, spot-checked against Klaviyo's documentation by hand."""

from __future__ import annotations

import pytest

from tap_klaviyo import contract

FACTS = contract.newest()

KINDS = [
    "campaign_values",
    "flow_series",
    "flow_values",
    "form_series",
    "form_values",
    "metric_aggregates",
    "segment_series",
    "segment_values",
]


@pytest.mark.parametrize("revision", contract.revisions())
def test_every_reading_post_is_a_report(revision: str) -> None:
    facts = contract.revision(revision)
    assert sorted(facts.reports()) == KINDS
    posts = {path for method, path in facts.endpoints() if method == "POST"}
    assert {report.path for report in facts.reports().values()} == posts


@pytest.mark.parametrize("kind", KINDS)
def test_limits(kind: str) -> None:
    limits = FACTS.endpoint(FACTS.report(kind).path, "POST").limits
    aggregates = kind == "metric_aggregates"
    assert limits == (contract.Limits(3, 60) if aggregates else contract.Limits(1, 2, 225))


@pytest.mark.parametrize("kind", KINDS)
def test_what_must_be_asked_may_be_asked(kind: str) -> None:
    report = FACTS.report(kind)
    assert set(report.required) <= set(report.attributes)
    assert set(report.required_group_by) <= set(report.group_by)
    assert set(report.interval_days) <= set(report.intervals)
    assert set(report.statistics.values()) <= {"integer", "number"}


@pytest.mark.parametrize(
    ("kind", "required", "default"),
    [
        (
            "campaign_values",
            {"campaign_id", "campaign_message_id"},
            ("campaign_id", "campaign_message_id", "send_channel"),
        ),
        ("flow_values", {"flow_id", "flow_message_id"}, ("flow_id", "flow_message_id", "send_channel")),
        ("flow_series", {"flow_id", "flow_message_id"}, ("flow_id", "flow_message_id", "send_channel")),
        ("form_values", set(), ("form_id",)),
        ("segment_series", set(), ("segment_id",)),
        ("metric_aggregates", set(), ()),
    ],
)
def test_groupings(kind: str, required: set[str], default: tuple[str, ...]) -> None:
    report = FACTS.report(kind)
    assert set(report.required_group_by) == required
    assert report.default_group_by == default


def test_a_grouping_that_needs_another() -> None:
    assert FACTS.report("form_series").group_by_requires == {"form_version_id": ("form_id",)}
    assert FACTS.report("flow_series").group_by_requires == {}


def test_only_series_have_intervals_and_each_its_longest_time_frame() -> None:
    for kind, report in FACTS.reports().items():
        if kind.endswith("_series"):
            assert set(report.intervals) == {"hourly", "daily", "weekly", "monthly"}
            assert report.interval_days == {"hourly": 7, "daily": 60, "monthly": 364}
        elif kind.endswith("_values"):
            assert report.intervals == ()
        assert report.timeframe_days == 365


def test_segment_reports_begin_in_june_2023() -> None:
    begun = {kind: report.earliest for kind, report in FACTS.reports().items() if report.earliest}
    assert begun == {"segment_series": "2023-06-01", "segment_values": "2023-06-01"}


def test_only_campaigns_and_flows_have_a_conversion_metric() -> None:
    kinds = {kind for kind, report in FACTS.reports().items() if "conversion_metric_id" in report.required}
    assert kinds == {"campaign_values", "flow_series", "flow_values"}


@pytest.mark.parametrize(
    ("statistic", "kind"),
    [
        ("opens", "integer"),
        ("conversion_uniques", "integer"),
        ("open_rate", "number"),
        ("conversion_value", "number"),
        ("average_order_value", "number"),
        ("revenue_per_recipient", "number"),
        ("text_message_spend", "number"),
    ],
)
def test_what_a_statistic_is(statistic: str, kind: str) -> None:
    assert FACTS.report("campaign_values").statistics[statistic] == kind


def test_filters() -> None:
    campaign = FACTS.report("campaign_values")
    assert campaign.filters["send_channel"] == contract.FilterField(
        ("equals",), ("contains-any",), "string", enum=("email", "sms", "push-notification", "whatsapp")
    )
    assert campaign.filters["tag_id"] == contract.FilterField((), ("contains-any", "contains-all"), "string")
    assert campaign.filter_list_maximum == 100
    assert set(FACTS.report("segment_values").filters) == {"segment_id"}


def test_metric_aggregates() -> None:
    aggregates = FACTS.report("metric_aggregates")
    assert aggregates.resource == "metric-aggregate"
    assert aggregates.statistics == {"count": "integer", "sum_value": "number", "unique": "integer"}
    assert aggregates.intervals == ("day", "hour", "month", "week")
    assert aggregates.page_size == 500
    assert aggregates.cursor
    assert aggregates.refused_timezones == ("Factory", "Europe/Kyiv", "Pacific/Kanton")
    assert aggregates.filters["datetime"].operators == ("greater-or-equal", "less-than")


def test_an_unknown_kind_is_told_the_known_ones() -> None:
    with pytest.raises(
        contract.UnknownReportError, match=r"'email_values' is not a report of .*: campaign_values, flow_series"
    ):
        FACTS.report("email_values")
