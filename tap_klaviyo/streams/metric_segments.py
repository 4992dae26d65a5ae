"""Events of chosen metrics: in one filter where Klaviyo takes it, and otherwise in several beside each other."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from tap_klaviyo.contract import filters
from tap_klaviyo.http.errors import BadRequestError
from tap_klaviyo.pagination.reader import Segment, Step
from tap_klaviyo.records.fieldsets import Ask
from tap_klaviyo.records.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from tap_klaviyo.sync.plan import Plan

METRIC = "metric_id"
# Klaviyo names no bound for this list; its reports take so many values in one.
MOST = 100
# "Metric IDs ['X'] do not exist.": of metrics that Klaviyo itself lists.
_NO_METRIC = re.compile(r"metric\b.*\b(?:do|does) not exist", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"\w+", re.ASCII)
_A_MOMENT = timedelta(hours=1)
# Between two of these the bookmark follows, if several filters read the same stretch one after the other.
_STRETCH = timedelta(days=90)
_LONGEST_AGO = timedelta(days=10 * 366)

Group = tuple[str, ...]


@dataclass(slots=True)
class Groups:
    """Finds out which metrics Klaviyo takes as filters, and how many in one; a request of one row for each try.

    Args:
        plan: How the events of all metrics are read.
        skip: Is told of a metric that Klaviyo refuses.
    """

    plan: Plan
    skip: Callable[[str], None]

    def of(self, ids: Sequence[str]) -> list[Group]:
        """Return the metrics that can be asked for, those of one filter together.

        Raises:
            KlaviyoError: None can: then nothing could be asked, which is not the same as no events.
        """
        if len(ids) < 2:  # noqa: PLR2004 - what it comes to shows when it is read
            return [tuple(ids)] if ids else []
        refused: dict[str, BadRequestError] = {}
        found = [group for at in range(0, len(ids), MOST) for group in self._taken(tuple(ids[at : at + MOST]), refused)]
        if not found:
            raise next(iter(refused.values()))
        for metric in refused:
            self.skip(metric)
        return found

    def _taken(self, ids: Group, refused: dict[str, BadRequestError]) -> Iterator[Group]:
        while ids:
            try:
                self._ask(ids)
            except BadRequestError as error:
                unknown = _unknown(error, ids)
                if not unknown and len(ids) == 1:
                    raise
                if not unknown:
                    middle = len(ids) // 2
                    yield from self._taken(ids[:middle], refused)
                    yield from self._taken(ids[middle:], refused)
                    return
                refused |= dict.fromkeys(unknown, error)
                ids = tuple(one for one in ids if one not in refused)
            else:
                yield ids
                return

    def _ask(self, ids: Group) -> None:
        plan, until = self.plan, self.plan.sync.range.until
        source = replace(plan.source, page_size=1, ask=Ask())
        source.fetch(source.request(conditions=[filters.among(METRIC, ids), *plan.bounds(until - _A_MOMENT, until)]))


def _unknown(error: BadRequestError, ids: Group) -> list[str]:
    """The metrics that do not exist, if the error says so: the one that was asked for, or those that it names."""
    if not _NO_METRIC.search(error.detail):
        return []
    named = set(_WORD.findall(error.detail))
    return [one for one in ids if len(ids) == 1 or one in named]


def read_all(plan: Plan, groups: Sequence[Group]) -> list[Segment]:
    """Return what reads a range: in the order of the dates if one filter does, else stretch by stretch."""
    plans = [plan.narrowed(filters.among(METRIC, group)) for group in groups]
    if len(plans) == 1:
        return plans[0].segments()
    reading = plan.sync.range
    found: list[Segment] = []
    if not reading.empty:
        for lower, upper in stretches(reading.lower, reading.until):
            newest = Newest()
            found += [Aside(one, newest) for each in plans for one in between(each, lower, upper).segments()]
            found.append(Caught(newest))
    if reading.upper is None:
        begin = max(reading.until, reading.lower) if reading.lower else reading.until
        found += [Aside(one) for each in plans for one in between(each, begin, None).segments()]
    return found


def read_aside(plan: Plan, groups: Sequence[Group], lower: datetime | None, upper: datetime) -> list[Segment]:
    """Return what reads a range that the bookmark is past already."""
    plans = [between(plan.narrowed(filters.among(METRIC, group)), lower, upper) for group in groups]
    return [Aside(one) for each in plans for one in each.segments()]


def between(plan: Plan, lower: datetime | None, upper: datetime | None) -> Plan:
    """Return a plan for a part of its range; without an upper end for what comes after the range."""
    reading = plan.sync.range
    part = replace(reading, lower=lower, upper=upper, until=upper or reading.until)
    return replace(plan, sync=replace(plan.sync, range=part))


def stretches(lower: datetime | None, until: datetime) -> list[tuple[datetime | None, datetime]]:
    """Cut a range into half-open stretches, oldest first; None is the beginning of everything."""
    begin = until - _LONGEST_AGO if lower is None else lower
    whole = max(0, (until - begin) // _STRETCH)
    edges = [until - number * _STRETCH for number in range(whole, -1, -1)]
    first = [lower] if lower is None or not edges or lower < edges[0] else []
    return [(start, end) for start, end in pairwise([*first, *edges]) if end is not None]


@dataclass(slots=True)
class Newest:
    """The newest row of some segments, which several threads read."""

    instant: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, instant: datetime | None) -> None:
        """Note the newest row of a page."""
        with self.lock:
            if instant is not None and (self.instant is None or instant > self.instant):
                self.instant = instant


@dataclass(slots=True)
class Aside(Segment):
    """A segment whose rows the bookmark does not follow: others that begin earlier come after it."""

    inner: Segment
    newest: Newest = field(default_factory=Newest)
    waits: bool = field(init=False)

    def __post_init__(self) -> None:
        """Wait if what is inside does."""
        self.waits = self.inner.waits

    def take(self) -> tuple[Segment, Segment | None]:
        """Cut what can be cut."""
        taken, rest = self.inner.take()
        return Aside(taken, self.newest), None if rest is None else Aside(rest, self.newest)

    def read(self) -> Step:
        """Read a page, and hide its dates."""
        page, rest = self.inner.read()
        if page is not None:  # pragma: no branch - windows and chains have one, the type knows of others
            self.newest.saw(page.newest)
            page = replace(page, oldest=None, newest=None, settled=False)
        return Step(page, [Aside(segment, self.newest) for segment in rest])


@dataclass(slots=True)
class Caught(Segment):
    """The end of a stretch: all of its rows have been written, and the bookmark may follow the newest."""

    newest: Newest
    waits: bool = True

    def read(self) -> Step:
        """Say what the newest row was."""
        instant = self.newest.instant
        return Step(None if instant is None else Page(oldest=instant, newest=instant, settled=True))
