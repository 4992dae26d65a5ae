"""The seven reports as they are without a setting, and those that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.streams.reports.aggregates import MetricAggregates
from tap_klaviyo.streams.reports.parse_entries import aggregate_entries, report_entries
from tap_klaviyo.streams.reports.report import ReportStream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk import Tap

    from tap_klaviyo.streams.reports.base import CalendarStream
    from tap_klaviyo.sync.session import Session


class CampaignValuesReport(ReportStream):
    """How a campaign's messages performed in a calendar month. One request per month."""

    kind = "campaign_values"


class FlowValuesReport(ReportStream):
    """How a flow's messages performed in a calendar month. One request per month."""

    kind = "flow_values"


class FlowSeriesReport(ReportStream):
    """How a flow's messages performed on a day. One request for 60 days."""

    kind = "flow_series"


class FormValuesReport(ReportStream):
    """How a form performed in a calendar month. One request per month."""

    kind = "form_values"


class FormSeriesReport(ReportStream):
    """How a form performed on a day. One request for 60 days."""

    kind = "form_series"


class SegmentValuesReport(ReportStream):
    """How a segment grew in a calendar month, since June 2023. One request per month."""

    kind = "segment_values"


class SegmentSeriesReport(ReportStream):
    """How a segment grew on a day, since June 2023. One request for 60 days."""

    kind = "segment_series"


STREAMS = (
    CampaignValuesReport,
    FlowValuesReport,
    FlowSeriesReport,
    FormValuesReport,
    FormSeriesReport,
    SegmentValuesReport,
    SegmentSeriesReport,
)


def report_streams(tap: Tap, session: Session, taken: Iterable[str]) -> list[CalendarStream]:
    """Return all reports and metric aggregates.

    Args:
        tap: What the SDK wants to know.
        session: Whose settings name the further ones.
        taken: Names of other streams.

    Raises:
        SettingsError: An entry of `reports` or `metric_aggregates` cannot be followed.
    """
    settings = session.settings
    found: list[CalendarStream] = [stream(tap, session) for stream in STREAMS]
    names = [*taken, *(stream.name for stream in found)]
    kinds = {stream.kind: stream for stream in STREAMS}
    reports = report_entries(settings.reports, names)
    found += [kinds[entry.facts.kind](tap, session, entry) for entry in reports]
    names += [entry.name for entry in reports]
    aggregates = aggregate_entries(settings.metric_aggregates, names)
    return [*found, *(MetricAggregates(tap, session, entry) for entry in aggregates)]
