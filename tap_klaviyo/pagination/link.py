"""A page of a chain that has not been read yet; a stream whose endpoint pages in its own way has a subclass."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from tap_klaviyo.http.errors import KlaviyoError

if TYPE_CHECKING:
    from tap_klaviyo.http.request import Request
    from tap_klaviyo.records.jsonapi import Document

_TRIES = 3
_identity = attrgetter("type", "id")


class LoopingLinkError(KlaviyoError):
    """A next link that leads back to a page that was read already."""


class Reads(Protocol):
    """What a link needs of a source."""

    def read(self, request: Request) -> Document:
        """Send a request."""


@dataclass(slots=True)
class Link:
    """Klaviyo's `links.next`, followed as it stands, and what guards against reading in circles."""

    request: Request
    visited: set[int] = field(default_factory=set)
    """Hashes of the URLs read so far; one worker at a time holds a chain."""
    previous_ids: frozenset[tuple[str, str]] = frozenset()

    def read(self, source: Reads) -> tuple[Document, Link | None]:
        """Read the page, without the resources that the page before had too, and return the next link.

        Klaviyo now and then repeats a page; a row that moved because it changed is read by its change. A page whose
        next link leads back is read again: the link may be right then.

        Raises:
            LoopingLinkError: The next link still leads to a page that was read already.
        """
        self.visited.add(hash(self.request.url))
        for _ in range(_TRIES):
            document = source.read(self.request)
            if document.next_link is None or hash(document.next_link) not in self.visited:
                break
        else:
            msg = f"{self.request.label}: the next link points to a page that was already read; run again later"
            raise LoopingLinkError(msg, label=self.request.label)
        following = None
        if document.next_link is not None:
            ids = frozenset(map(_identity, document.data))
            following = Link(self.request.next(document.next_link), self.visited, ids)
        if self.previous_ids:
            document.data = [resource for resource in document.data if _identity(resource) not in self.previous_ids]
        return document, following
