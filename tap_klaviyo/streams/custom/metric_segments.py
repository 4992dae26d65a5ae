"""Events a metric at a time: Klaviyo's filter takes one metric, and a name may be that of several."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import BadRequestError
from tap_klaviyo.pagination.reader import Segment, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# "Metric IDs ['X'] do not exist.": of metrics that Klaviyo itself lists.
_NO_METRIC = re.compile(r"metric\b.*\b(?:do|does) not exist", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class AllMetrics(Segment):
    """Metrics that are not known yet.

    ``metrics`` returns their ids, ``segments`` what reads the events of one, and ``skip`` is told of one that Klaviyo
    refuses while it knows others.
    """

    metrics: Callable[[], Sequence[str]]
    segments: Callable[[str], Sequence[Segment]]
    skip: Callable[[str], None]

    def read(self) -> Step:
        """Find out the metrics."""
        found = self.metrics()
        known = set(found)
        return Step(
            None,
            [
                OneMetric(metric, segment, self.skip, known, len(found) > 1, segment.waits)
                for metric in found
                for segment in self.segments(metric)
            ],
        )


@dataclass(slots=True)
class OneMetric(Segment):
    """A segment of the events of one metric.

    With others after it the dates begin anew, so that its pages do not count as ordered: the bookmark must not follow
    them past what the others still hold.
    """

    metric: str
    inner: Segment
    skip: Callable[[str], None]
    known: set[str]
    """The metrics of the stream that Klaviyo has not refused; shared by all of them."""
    one_of_many: bool
    waits: bool = False

    def take(self) -> tuple[Segment, Segment | None]:
        """Cut what can be cut."""
        taken, rest = self.inner.take()
        return self._like(taken), None if rest is None else self._like(rest)

    def read(self) -> Step:
        """Read a page; a metric that Klaviyo does not know has no events.

        Raises:
            KlaviyoError: It knows none: then nothing could be asked, which is not the same as no events.
        """
        try:
            page, rest = self.inner.read()
        except BadRequestError as error:
            if not _NO_METRIC.search(error.detail):
                raise
            self.known.discard(self.metric)
            if not self.known:
                raise
            self.skip(self.metric)
            return Step(None)
        if page is not None and self.one_of_many:
            page = replace(page, ordered=False)
        return Step(page, [self._like(segment) for segment in rest])

    def _like(self, segment: Segment) -> OneMetric:
        return OneMetric(self.metric, segment, self.skip, self.known, self.one_of_many, segment.waits)
