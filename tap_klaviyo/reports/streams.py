"""The seven reports as they are without a setting, and those that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.reports.account import Account
from tap_klaviyo.reports.report import ReportStream

if TYPE_CHECKING:
    from tap_klaviyo.client import KlaviyoStream
    from tap_klaviyo.tap import TapKlaviyo


class CampaignValuesReport(ReportStream):
    """How a campaign's messages performed in a calendar month. One request a month."""

    kind = "campaign_values"


class FlowValuesReport(ReportStream):
    """How a flow's messages performed in a calendar month. One request a month."""

    kind = "flow_values"


class FlowSeriesReport(ReportStream):
    """How a flow's messages performed on a day. One request for 60 days."""

    kind = "flow_series"


class FormValuesReport(ReportStream):
    """How a form performed in a calendar month. One request a month."""

    kind = "form_values"


class FormSeriesReport(ReportStream):
    """How a form performed on a day. One request for 60 days."""

    kind = "form_series"


class SegmentValuesReport(ReportStream):
    """How a segment grew in a calendar month, since June 2023. One request a month."""

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


def report_streams(tap: TapKlaviyo) -> list[KlaviyoStream]:
    """Return all reports of a tap; they ask the account once between them."""
    account = Account()
    return [stream(tap, account) for stream in STREAMS]
