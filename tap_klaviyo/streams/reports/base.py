"""The base of reports and of metric aggregates: streams that ask about calendar windows of the account."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from tap_klaviyo import contract
from tap_klaviyo.config.stream_options import refuse_more
from tap_klaviyo.http import Request
from tap_klaviyo.http.errors import BadRequestError
from tap_klaviyo.pagination.deferred import Deferred
from tap_klaviyo.pagination.reader import Step
from tap_klaviyo.records.columns import Attribute, Column
from tap_klaviyo.records.flatten import Flattener
from tap_klaviyo.records.jsonapi import Resource
from tap_klaviyo.records.page import Page
from tap_klaviyo.records.rows import Rows
from tap_klaviyo.records.schema_drift import warn_changes
from tap_klaviyo.streams.base import BaseStream
from tap_klaviyo.streams.reports.day_range import DayPolicy, day_range
from tap_klaviyo.streams.reports.days import (
    Days,
    Span,
    labelled,
    last_whole_day,
    windows,
)
from tap_klaviyo.streams.reports.duration import duration
from tap_klaviyo.streams.reports.requests import Asked, Exchange, Place
from tap_klaviyo.streams.reports.response import Group, Result, parse_result
from tap_klaviyo.sync import metric
from tap_klaviyo.sync.metric_memory import MetricMemory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, tzinfo

    from singer_sdk import Tap

    from tap_klaviyo.contract import Endpoint, Report
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.records.columns import Chosen
    from tap_klaviyo.sync.range import Range
    from tap_klaviyo.sync.saved import Saved
    from tap_klaviyo.sync.session import Session
    from tap_klaviyo.sync.stream_sync import StreamSync

DATE: dict[str, Any] = {"type": "string", "format": "date"}
DATE_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}


class CalendarStream(BaseStream):
    """A stream that is read by days of the account: a request a window, oldest first, the bookmark behind them."""

    is_sorted = True
    bounded = True
    facts: Report
    lookback: int
    earliest_day: date = date(1900, 1, 1)
    """Nothing lies before this day."""
    most_days: int | None = None
    """How many days of whole periods make up a window; without it each window is one period."""
    period: str
    setting: ClassVar[str]

    def __init__(self, tap: Tap, session: Session, name: str) -> None:
        self.name = name
        why = f"reports take none; name one in {self.setting} and say there what it asks"
        refuse_more(name, session.settings.stream_options.get(name), why)
        super().__init__(tap, session, name)

    @cached_property
    def endpoint(self) -> Endpoint:
        """The endpoint that is asked."""
        return contract.newest().endpoint(self.facts.path, "POST")

    @property
    def parallel(self) -> bool:
        """Whether several requests may be in flight."""
        return True

    def statistic_columns(self, names: Sequence[str]) -> Iterator[Column]:
        """Yield a column for each statistic, whole numbers or fractions as the contract says."""
        for name in names:
            yield Column(name, {"type": [self.facts.statistics[name], "null"]}, Attribute(name))

    def build_columns(self) -> list[Column]:
        """Return the columns, keys first."""
        return [*self.own_columns()]

    # What a kind of report has to say

    @abstractmethod
    def own_columns(self) -> Iterator[Column]:
        """Yield the columns, keys first."""

    @abstractmethod
    def zone(self) -> tzinfo:
        """Return the time zone of the days."""

    @abstractmethod
    def attributes(self, window: Span | None, statistics: Sequence[str]) -> dict[str, Any]:
        """Return what the request about a window says."""

    @abstractmethod
    def rows(self, answer: Result, window: Span | None) -> Iterator[tuple[dict[str, Any], Group]]:
        """Yield the rows of a response: what their columns say beside the statistics, and those."""

    @abstractmethod
    def following(self, request: Request, answer: Result) -> Request | None:
        """Return the request for the next page."""

    @abstractmethod
    def metric_wanted(self) -> tuple[str, str] | None:
        """Return the id or name of the metric that is needed, and the setting that says so."""

    # Days

    def range(self, saved: Saved, now: datetime) -> Range:
        """Return the days of this sync, each as midnight UTC: the first one, and the last one that is over."""
        settings = self.session.settings
        policy = DayPolicy(
            start=max(settings.start_date.date(), self.earliest_day) if settings.start_date else None,
            end=max(settings.end_date.date(), self.earliest_day) if settings.end_date else None,
            lookback=self.lookback,
            period=self.period,
            most_days=self.most_days,
            keyed=self.declared_replication_key is not None,
            full_table=self.is_full_table,
            versioned=self.versioned,
        )
        return day_range(saved, policy, last_whole_day(now, self.zone()), now)

    def windows(self, reading: Range) -> list[Span]:
        """Return the windows of a range, oldest first."""
        first = reading.lower or reading.until
        days = Days(first.date(), reading.until.date())
        return list(windows(days, self.period, self.most_days, self.earliest_day))

    # Requests

    def segments(self, sync: StreamSync) -> list[Segment]:
        """Return the report as one segment, since the account has to be asked before it can be cut."""
        flattener = Flattener(sync.chosen, self.session.sources.warn_odd(self.name))
        memory = MetricMemory(self.stream_state, self.name)
        return [Deferred(lambda: self.questions(sync, flattener, memory))]

    def questions(self, sync: StreamSync, flattener: Flattener, memory: MetricMemory) -> Step:
        """Return a segment per window, after saying how many requests there are and how long they take.

        Raises:
            KlaviyoError: The time zone or the metric is not to be had.
        """
        found: list[Span | None] = [*self.windows(sync.range)] if self.declared_replication_key else [None]
        if not found:
            return Step(None)
        page = self.resolve_metric(memory)
        share = self.session.settings.rate_limit_share
        self.logger.info("%s: %s", self.name, duration(len(found), self.endpoint.limits, share))
        url = self.session.sources.http.origin.url(self.endpoint.path)
        statistics = self.asked_statistics(sync.chosen)
        exchange = Exchange(
            self.send,
            self.following,
            lambda answer, window, complete: self.page(sync, flattener, answer, window, complete=complete),
        )
        asked = [
            Asked(
                exchange,
                window,
                Request(self.endpoint, url, self.endpoint.limits, self.body(self.attributes(window, statistics))),
                Place(number, len(found)),
            )
            for number, window in enumerate(found)
        ]
        return Step(page, asked)

    def body(self, attributes: dict[str, Any]) -> bytes:
        """Return a request's body."""
        return msgspec.json.encode({"data": {"type": self.facts.resource, "attributes": attributes}})

    def send(self, request: Request) -> Result:
        """Send a request and read its response.

        Raises:
            KlaviyoError: There is none.
        """
        try:
            result = self.session.sources.send(request, parse_result, self.name)
        except BadRequestError as error:
            wanted = self.metric_wanted()
            if wanted is None:
                raise
            raise metric.metric_refusal(error, self.metric, wanted[1]) from None
        warn_changes(self.name, result.changes, self.session.sources.warn_once)
        return result

    def resolve_metric(self, memory: MetricMemory) -> Page | None:
        """Find the metric that is asked about, and return a page that notes which one it is.

        The one of earlier runs stays, whatever its name is by now; of several the oldest is taken, with a warning.

        Raises:
            UnknownMetricError: There is none.
        """
        wanted = self.metric_wanted()
        if wanted is None:
            return None
        name, setting = wanted
        metrics, earlier = self.session.account.metrics(self.name), memory.meant.get(name, ())

        def warn(line: str) -> None:
            self.logger.warning("%s: %s", self.name, line)

        found = sorted(metric.meaning(metrics, name, earlier, warn), key=lambda one: one.id not in earlier)
        if not found:
            raise metric.unknown(metrics, name, setting)
        self.metric = found[0]
        remembered = self.metric.id in earlier
        if len(found) > 1:
            warn(metric.chosen_among(found, name, setting, remembered=remembered))
        return Page(note=lambda: memory.note({name: (self.metric.id,)}))

    # Rows

    def asked_statistics(self, chosen: Sequence[Chosen]) -> list[str]:
        """Return the selected statistics; a request must name one, so that if none is selected one is asked."""
        names = [choice.column.name for choice in chosen if isinstance(choice.column.source, Attribute)]
        return names or [next(column.name for column in self.columns if isinstance(column.source, Attribute))]

    def page(
        self, sync: StreamSync, flattener: Flattener, answer: Result, window: Span | None, *, complete: bool
    ) -> Page:
        """Return the records of a response; the bookmark may follow to the end of a window that is complete."""
        shared = self.session.account.columns()
        records = [
            flattener.record(Resource(id="", attributes=group.statistics), {}, {**shared, **columns})
            for columns, group in self.rows(answer, window)
        ]
        page = sync.record_format.page(Rows(records, [None] * len(records)))
        if window is None or not complete:
            return page
        through = labelled(window.through)
        return replace(page, oldest=through, newest=through, settled=True)
