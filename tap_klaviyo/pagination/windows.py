"""A time range read in many windows at once, where the endpoint can filter its replication key from both sides.

Windows are cut when a worker is free to read one, as wide as the rows nearby are expected to fill one page. A full
page tells how dense its stretch is; what it left over is cut again. Beyond a few times the width that was really
seen at a like density nothing is extrapolated: there a worker reads a full page from the left edge, which is never
wasted. Rows of the second of a full page's last row but one are left to the next window, and all after them, so that
no window begins inside a tie or behind a row that Klaviyo put one place too late.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tap_klaviyo.contract.timestamps import ONE_SECOND, floor_second
from tap_klaviyo.pagination.density import DensityMap, Observation
from tap_klaviyo.pagination.reader import Segment, Step
from tap_klaviyo.records.rows import Rows

if TYPE_CHECKING:
    from tap_klaviyo.pagination.chain import Makes
    from tap_klaviyo.pagination.link import Link
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.records.record_selector import Context

Conditions = Callable[[datetime | None, datetime], list[str]]

# Of a window's page so much is expected to be filled: fuller windows overflow into a second request more often.
_FILL = 0.95


@dataclass(frozen=True, slots=True)
class Daring:
    """How far to trust a density.

    Windows are cut up to ``reach`` times the width that was really seen at a like density. Beyond that a page is read
    from the left edge of a range ``probe`` times as wide as should fill one, or ``growth`` times the distance to what
    was seen, if that is more: it is full unless the rows become much fewer there, and others can read to the right of
    it meanwhile. Behind a burst they do, and soon a range is wide enough for a page again.
    """

    reach: float
    probe: float
    growth: float


# While the limit has room, fewer rounds count: 200,000 rows in bursts took 16 rounds of 24 requests, 285 in all.
_WITH_ROOM = Daring(reach=2, probe=2, growth=2)
# Near the limit fewer requests count: a window is wide enough for some full pages, one after the other, and others are
# read beside it. A million and a half rows in bursts took 1,730 requests, against 2,030 with room.
_WITHOUT_ROOM = Daring(reach=0.25, probe=6, growth=1.5)


@dataclass(slots=True)
class Windowing:
    """What the windows of one range share."""

    source: Source
    maker: Makes
    context: Context
    conditions: Conditions
    """The filter conditions of a window."""
    crowded: Callable[[], bool]
    """Whether requests have to wait for the rate limit, or soon will."""
    parallel: bool = True
    """Whether there are workers to read further windows meanwhile; one alone reads full pages from the left edge."""
    density: DensityMap = field(default_factory=DensityMap)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def page_size(self) -> int:
        """Rows that a full page holds."""
        return self.source.page_size or 1

    def width(self, start: datetime) -> float | None:
        """Return how many seconds from ``start`` on should fill a page; None where nothing is known."""
        left = start.timestamp()
        with self.lock:
            found = self.density.before(left)
        if found is None:
            return None
        nearest, seen = found
        daring = _WITHOUT_ROOM if self.crowded() else _WITH_ROOM
        beyond = left - nearest.end
        expected = self.page_size * _FILL / nearest.last if nearest.rows else daring.reach * seen
        if expected <= daring.reach * seen - beyond:
            return expected
        return max(max(expected, seen) * daring.probe, beyond * daring.growth)

    def note(self, start: datetime, end: datetime, rows: Rows) -> None:
        """Remember what a page has shown."""
        found = Observation.of(start.timestamp(), end.timestamp(), [one.timestamp() for one in rows.known])
        with self.lock:
            self.density.add(found)


@dataclass(slots=True)
class Window(Segment):
    """The half-open range ``[start, end)``; ``start`` None is the beginning of everything.

    A window that is ``cut`` is read as it is; any other is cut when a worker takes it. One with a ``link`` goes on
    inside an instant that fills more than a page.
    """

    shared: Windowing
    start: datetime | None
    end: datetime
    cut: bool = False
    link: Link | None = None

    def take(self) -> tuple[Segment, Segment | None]:
        """Cut off the window that should fill one page."""
        if self.cut or self.start is None or not self.shared.parallel:
            return self, None
        width = self.shared.width(self.start)
        if width is None:
            return self, None
        middle = self.start + timedelta(seconds=max(1, int(min(width, (self.end - self.start).total_seconds()))))
        if middle >= self.end:
            return self, None
        return Window(self.shared, self.start, middle, cut=True), Window(self.shared, middle, self.end)

    def read(self) -> Step:
        """Read a page of the window; leave what does not fit to new windows."""
        shared = self.shared
        link = self.link or shared.source.first(conditions=shared.conditions(self.start, self.end))
        document, following = link.read(shared.source)
        rows = shared.maker.rows(document, shared.context)
        first, last = _known_ends(rows)
        if self._astray(rows):
            return self._cautious(rows, following)
        # Klaviyo does not always keep an exclusive bound: what comes after a row at the end is outside.
        beyond = last is not None and rows.ordered and last >= self.end
        if following is None or beyond:
            start = floor_second(first) if first is not None and (self.link or self.start is None) else self.start
            if start is not None:
                shared.note(start, self.end, rows)
            return Step(shared.maker.page(rows.where(self._holds)).settling())
        # Klaviyo may swap neighbours: the last row may belong on the page after, and that one's first row here.
        resume = floor_second(rows.known[-2]) if len(rows.known) > 1 else None
        if first is None or resume is None or not rows.ordered or resume <= self._left_edge(first):
            # One instant fills the page, or the order cannot be trusted: only the next link goes on safely.
            return self._continued(rows.where(self._holds), following)
        shared.note(self.start if self.start and not self.link else floor_second(first), resume, rows)
        page = shared.maker.page(rows.where(lambda instant: self._holds(instant) and instant < resume))
        return Step(page.settling(), [Window(shared, resume, self.end)])

    def _astray(self, rows: Rows) -> bool:
        """Whether rows lie farther outside than an inexact bound explains: Klaviyo orders them otherwise than it says.

        No other window need have them, so that they are written here, twice at worst.
        """
        known = rows.known
        if not known:
            return False
        early = self.start is not None and min(known) < self.start - ONE_SECOND
        return early or max(known) >= self.end + ONE_SECOND

    def _cautious(self, rows: Rows, following: Link | None) -> Step:
        kept = [at for at, one in enumerate(rows.instants) if one is None or not self._at_the_edge(one)]
        return self._continued(Rows([rows.records[at] for at in kept], [rows.instants[at] for at in kept]), following)

    def _continued(self, rows: Rows, following: Link | None) -> Step:
        """Return a page that the order says nothing about, and the page that its link leads to."""
        rest = [Window(self.shared, self.start, self.end, cut=True, link=following)] if following else []
        return Step(self.shared.maker.page(rows), rest)

    def _at_the_edge(self, instant: datetime) -> bool:
        """Whether an inexact bound explains that a row of another window came."""
        early = self.start is not None and self.start - ONE_SECOND <= instant < self.start
        return early or self.end <= instant < self.end + ONE_SECOND

    def _left_edge(self, first: datetime) -> datetime:
        """The second in which the page begins; `greater-than` also brings rows of the second before the window."""
        return max(floor_second(first), self.start) if self.start is not None else floor_second(first)

    def _holds(self, instant: datetime) -> bool:
        return (self.start is None or instant >= self.start) and instant < self.end


def _known_ends(rows: Rows) -> tuple[datetime | None, datetime | None]:
    known = rows.known
    return (known[0], known[-1]) if known else (None, None)
