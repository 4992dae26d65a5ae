"""What the settings say about a report or about metric aggregates; checked by `config`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.streams.reports.days import DAY, MONTH, WEEK
from tap_klaviyo.sync.metric import DEFAULT

if TYPE_CHECKING:
    from tap_klaviyo.contract import Report

LOOKBACK = 7
HOUR = "hour"
# The calendar period of each interval, in the words of reports and in those of metric aggregates.
PERIODS = {"hourly": DAY, "daily": DAY, "weekly": WEEK, "monthly": MONTH, HOUR: DAY, DAY: DAY, WEEK: WEEK, MONTH: MONTH}


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """One report: a values report has a ``window``, a series an ``interval``; with a ``timeframe`` neither is cut."""

    name: str
    facts: Report
    where: str
    """How an error names the setting that this comes from."""
    statistics: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    filter: str | None = None
    timeframe: str | None = None
    window: str = MONTH
    interval: str | None = None
    conversion_metric: str = DEFAULT
    lookback: int = LOOKBACK

    @property
    def converts(self) -> bool:
        """Whether the report needs a conversion metric."""
        return "conversion_metric_id" in self.facts.attributes


@dataclass(frozen=True, slots=True)
class AggregateEntry:
    """One query for metric aggregates; without a ``timezone`` it is in the account's."""

    name: str
    facts: Report
    where: str
    metric: str
    measurements: tuple[str, ...]
    by: tuple[str, ...] = ()
    interval: str = DAY
    filter: tuple[str, ...] = ()
    timezone: str | None = None
    lookback: int = LOOKBACK


def standard(name: str, facts: Report) -> ReportEntry:
    """Return a report as it is without any setting: every statistic, the usual groupings, days or months."""
    return ReportEntry(
        name=name,
        facts=facts,
        where="conversion_metric of an entry of reports",
        statistics=tuple(facts.statistics),
        group_by=facts.default_group_by,
        interval="daily" if facts.intervals else None,
    )
