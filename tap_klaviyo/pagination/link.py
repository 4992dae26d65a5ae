"""A page of a chain that has not been read yet; a stream whose endpoint pages in its own way has a subclass."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import parse_qsl, quote, urlencode

from tap_klaviyo.http.errors import BadRequestError, KlaviyoError, NotFoundError
from tap_klaviyo.pagination.page_size import PageSizes, page_size_of, too_heavy, with_page_size

if TYPE_CHECKING:
    from tap_klaviyo.http.request import Request
    from tap_klaviyo.records.jsonapi import Document

_TRIES = 3
_AS_GIVEN = PageSizes()
_identity = attrgetter("type", "id")


class LoopingLinkError(KlaviyoError):
    """A next link that leads back to a page that was read already."""


class Reads(Protocol):
    """What a link needs of a source."""

    def read(self, request: Request) -> Document:
        """Send a request."""

    def read_past(self, request: Request, error: KlaviyoError) -> Document | None:
        """Return the page of a row that fails with this error, without the row; None if that is not possible."""


@dataclass(slots=True)
class Link:
    """Klaviyo's `links.next`, followed as it stands, and what guards against reading in circles.

    A page that fails for its size is asked again with fewer rows, down to one, and the pages after it grow again. A
    cursor that Klaviyo no longer takes sends the chain back to its first page, and on to the last row that came.
    """

    request: Request
    visited: set[int] = field(default_factory=set)
    """Hashes of the URLs read so far; one worker at a time holds a chain."""
    previous_ids: frozenset[tuple[str, str]] = frozenset()
    first: Request | None = None
    """What the chain began with; None on its first page."""
    last: tuple[str, str] | None = None
    """The last resource that came."""
    restarted: bool = False
    """Whether the chain has just started again: a cursor that is refused once more is a failure."""
    sizes: PageSizes = _AS_GIVEN
    """How many rows to ask for, where not as many as the request says."""
    skipped: KlaviyoError | None = None
    """Why the row before this page was left out; the cursor behind it may not hold for a request of all fields."""

    def read(self, source: Reads) -> tuple[Document, Link | None]:
        """Read the page, without the resources that the page before had too, and return the next link.

        Klaviyo now and then repeats a page; a row that moved because it changed is read by its change. A page whose
        next link leads back is read again: the link may be right then.

        Raises:
            LoopingLinkError: The next link still leads to a page that was read already.
            KlaviyoError: The page cannot be read, however few rows are asked for.
        """
        link, restarted = self, False
        # An earlier run's cursor may be of an older revision; whether its resource is gone, the first page says.
        resumed = self.is_resumed
        while True:
            try:
                return link.caught_up(source) if restarted else link.page(source, link.sized())
            except (BadRequestError, NotFoundError) as error:
                if link.skipped is not None and _about_cursor(error):
                    raise link.skipped from None
                if restarted or link.restarted or link.first is None or not (resumed or _about_cursor(error)):
                    raise
                restarted = True
                link = replace(link, sizes=replace(link.sizes, bound=link.sizes.shrinks(link.request)))
            except KlaviyoError as error:
                if not too_heavy(error):
                    raise
                sizes = link.sizes.after_failure(link.request)
                if sizes is None or not (restarted or link.is_for_size(source)):
                    return link.past_row(source, error)
                link = replace(link, sizes=sizes)

    def is_for_size(self, source: Reads) -> bool:
        """Tell whether one row can be read where a page cannot; else it is that row, or the server has broken down."""
        try:
            source.read(with_page_size(self.request, 1))
        except BadRequestError as error:
            return _about_cursor(error)  # nobody knows: the cursor does not say
        except KlaviyoError as error:
            if not too_heavy(error):
                raise
            return False
        return True

    def past_row(self, source: Reads, error: KlaviyoError) -> tuple[Document, Link | None]:
        """Leave out the one row that fails with this error."""
        request = with_page_size(self.request, 1)
        document = source.read_past(request, error) if page_size_of(request) == 1 else None
        if document is None:
            raise error
        return self._followed(document, skipped=error)

    @property
    def chain(self) -> str:
        """What tells the chain from all others, the same in every run: fields and filter belong to it."""
        first = self.first or self.request
        return hashlib.sha256(first.url.encode() + (first.body or b"")).hexdigest()[:16]

    @property
    def is_resumed(self) -> bool:
        """Whether it is that of an earlier run, and has not been followed yet."""
        return self.first is not None and not self.visited

    @property
    def place(self) -> str | None:
        """The parameters that lead from the first page to this one, without the filter, which may name a person.

        Empty on the first page, and None where the link leads to another path.
        """
        if self.first is None:
            return ""
        (path, first), (here, given) = _parted(self.first.url), _parted(self.request.url)
        return "&".join(part for part in given if part not in first) if here == path else None

    def resumed(self, place: str) -> Self:
        """Return the page at the place of an earlier run; if it is refused, the chain begins again."""
        if not place:
            return self
        path, first = _parted(self.request.url)
        names = {part.partition("=")[0] for part in place.split("&")}
        query = [*(part for part in first if part.partition("=")[0] not in names), place]
        return replace(self, request=self.request.next(f"{path}?{'&'.join(query)}"), first=self.request)

    def sized(self) -> Request:
        """Return the request for as many rows as are wanted."""
        return with_page_size(self.request, self.sizes.wanted)

    def page(self, source: Reads, request: Request) -> tuple[Document, Link | None]:
        """Read the page as it comes, again where its next link leads back."""
        self.visited.add(hash(self.here))
        for _ in range(_TRIES):
            document = source.read(request)
            if document.next_link is None or hash(document.next_link) not in self.visited:
                break
        else:
            raise self.circle()
        return self._followed(document)

    @property
    def here(self) -> str:
        """What leads to this page."""
        return self.request.url

    def onward(self, following: str) -> Self:
        """Return the link to what a page says that follows it."""
        return replace(self, request=self.request.next(following))

    def anew(self) -> Self:
        """Return the beginning of the chain."""
        return replace(
            self, request=self.first or self.request, visited=set(), previous_ids=frozenset(), first=None, last=None
        )

    def circle(self) -> LoopingLinkError:
        """Return what says that the chain leads back."""
        msg = f"{self.request.label}: the next link points to a page that was already read; run again later"
        return LoopingLinkError(msg, label=self.request.label)

    def _followed(self, document: Document, *, skipped: KlaviyoError | None = None) -> tuple[Document, Link | None]:
        following = None
        is_chain = bool(self.previous_ids) or document.next_link is not None
        identities = frozenset(map(_identity, document.data)) if is_chain else frozenset()
        if document.next_link is not None:
            following = replace(
                self.onward(document.next_link),
                previous_ids=identities,
                # Behind a row that was skipped there is no way back: reading up to it would fail again.
                first=None if skipped else self.first or self.request,
                last=_identity(document.data[-1]) if document.data else self.last,
                restarted=False,
                sizes=self.sizes.after_skip() if skipped else self.sizes,
                skipped=skipped,
            )
        if skipped:
            document.data = []
        if not self.previous_ids.isdisjoint(identities):
            document.data = [resource for resource in document.data if _identity(resource) not in self.previous_ids]
        return document, following

    def caught_up(self, source: Reads) -> tuple[Document, Link | None]:
        """Read the chain from its beginning up to the last row that came, and return what follows it on its page."""
        link: Link | None = self.anew()
        while link is not None:
            document, link = link.page(source, link.sized())
            identities = [_identity(resource) for resource in document.data]
            if self.last is None or self.last in identities:
                behind = identities.index(self.last) + 1 if self.last else 0
                document.data = document.data[behind:]
                return document, replace(link, restarted=True) if link else None
        msg = f"{self.request.label}: the cursor is no longer valid, and the row that it stood at is gone; run again"
        raise KlaviyoError(msg, label=self.request.label)


@lru_cache(maxsize=256)  # every page of a chain asks for its first one
def _parted(url: str) -> tuple[str, tuple[str, ...]]:
    """Return a URL up to its query, and the parameters, in one spelling."""
    path, _, query = url.partition("?")
    return path, tuple(urlencode([pair], quote_via=quote) for pair in parse_qsl(query, keep_blank_values=True))


def _about_cursor(error: KlaviyoError) -> bool:
    return isinstance(error, BadRequestError) and "cursor" in f"{error.parameter} {error.detail}".lower()
