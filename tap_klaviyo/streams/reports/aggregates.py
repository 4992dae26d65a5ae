"""Metric aggregates: events of one metric, counted by date and by what they carry."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from tap_klaviyo.records.columns import KEY, Column, Constant
from tap_klaviyo.streams.reports.base import DATE, DATE_TIME, CalendarStream
from tap_klaviyo.streams.reports.days import DAY, ONE_DAY, first_hour
from tap_klaviyo.streams.reports.entries import HOUR, PERIODS, AggregateEntry
from tap_klaviyo.streams.reports.report import dated
from tap_klaviyo.streams.reports.response import Group, Result, at, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from singer_sdk import Tap

    from tap_klaviyo.http import Request
    from tap_klaviyo.streams.reports.days import Span
    from tap_klaviyo.sync.session import Session

METRIC = "metric_id"
# A response holds up to 500 rows, each as long as the window: a year of hours would be a hundred megabytes. And a
# window is read from its beginning in every sync that reads a day of it.
_MOST_DAYS = {HOUR: 7, DAY: 28}
# Klaviyo refuses these names, and takes the ones that they had before.
_FORMER_NAMES = {"Europe/Kyiv": "Europe/Kiev", "Pacific/Kanton": "Pacific/Enderbury", "Factory": "UTC"}


class MetricAggregates(CalendarStream):
    """An entry of `metric_aggregates`: a row a date and combination of dimensions, a measurement a column."""

    setting = "metric_aggregates"

    def __init__(self, tap: Tap, session: Session, entry: AggregateEntry) -> None:
        self.facts = entry.facts
        self.entry = entry
        self.lookback = entry.lookback
        self.period = PERIODS[entry.interval]
        self.most_days = _MOST_DAYS.get(entry.interval, entry.facts.timeframe_days)
        self.dimensions = tuple(map(column_name, entry.by))
        self._date = "date_time" if entry.interval == HOUR else "date"
        self.primary_keys = (self._date, *self.dimensions, METRIC)
        self.replication_key = "date"
        super().__init__(tap, session, entry.name)

    def own_columns(self) -> Iterator[Column]:
        """Yield the columns, keys first."""
        yield Column(self._date, DATE_TIME if self.entry.interval == HOUR else DATE, Constant())
        for name in (*self.dimensions, METRIC):
            yield Column(name, KEY, Constant())
        if self.entry.interval == HOUR:
            yield Column("date", DATE, Constant())
        yield Column("time_zone", KEY, Constant())
        yield from self.statistic_columns(self.entry.measurements)

    def question(self) -> Mapping[str, Any]:
        """Return what decides which rows there are, and what they count."""
        entry = self.entry
        return {
            "metric": entry.metric.strip(),
            "by": sorted(entry.by),
            "measurements": sorted(entry.measurements),
            "interval": entry.interval,
            "filter": sorted(entry.filter),
            "timezone": entry.timezone,
        }

    def zone(self) -> tzinfo:
        """Return the time zone that the entry names, or else the account's."""
        return ZoneInfo(self.entry.timezone) if self.entry.timezone else self.session.account.zone(self.name)

    def metric_wanted(self) -> tuple[str, str]:
        """Return the metric that is counted."""
        return self.entry.metric, self.entry.where

    def attributes(self, window: Span | None, statistics: Sequence[str]) -> dict[str, Any]:
        """Return what the request about a window says."""
        entry, zone = self.entry, self.zone()
        found: dict[str, Any] = {
            METRIC: self.metric.id,
            "measurements": list(statistics),
            "interval": entry.interval,
            "page_size": entry.facts.page_size,
            "timezone": _FORMER_NAMES.get(str(zone), str(zone)),
        }
        if window is not None:  # pragma: no branch - only reports have time frames of Klaviyo's own
            # Local times with their offset: right whether Klaviyo follows the offset or reads them in the zone.
            since, after = first_hour(window.since, zone), first_hour(window.through + ONE_DAY, zone)
            bounds = [f"greater-or-equal(datetime,{since})", f"less-than(datetime,{after})"]
            found["filter"] = [*bounds, *entry.filter]
        if entry.by:
            found["by"] = list(entry.by)
        return found

    def following(self, request: Request, answer: Result) -> Request | None:
        """Return the same question with the cursor of its next page in the body."""
        if answer.cursor is None or request.body is None:
            return None
        asked = msgspec.json.decode(request.body)
        asked["data"]["attributes"]["page_cursor"] = answer.cursor
        return replace(request, body=msgspec.json.encode(asked))

    def rows(
        self,
        answer: Result,
        window: Span | None,  # noqa: ARG002 - the response says its dates
    ) -> Iterator[tuple[dict[str, Any], Group]]:
        """Yield a row a combination of dimensions and date."""
        zone = self.zone()
        times = dated(answer.times, zone, hourly=self.entry.interval == HOUR)
        shared = {METRIC: self.metric.id, "time_zone": str(zone)}
        for group in answer.groups:
            columns = {**shared, **keys_of(group.groupings, self.dimensions)}
            for index, moment in enumerate(times):
                when = {"date": moment.date().isoformat(), "date_time": moment.isoformat()}
                yield {**columns, **when}, Group(None, at(group.statistics, index))


def column_name(dimension: str) -> str:
    """Return ``attributed_flow`` for ``$attributed_flow``, and ``email_domain`` for ``Email Domain``."""
    return re.sub(r"\W+", "_", dimension.removeprefix("$")).lower()
