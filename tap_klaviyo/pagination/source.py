"""One endpoint as a stream reads it: requests out, rows in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tap_klaviyo import contract
from tap_klaviyo.contract import filters
from tap_klaviyo.http.errors import BadRequestError, KlaviyoError, PermissionDeniedError, StoppedError, TooLargeError
from tap_klaviyo.http.origin import Origin, fill
from tap_klaviyo.http.request import Request
from tap_klaviyo.pagination.link import Link
from tap_klaviyo.records.jsonapi import Document

if TYPE_CHECKING:
    from tap_klaviyo.contract import Endpoint, Limits
    from tap_klaviyo.records.fieldsets import Ask

Fetch = Callable[[Request], Document]

# The document says 1,000 events a page and, in its prose, 200: where Klaviyo refuses the first, this is left.
_CAUTIOUS_PAGE_SIZE = 200
_SMALLEST_PAGE_SIZE = 10
# Attributes that are never large.
_LIGHT = frozenset({"created", "created_at", "datetime", "updated", "updated_at"})

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Source:
    """Builds the requests of one endpoint and sends them, within what the contract allows."""

    stream: str
    endpoint: Endpoint
    origin: Origin
    fetch: Fetch
    ask: Ask
    sort: str | None = None
    conditions: tuple[str, ...] = ()
    """Filter conditions that every request carries."""
    page_size: int | None = None
    optional_includes: frozenset[str] = frozenset()
    """Includes that a key without their scope does without: their columns are null then."""
    extra_params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    paginator: type[Link] = Link
    left_out: Callable[[str, KlaviyoError], None] = lambda _row, _error: None
    """Is told of each row that cannot be read and is passed over."""
    _left_out: set[str] = field(default_factory=set)
    """Optional includes that the key has turned out not to have; known to every copy of the source."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def first(self, ids: Mapping[str, str] | None = None, conditions: Iterable[str | None] = ()) -> Link:
        """Return the first page of a chain; the arguments are those of `request`."""
        return self.paginator(self.request(ids, conditions))

    def request(self, ids: Mapping[str, str] | None = None, conditions: Iterable[str | None] = ()) -> Request:
        """Build the first request of a chain.

        Args:
            ids: Values of the path's placeholders.
            conditions: Filter conditions beside the source's own; None is no condition.
        """
        params: dict[str, str] = {**self._present_ask.parameters(), **self.extra_params}
        text = filters.all_of([*self.conditions, *conditions])
        if text is not None:
            params["filter"] = text
        if self.sort is not None:
            params["sort"] = self.sort
        if self.page_size is not None:
            params["page[size]"] = str(self.page_size)
        url = self.origin.url(fill(self.endpoint.path, ids or {}), params)
        return Request(endpoint=self.endpoint, url=url, limits=self.limits, headers=self.headers)

    @property
    def _present_ask(self) -> Ask:
        return self.ask.without(self._left_out, self.endpoint) if self._left_out else self.ask

    @property
    def limits(self) -> Limits:
        """The limits that these parameters bring."""
        params = self.ask.parameters()
        for conditional in self.endpoint.conditional_limits:
            if conditional.value in params.get(conditional.parameter, "").split(","):
                return conditional.limits
        return self.endpoint.limits

    def read(self, request: Request) -> Document:
        """Send a request; ask for less where Klaviyo says that it was too much.

        Raises:
            KlaviyoError: What nothing helps against.
        """
        while True:
            try:
                return self.fetch(request)
            except PermissionDeniedError:
                document = self._without_optional_includes(request)
                if document is None:
                    raise
                return document
            except KlaviyoError as error:
                smaller = self._with_smaller_pages(request, error)
                if smaller is None:
                    raise
                request = smaller

    def read_past(self, request: Request, error: KlaviyoError) -> Document | None:
        """Return the page of a row that fails with this error, by its id alone, and note that the row is left out.

        None if that is not possible: the endpoint has no sparse fieldsets, or does not answer either.
        """
        kind = self.endpoint.resource
        names = sorted(self.endpoint.fields.get(kind, ()), key=lambda name: (name not in _LIGHT, name))
        if not names:
            return None
        parameters = self.ask.parameters().keys()
        try:
            document = self.fetch(bare(request, parameters, {f"fields[{kind}]": names[0]}))
        except StoppedError:
            raise
        except KlaviyoError:
            return None
        if document.next_link is not None:
            document.next_link = bare(request.next(document.next_link), {f"fields[{kind}]"}, self.ask.parameters()).url
        for resource in document.data:
            self.left_out(f"{kind} {resource.id}", error)
        return document

    def _without_optional_includes(self, request: Request) -> Document | None:
        params = _first_page(request)
        present = frozenset(params.get("include", "").split(","))
        missing = self.optional_includes & present
        if not missing:
            return None
        # First without those that take a scope of their own: the others may well be allowed.
        missing = frozenset(name for name in missing if _scopes(self.endpoint, [name])) or missing
        dropped = missing.union(self.ask.include) - (present - missing)
        # Raises where it is the stream itself that the key may not read.
        document = self.read(self._rebuilt(request, params, self.ask.without(dropped, self.endpoint)))
        with self._lock:
            if not missing <= self._left_out:
                self._left_out |= missing
                scopes = ", ".join(sorted(_scopes(self.endpoint, missing)))
                logger.warning(
                    "%s: the key has no scope for %s, so columns from it are null%s",
                    self.stream,
                    ", ".join(sorted(missing)),
                    f"; to fill them, give the key {scopes}" if scopes else "",
                )
        return document

    def _with_smaller_pages(self, request: Request, error: KlaviyoError) -> Request | None:
        refused = isinstance(error, BadRequestError) and error.parameter in {"page[size]", "page_size"}
        if not refused and not isinstance(error, TooLargeError):
            return None
        params = _first_page(request)
        size = int(params.get("page[size]", 0))
        if size <= _SMALLEST_PAGE_SIZE or (refused and size <= _CAUTIOUS_PAGE_SIZE):
            return None
        with self._lock:
            smaller = max(min(_CAUTIOUS_PAGE_SIZE, size // 5), _SMALLEST_PAGE_SIZE)
            if self.page_size is not None and smaller < self.page_size:
                logger.warning("%s: page size %s was rejected; retrying with %s", self.stream, size, smaller)
                self.page_size = smaller
        return self._rebuilt(request, params, self._present_ask)

    def _rebuilt(self, request: Request, params: Mapping[str, str], ask: Ask) -> Request:
        """The same question with another include and fields, and the source's present page size."""
        kept = {name: value for name, value in params.items() if name in {"filter", "sort"}}
        if self.page_size is not None:
            kept["page[size]"] = str(self.page_size)
        path = urlsplit(request.url).path
        return request.next(self.origin.url(path, {**kept, **ask.parameters(), **self.extra_params}))


def bare(request: Request, without: Iterable[str], params: Mapping[str, str]) -> Request:
    """Return a request with some parameters in place of others."""
    parts, gone = urlsplit(request.url), {*without, *params}
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in gone]
    return request.next(parts._replace(query=urlencode([*kept, *params.items()], quote_via=quote)).geturl())


def _first_page(request: Request) -> dict[str, str]:
    """The parameters of a request; none where it goes on from a cursor, which holds for the parameters it came with."""
    params = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    return {} if "page[cursor]" in params else params


def _scopes(endpoint: Endpoint, includes: Iterable[str]) -> set[str]:
    """The scopes that included types take: an endpoint's own do not name them."""
    facts = contract.contract_of(endpoint)
    return {scope for name in includes for scope in facts.scopes(endpoint.relationships[name].type)}
