"""A chain of pages: the next link is followed as it stands until there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from tap_klaviyo.pagination.reader import Segment, Step

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
    reached: bool = False
    """Whether a row of an earlier instant has come: then this page is the last one."""

    def read(self) -> Step:
        """Read one page."""
        document, following = self.link.read(self.source)
        rows = self.maker.rows(document, self.context)
        page = self.maker.page(rows.where(self.holds))
        if following is None or self.reached:
            return Step(page)
        rest = self.continued(following)
        rest.reached = self.stop_before is not None and _reaches_before(rows, self.stop_before)
        return Step(page, [rest])

    def continued(self, link: Link) -> Chain:
        """Return the chain from another link on."""
        return Chain(self.source, self.maker, link, self.context, self.holds, self.stop_before)


def _reaches_before(rows: Rows, bound: datetime) -> bool:
    return any(instant is not None and instant < bound for instant in rows.instants)
