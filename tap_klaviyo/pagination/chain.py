"""A chain of pages: the next link is followed as it stands until there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from tap_klaviyo.pagination.reader import Segment, Step
from tap_klaviyo.records.page import ChainPlace

if TYPE_CHECKING:
    from tap_klaviyo.pagination.link import Link, Reads
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.records.record_selector import Context
    from tap_klaviyo.records.rows import Rows

Holds = Callable[[datetime], bool]


class Makes(Protocol):
    """What a chain needs of a maker of records."""

    def rows(self, document: Document, context: Context) -> Rows:
        """Return the records of a response."""

    def page(self, rows: Rows) -> Page:
        """Turn rows into something to write."""


@dataclass(slots=True)
class Chain(Segment):
    """The rest of a chain.

    ``holds`` drops rows outside the range by their instant. ``stop_before``, in a chain that is sorted newest first,
    ends it one page after the first row of an earlier instant: Klaviyo may have put that row one place too early. One
    that ``waits`` is read after everything before it.
    """

    source: Reads
    maker: Makes
    link: Link
    context: Context
    holds: Holds
    stop_before: datetime | None = None
    waits: bool = False
    has_place: bool = False
    """Whether a later run may go on where this one is cut off."""
    others_follow: bool = False
    """Whether other chains of the stream come after it: then its last page is a place too."""
    is_resumed: bool = False
    reached: bool = False
    """Whether a row of an earlier instant has come: then this page is the last one."""

    def read(self) -> Step:
        """Read one page."""
        document, following = self.link.read(self.source)
        rows = self.maker.rows(document, self.context)
        page = self.maker.page(rows.where(self.holds))
        if page.count:
            page = self.leading_on(page, following)
        if following is None or self.reached:
            return Step(page)
        rest = self.continued(following)
        rest.reached = self.stop_before is not None and _reaches_before(rows, self.stop_before)
        return Step(page, [rest])

    def leading_on(self, page: Page, following: Link | None) -> Page:
        """Return the page of this link as one from which a later run can go on.

        It reads this page once more: Klaviyo may have put a row of it on the page after, and put it right by then.
        """
        place = self.link.place if self.has_place and (following or self.others_follow) else None
        return page if place is None else page.leading_on(ChainPlace(self.link.chain, place))

    def continued(self, link: Link) -> Chain:
        """Return the chain from another link on."""
        return replace(self, link=link, waits=False, is_resumed=False, reached=False)

    def resumable(self, place: ChainPlace | None, *, others_follow: bool = False) -> Chain:
        """Return the chain as one that a later run can go on with, from the place of an earlier one if it is there."""
        chain = replace(self, has_place=True, others_follow=others_follow)
        if place is None or place.chain != self.link.chain:
            return chain
        return replace(chain, link=self.link.resumed(place.link), is_resumed=True)


def from_resumed(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments from the chain on that an earlier run was cut off in; all, if it was none of them."""
    resumed = (at for at, one in enumerate(segments) if one.is_resumed)
    return [*segments[next(resumed, 0) :]]


def _reaches_before(rows: Rows, bound: datetime) -> bool:
    return any(instant is not None and instant < bound for instant in rows.instants)
