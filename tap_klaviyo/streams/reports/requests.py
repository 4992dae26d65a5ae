"""Requests of a report as segments of its stream: one window after the other, and the pages of each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import QuotaExhaustedError
from tap_klaviyo.pagination.link import LoopingLinkError
from tap_klaviyo.pagination.reader import Segment, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_klaviyo.http import Request
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.streams.reports.days import Span
    from tap_klaviyo.streams.reports.response import Result


@dataclass(frozen=True, slots=True)
class Exchange:
    """How a report is asked: what sends a request, what finds the next one, and what makes a page of a response."""

    send: Callable[[Request], Result]
    following: Callable[[Request, Result], Request | None]
    page: Callable[[Result, Span | None, bool], Page]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window stands among those of its sync."""

    number: int
    count: int


@dataclass(slots=True)
class Asked(Segment):
    """One request about one window; ``window`` is None for a time frame that Klaviyo counts from today."""

    exchange: Exchange
    window: Span | None
    request: Request
    place: Place
    visited: set[int] = field(default_factory=set)

    def read(self) -> Step:
        """Read one page; the last one of a window lets the bookmark follow.

        Raises:
            QuotaExhaustedError: No more requests today.
            LoopingLinkError: The next link leads to a page that was read already.
            KlaviyoError: The report cannot be read.
        """
        try:
            answer = self.exchange.send(self.request)
        except QuotaExhaustedError as error:
            raise self._exhausted(error) from None
        self.visited.add(hash((self.request.url, self.request.body)))
        following = self.exchange.following(self.request, answer)
        if following is not None and hash((following.url, following.body)) in self.visited:
            message = f"{following.label}: the next link points to a page that was already read; run again later"
            raise LoopingLinkError(message, label=following.label)
        page = self.exchange.page(answer, self.window, following is None)
        return Step(page, [replace(self, request=following)] if following else [])

    def _exhausted(self, error: QuotaExhaustedError) -> QuotaExhaustedError:
        message = (
            f"{error}. {self.place.number} of {self.place.count} windows were read and saved in the state; "
            "the next run continues from there"
        )
        return QuotaExhaustedError(message, label=error.label, reopens_at=error.reopens_at)
