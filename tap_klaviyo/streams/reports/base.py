"""The base of reports and of metric aggregates: streams that ask about calendar windows of the account."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from tap_klaviyo import contract
from tap_klaviyo.http import Request
from tap_klaviyo.http.errors import BadRequestError
from tap_klaviyo.records.columns import KEY, Attribute, Column, Constant
from tap_klaviyo.records.flatten import Flattener
from tap_klaviyo.records.jsonapi import Resource
from tap_klaviyo.records.record_selector import Shape
from tap_klaviyo.records.rows import RowMaker, Rows
from tap_klaviyo.records.selection import choose
from tap_klaviyo.records.stream_options import OptionsError
from tap_klaviyo.streams.base import KlaviyoStream
from tap_klaviyo.streams.reports.days import Days, Window, days_to_read, labelled, last_whole_day, windows
from tap_klaviyo.streams.reports.requests import Asked, Place, Planned
from tap_klaviyo.streams.reports.response import Answer, Group, parse_answer
from tap_klaviyo.streams.resource import ACCOUNT_ID
from tap_klaviyo.sync import metric
from tap_klaviyo.sync.range import REPLICATION_KEY_VALUE, Range, read_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from tap_klaviyo.contract import Endpoint, Limits, Report
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.records.columns import Chosen
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.sync.account import Account
    from tap_klaviyo.tap import TapKlaviyo

DATE: dict[str, Any] = {"type": "string", "format": "date"}
DATE_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}


class CalendarStream(KlaviyoStream):
    """A stream that is read by days of the account: a request a window, oldest first, the bookmark behind them."""

    is_sorted = True
    bounded = True
    facts: Report
    lookback: int
    earliest_day: date | None = None
    most_days: int | None = None
    """How many days of whole periods make up a window; without it each window is one period."""
    period: str
    setting: ClassVar[str]

    def __init__(self, tap: TapKlaviyo, account: Account, name: str) -> None:
        self.name = name
        self.account = account
        if name in (tap.config.get("stream_options") or {}):
            message = (
                f"stream_options '{name}': reports take none; name one in {self.setting} and say there what it asks"
            )
            raise OptionsError(message)
        super().__init__(tap, name=name)

    @cached_property
    def endpoint(self) -> Endpoint:
        """The contract's endpoint."""
        return contract.endpoint(self.facts.path, "POST")

    def _build_columns(self, tap: TapKlaviyo) -> list[Column]:  # noqa: ARG002 - the tap has no say in these
        columns = [*self.own_columns()]
        return [Column(ACCOUNT_ID, KEY, Constant()), *columns] if self._account_column else columns

    def statistic_columns(self, names: Sequence[str]) -> Iterator[Column]:
        """Yield a column for each statistic, whole numbers or fractions as the contract says."""
        for name in names:
            yield Column(name, {"type": [self.facts.statistics[name], "null"]}, Attribute(name))

    # What a kind of report has to say

    @abstractmethod
    def own_columns(self) -> Iterator[Column]:
        """Yield the columns, keys first."""

    @abstractmethod
    def zone(self) -> tzinfo:
        """Return the time zone of the days."""

    @abstractmethod
    def question(self, window: Window | None) -> dict[str, Any]:
        """Return what the request about a window says."""

    @abstractmethod
    def rows(self, answer: Answer, window: Window | None) -> Iterator[tuple[dict[str, Any], Group]]:
        """Yield the rows of an answer: what their columns say beside the statistics, and those."""

    @abstractmethod
    def following(self, request: Request, answer: Answer) -> Request | None:
        """Return the request for the next page."""

    def metric_wanted(self) -> tuple[str, str] | None:
        """Return the id or name of the metric that is needed, and the setting that says so."""
        return None

    # Days

    @cached_property
    def reading(self) -> Range:
        """The days of this sync, each as midnight UTC: the first one, and the last one that is over."""
        state, now = self.stream_state, self._tap.started_at
        bookmark = None if self.is_full_table else read_instant(state, REPLICATION_KEY_VALUE, self.name)
        last = last_whole_day(now, self.zone())
        ahead = bookmark is not None and bookmark > now
        read = min(bookmark.date(), last) if bookmark is not None else None
        days = days_to_read(
            last, read, start=self._setting_day("start_date"), end=self._setting_day("end_date"), lookback=self.lookback
        )
        moves = days.moves_bookmark and not self.is_full_table
        # Where the first day is after the last there is nothing to read, and the bookmark stays.
        return Range(labelled(days.first), None, labelled(days.last), moves_bookmark=moves, from_the_future=ahead)

    def _setting_day(self, name: str) -> date | None:
        """The day that a setting names as it is written: the account's day of that date is meant."""
        value = self.config.get(name)
        return date.fromisoformat(str(value)[:10]) if value else None

    def windows(self) -> list[Window]:
        """Return the windows of this sync, oldest first."""
        reading = self.reading
        first = reading.lower or reading.until
        days = Days(first.date(), reading.until.date())
        return list(windows(days, self.period, self.most_days, self.earliest_day))

    # Requests

    def segments(self) -> list[Segment]:
        """Return the report as one segment, since the account has to be asked before it can be cut."""
        return [Planned(self)]

    def questions(self) -> list[Segment]:
        """Return a segment a window, after saying how many requests there are and how long they take.

        Raises:
            KlaviyoError: The time zone or the metric is not to be had.
        """
        found: list[Window | None] = [*self.windows()] if self.replication_key else [None]
        if not found:
            return []
        self.resolve_metric()
        self.logger.info(
            "%s: %s", self.name, duration(len(found), self.endpoint.limits, self.config["rate_limit_share"])
        )
        url = self._tap.http.origin.url(self.endpoint.path)
        return [
            Asked(
                self,
                window,
                Request(self.endpoint, url, self.endpoint.limits, self.body(self.question(window))),
                Place(number, len(found)),
            )
            for number, window in enumerate(found)
        ]

    def body(self, attributes: dict[str, Any]) -> bytes:
        """Return a request's body."""
        return msgspec.json.encode({"data": {"type": self.facts.resource, "attributes": attributes}})

    def send(self, request: Request) -> Answer:
        """Send a request and read its answer.

        Raises:
            KlaviyoError: There is none.
        """
        try:
            return self._tap.http.send(request, parse=parse_answer, stop=self._tap.stopping, tally=self.tally)
        except BadRequestError as error:
            wanted = self.metric_wanted()
            if wanted is None:
                raise
            raise metric.refusal(error, self.metric, wanted[1]) from None

    def resolve_metric(self) -> None:
        """Find the metric that is asked about, and say which it is where several have its name.

        Raises:
            UnknownMetricError: There is none.
        """
        wanted = self.metric_wanted()
        if wanted is None:
            return
        name, setting = wanted
        metrics = self.account.metrics(self)
        found = metric.matching(metrics, name)
        if not found:
            raise metric.unknown(metrics, name, setting)
        if len(found) > 1:
            self.logger.warning("%s: %s", self.name, metric.chosen_among(found, name, setting))
        self.metric = found[0]

    # Rows

    @cached_property
    def chosen(self) -> list[Chosen]:
        """The selected columns."""
        return choose(self.columns, self._nodes)

    def asked_statistics(self) -> list[str]:
        """Return the selected statistics; a request must name one, so that where none is selected one is asked."""
        names = [choice.column.name for choice in self.chosen if isinstance(choice.column.source, Attribute)]
        return names or [next(column.name for column in self.columns if isinstance(column.source, Attribute))]

    @cached_property
    def _flattener(self) -> Flattener:
        return Flattener(self.chosen, self._warn_odd)

    def page(self, answer: Answer, window: Window | None, *, complete: bool) -> Page:
        """Return the records of an answer; the bookmark may follow to the end of a window that is complete."""
        shared = self.account_context()
        records = [
            self._flattener.record(Resource(id="", attributes=group.statistics), {}, {**shared, **columns})
            for columns, group in self.rows(answer, window)
        ]
        maker = RowMaker(self.name, Shape(), self._flattener, None, version=self._stream_version, encode=self._fast)
        page = maker.page(Rows(records, [None] * len(records)))
        if window is None or not complete:
            return page
        through = labelled(window.through)
        return replace(page, oldest=through, newest=through)

    @property
    def workers(self) -> int:
        """How many requests of the report may be in flight."""
        most: int = self.config["max_workers"]
        return min(most, self.endpoint.limits.burst)


def duration(requests: int, limits: Limits, share: float) -> str:
    """Say how many requests there are, and how long the limits make them take; ``share`` of these may be used."""
    counted = f"{requests} request{'' if requests == 1 else 's'}"
    steady = max(1, math.floor(limits.steady * share))
    allowed = f"{steady} a minute"
    if limits.daily is not None:
        daily = max(1, math.floor(limits.daily * share))
        allowed += f", {daily} a day"
        if requests > daily:
            more = math.ceil(requests / daily) - 1
            when = "tomorrow" if more == 1 else f"on each of the next {more} days"
            return f"{counted} are more than a day's quota ({allowed}): the oldest first, and run again {when}"
    minutes = math.ceil(requests / steady) - 1
    about = f"about {minutes} minute{'' if minutes == 1 else 's'}" if minutes else "within a minute"
    return f"{counted}, {about} ({allowed})"
