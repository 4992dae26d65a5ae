"""One endpoint as a stream reads it: requests out, rows in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tap_klaviyo import contract, filters
from tap_klaviyo.documents import Document
from tap_klaviyo.http.errors import BadRequestError, KlaviyoError, PermissionDeniedError, TooLargeError
from tap_klaviyo.http.origin import Origin, fill
from tap_klaviyo.http.request import Request

if TYPE_CHECKING:
    from tap_klaviyo.asking import Ask
    from tap_klaviyo.contract import Endpoint, Limits

Fetch = Callable[[Request], Document]

# The document says 1,000 events a page and, in its prose, 200: where Klaviyo refuses the first, this is left.
_CAUTIOUS_PAGE_SIZE = 200
_SMALLEST_PAGE_SIZE = 10

logger = logging.getLogger(__name__)


class LoopingLinkError(KlaviyoError):
    """A next link that leads back to a page that was read already."""


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
    """Includes that a key without their scope can do without: their columns are null then."""
    extra_params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _missing: frozenset[str] = frozenset()

    def request(self, ids: Mapping[str, str] | None = None, conditions: Iterable[str | None] = ()) -> Request:
        """Build the first request of a chain.

        Args:
            ids: Values of the path's placeholders.
            conditions: Filter conditions beside the source's own; None is no condition.
        """
        params: dict[str, str] = {**self.ask.parameters(), **self.extra_params}
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
                document = self.fetch(request)
            except KlaviyoError as error:
                smaller = self._asking_less(request, error)
                if smaller is None:
                    raise
                request = smaller
            else:
                self._tell_missing()
                return document

    def _asking_less(self, request: Request, error: KlaviyoError) -> Request | None:
        params = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        if "page[cursor]" in params:
            return None  # a cursor holds for the parameters that it was made with
        if isinstance(error, PermissionDeniedError):
            return self._without_optional_includes(request, params)
        too_many_rows = isinstance(error, TooLargeError) or (
            isinstance(error, BadRequestError) and error.parameter in {"page[size]", "page_size"}
        )
        if too_many_rows:
            return self._with_smaller_pages(request, params, error)
        return None

    def _without_optional_includes(self, request: Request, params: dict[str, str]) -> Request | None:
        if self.optional_includes.isdisjoint(params.get("include", "").split(",")):
            return None
        with self._lock:
            if not self.optional_includes.isdisjoint(self.ask.include):
                self._missing = self.optional_includes.intersection(self.ask.include)
                self.ask = self.ask.without(self.optional_includes, self.endpoint)
        return self._rebuilt(request, params)

    def _tell_missing(self) -> None:
        """Warn of includes that were left out, once an answer has shown that the key lacks nothing else."""
        with self._lock:
            missing, self._missing = self._missing, frozenset()
        if missing:
            kinds = sorted(self.endpoint.relationships[name].type for name in missing)
            logger.warning(
                "%s: the key may not read %s; the columns that come from it are null. Add the scope %s to fill them.",
                self.stream,
                ", ".join(kinds),
                ", ".join(scope for kind in kinds for scope in contract.scopes(kind)),
            )

    def _with_smaller_pages(self, request: Request, params: dict[str, str], error: KlaviyoError) -> Request | None:
        size = int(params.get("page[size]", 0))
        if size <= _SMALLEST_PAGE_SIZE or (isinstance(error, BadRequestError) and size <= _CAUTIOUS_PAGE_SIZE):
            return None
        with self._lock:
            smaller = max(min(_CAUTIOUS_PAGE_SIZE, size // 5), _SMALLEST_PAGE_SIZE)
            if self.page_size is not None and smaller < self.page_size:
                logger.warning("%s: %s rows a page are too many; asking for %s.", self.stream, size, smaller)
                self.page_size = smaller
        return self._rebuilt(request, params)

    def _rebuilt(self, request: Request, params: dict[str, str]) -> Request:
        """The same question with the source's present include, fields and page size."""
        kept = {name: value for name, value in params.items() if name in {"filter", "sort"}}
        if self.page_size is not None:
            kept["page[size]"] = str(self.page_size)
        path = urlsplit(request.url).path
        return request.next(self.origin.url(path, {**kept, **self.ask.parameters(), **self.extra_params}))
