"""A look at a stream instead of a sync: one small page of it, and one of each list that it is read through."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tap_klaviyo.pagination.null_cursor import Undated
from tap_klaviyo.pagination.page_size import page_size_of, with_page_size
from tap_klaviyo.records.jsonapi import Document
from tap_klaviyo.sync.parents import ParentIds
from tap_klaviyo.sync.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from tap_klaviyo.http import Request
    from tap_klaviyo.pagination.parents import Listed
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.sync.session import Session

_ROWS = 5

T = TypeVar("T")


def sampled(session: Session) -> Session:
    """Return the session of a look: what the account says is still read whole, since reports are asked by it."""
    sources = SampleSources(session.settings, session.stopping, session.sources)
    return replace(session, sources=sources, parent_ids=FirstParents(session.stopping))


class SampleSources(Sources):
    """Asks for small pages, and follows no link."""

    def send(self, request: Request, parse: Callable[[bytes], T], stream: str) -> T:
        """Send a request for a few rows on behalf of a stream; its response is the last page.

        Raises:
            KlaviyoError: There is no response that can be parsed.
        """
        few = min(_ROWS, page_size_of(request) or _ROWS)
        response = super().send(with_page_size(request, few), parse, stream)
        if isinstance(response, Document):
            response.next_link = None
        return response


class FirstParents(ParentIds):
    """The first parent alone: one request says whether the children may be read."""

    def of(self, stream: str, since: datetime | None = None) -> Listed:
        """Return the first id of a stream, if it has one.

        Raises:
            KlaviyoError: The list cannot be read.
        """
        listed = super().of(stream, since)
        return listed.of(listed.parents[:1])


def first_page(segments: Iterable[Segment]) -> Page | None:
    """Read one segment after the other up to the first page of rows, which may be empty; None if nothing is to be read.

    Raises:
        KlaviyoError: The page cannot be read.
    """
    # Where rows without a date are expected they come first in a sync, and most streams have none.
    waiting = deque(sorted(segments, key=lambda segment: isinstance(segment, Undated)))
    while waiting:
        segment, rest = waiting.popleft().take()
        step = segment.read()
        if step.page is not None and step.page.failure is not None:
            raise step.page.failure
        if step.page is not None and step.page.note is None and not step.page.parents:  # those two have no rows
            return step.page
        waiting.extendleft(reversed([*step.rest, *([rest] if rest else [])]))
    return None
