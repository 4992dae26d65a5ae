"""A report stream: values of calendar windows, or a series of days, hours, weeks or months."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from tap_klaviyo import contract
from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.records.columns import KEY, Column, Constant
from tap_klaviyo.streams.reports.base import DATE, DATE_TIME, CalendarStream
from tap_klaviyo.streams.reports.days import first_hour, last_hour, local_times
from tap_klaviyo.streams.reports.entries import PERIODS, ReportEntry, standard
from tap_klaviyo.streams.reports.response import Group, Result, at, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from singer_sdk import Tap

    from tap_klaviyo.http import Request
    from tap_klaviyo.streams.reports.days import Span
    from tap_klaviyo.sync.session import Session

HOURLY = "hourly"
CONVERSION_METRIC = "conversion_metric_id"
# Klaviyo was founded in 2012; a start_date of 1970 must not cost the quota of days for nothing.
_KLAVIYO_BEGAN = date(2012, 1, 1)
# A window of weeks holds whole ones, so that none is read in halves.
_WEEKS_DAYS = 52 * 7


class ReportStream(CalendarStream):
    """One of Klaviyo's reports: as it is, or as an entry of `reports` wants it."""

    kind: ClassVar[str]
    setting = "reports"

    def __init__(self, tap: Tap, session: Session, entry: ReportEntry | None = None) -> None:
        self.facts = contract.newest().report(self.kind)
        self.entry = entry or standard(f"{self.kind}_report", self.facts)
        self.selected_by_default = entry is not None  # the daily quota is small, and the account's other tools share it
        self.lookback = self.entry.lookback
        interval = self.entry.interval
        self.period = PERIODS[interval] if interval else self.entry.window
        self.most_days = min(self.facts.interval_days.get(interval, _WEEKS_DAYS), _WEEKS_DAYS) if interval else None
        self.earliest_day = date.fromisoformat(self.facts.earliest) if self.facts.earliest else _KLAVIYO_BEGAN
        self.primary_keys = tuple(self._keys())
        if self.entry.timeframe is None:
            self.replication_key = "date" if interval else "read_through"
        super().__init__(tap, session, self.entry.name)

    @property
    def _dated(self) -> list[str]:
        """The key columns that say when."""
        entry = self.entry
        if entry.interval:
            return ["date_time"] if entry.interval == HOURLY else ["date"]
        return ["timeframe"] if entry.timeframe else ["window_start", "window_end"]

    def _keys(self) -> Iterator[str]:
        yield from self._dated
        yield from self.entry.group_by
        if self.entry.converts:
            yield CONVERSION_METRIC

    def own_columns(self) -> Iterator[Column]:
        """Yield the columns, keys first."""
        types = {"timeframe": KEY, "date_time": DATE_TIME}
        for name in self._dated:
            yield Column(name, types.get(name, DATE), Constant())
        for name in self.primary_keys:
            if name not in self._dated:
                yield Column(name, KEY, Constant())
        if self.entry.interval == HOURLY:
            yield Column("date", DATE, Constant())
        if self.replication_key == "read_through":
            yield Column("read_through", DATE, Constant())
        yield Column("time_zone", KEY, Constant())
        yield from self.statistic_columns(self.entry.statistics)

    def question(self) -> Mapping[str, Any]:
        """Return what decides which rows there are; statistics are columns."""
        entry = self.entry
        found = {"report": entry.facts.kind, "group_by": sorted(entry.group_by), "filter": entry.filter}
        found |= {"interval": entry.interval} if entry.interval else {"window": entry.window}
        return found | ({"conversion_metric": entry.conversion_metric.strip()} if entry.converts else {})

    def zone(self) -> tzinfo:
        """Return the account's time zone, in which Klaviyo reads every time frame."""
        return self.session.account.zone(self.name)

    def metric_wanted(self) -> tuple[str, str] | None:
        """Return the conversion metric, for reports that have one."""
        return (self.entry.conversion_metric, self.entry.where) if self.entry.converts else None

    def attributes(self, window: Span | None, statistics: Sequence[str]) -> dict[str, Any]:
        """Return what the request about a window says."""
        entry, zone = self.entry, self.zone()
        found: dict[str, Any] = {"statistics": list(statistics)}
        if window is None:
            found["timeframe"] = {"key": entry.timeframe}
        else:
            found["timeframe"] = {"start": first_hour(window.since, zone), "end": last_hour(window.through, zone)}
        if entry.interval:
            found["interval"] = entry.interval
        if entry.converts:
            found[CONVERSION_METRIC] = self.metric.id
        if "group_by" in self.facts.attributes:
            found["group_by"] = list(entry.group_by)
        if entry.filter:
            found["filter"] = entry.filter
        return found

    def following(self, request: Request, answer: Result) -> Request | None:
        """Return the same question under the link to its next page."""
        return request.next(answer.following) if answer.following else None

    def rows(self, answer: Result, window: Span | None) -> Iterator[tuple[dict[str, Any], Group]]:
        """Yield a row a group, or a row a group and date-time."""
        shared: dict[str, Any] = {"time_zone": str(self.zone())}
        if self.entry.converts:
            shared[CONVERSION_METRIC] = self.metric.id
        if window is not None:
            shared |= {
                "window_start": window.start.isoformat(),
                "window_end": window.end.isoformat(),
                "read_through": window.through.isoformat(),
            }
        else:
            shared["timeframe"] = self.entry.timeframe
        times = dated(answer.times, self.zone(), hourly=self.entry.interval == HOURLY)
        for group in answer.groups:
            columns = {**shared, **keys_of(group.groupings, self.entry.group_by)}
            if not self.entry.interval:
                yield columns, group
            for index, moment in enumerate(times if self.entry.interval else ()):
                when = {"date": moment.date().isoformat(), "date_time": moment.isoformat()}
                yield {**columns, **when}, Group(None, at(group.statistics, index))


def dated(texts: Sequence[str], zone: tzinfo, *, hourly: bool) -> list[datetime]:
    """Return the local times of a response's date-times."""
    instants = [parse_instant(text) for text in texts]
    offset_given = any(not text.endswith(("Z", "+00:00")) and text[-6:-5] in {"+", "-"} for text in texts)
    return local_times(instants, offset_given=offset_given, zone=zone, hourly=hourly)
