"""A chain of pages: the next link is followed as it stands until there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from tap_klaviyo.pagination.reader import Segment, Step
from tap_klaviyo.pagination.source import LoopingLinkError

if TYPE_CHECKING:
    from tap_klaviyo.http.request import Request
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.records.record_selector import Context
    from tap_klaviyo.records.rows import Rows

Holds = Callable[[datetime], bool]

_TRIES = 3
_identity = attrgetter("type", "id")


class Reads(Protocol):
    """What a chain needs of a source."""

    def read(self, request: Request) -> Document:
        """Send a request."""


class Makes(Protocol):
    """What a chain needs of a maker of records."""

    def rows(self, document: Document, context: Context) -> Rows:
        """Return the records of an answer."""

    def page(self, rows: Rows) -> Page:
        """Turn rows into something to write."""


@dataclass(slots=True)
class Link:
    """A page of a chain that has not been read yet, and what guards against reading in circles."""

    request: Request
    visited: set[int] = field(default_factory=set)
    """Hashes of the URLs read so far; one worker at a time holds a chain."""
    previous_ids: frozenset[tuple[str, str]] = frozenset()

    def read(self, source: Reads) -> tuple[Document, Link | None]:
        """Read the page, without the resources that the page before had too, and return the next link.

        Klaviyo now and then answers the same page twice; a row that moved because it changed is read by its change.
        A page whose next link leads back is read again: what is there may be right then.

        Raises:
            LoopingLinkError: The next link still leads to a page that was read already.
        """
        self.visited.add(hash(self.request.url))
        for _ in range(_TRIES):
            document = source.read(self.request)
            if document.next_link is None or hash(document.next_link) not in self.visited:
                break
        else:
            msg = f"{self.request.label}: the next link leads back to a page that was read already; try again later"
            raise LoopingLinkError(msg, label=self.request.label)
        following = None
        if document.next_link is not None:
            ids = frozenset(map(_identity, document.data))
            following = Link(self.request.next(document.next_link), self.visited, ids)
        if self.previous_ids:
            document.data = [resource for resource in document.data if _identity(resource) not in self.previous_ids]
        return document, following


@dataclass(slots=True)
class Chain(Segment):
    """The rest of a chain.

    ``holds`` drops rows outside the range by their instant. ``stop_before``, in a chain that is sorted newest first,
    ends it at the first row of an earlier instant. One that ``waits`` is read after everything before it.
    """

    source: Reads
    maker: Makes
    link: Link
    context: Context
    holds: Holds
    stop_before: datetime | None = None
    waits: bool = False

    def read(self) -> Step:
        """Read one page."""
        document, following = self.link.read(self.source)
        rows = self.maker.rows(document, self.context)
        if self.stop_before is not None and _reaches_before(rows, self.stop_before):
            following = None
        page = self.maker.page(rows.where(self.holds))
        return Step(page, [self.continued(following)] if following else [])

    def continued(self, link: Link) -> Chain:
        """Return the chain from another link on."""
        return Chain(self.source, self.maker, link, self.context, self.holds, self.stop_before)


def _reaches_before(rows: Rows, bound: datetime) -> bool:
    return any(instant is not None and instant < bound for instant in rows.instants)
