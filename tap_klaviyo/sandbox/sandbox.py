"""The embedded Klaviyo: requests in, answers out, no socket in sight."""

from __future__ import annotations

import functools
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.answers import Answerer, Asked
from tap_klaviyo.sandbox.document import load
from tap_klaviyo.sandbox.errors import RefusedError
from tap_klaviyo.sandbox.instants import microseconds
from tap_klaviyo.sandbox.query import query_of
from tap_klaviyo.sandbox.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LOG_LENGTH = 200_000
_BAD_REQUEST = 400
CONTENT_TYPE = "application/vnd.api+json"

Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Logged:
    """One request as it came: ``path`` is the template of the document, or the path itself where none fits."""

    method: str
    path: str
    target: str
    query: str


class Sandbox:
    """A strict, deterministic Klaviyo account.

    ``shop``: the rows (default: ``Shop()``). ``access``: keys and scopes. ``now``: the clock, an aware UTC
    date-time. ``requests`` logs what came, ``refused`` counts the answers with status 400. Thread-safe.
    """

    def __init__(
        self,
        shop: Shop | None = None,
        *,
        access: Access | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.shop = shop if shop is not None else Shop()
        self.access = access if access is not None else Access()
        self.now = now
        self.requests: deque[Logged] = deque(maxlen=_LOG_LENGTH)
        self.refused = 0
        self._document = load()
        self._answerer = Answerer(self.shop, self._document)
        self._lock = threading.Lock()

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Return ``(status, headers, body)`` for one request.

        ``target`` is a URL or a path, with its query. Links in the answer start with the caller's origin: the
        URL's, or the Host header's, or ``sandbox://shop``.
        """
        given = {name.lower(): value for name, value in headers.items()}
        try:
            answer = self._answered(method.upper(), target, given, body)
        except RefusedError as refused:
            if refused.status == _BAD_REQUEST:
                with self._lock:
                    self.refused += 1
            answer = refused.status, refused.headers, refused.body()
        status, extra, content = answer
        return status, {"Content-Type": CONTENT_TYPE, "CID": "AbC123", **extra}, content

    def _answered(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        del body  # no GET has one
        url = urlsplit(target)
        found = self._document.route(url.path)
        template, values = found or (url.path, {})
        self.requests.append(Logged(method, template, url.path, url.query))
        if found is None:
            raise RefusedError(404, "not_found", "The path that was requested does not exist.")
        if method != "GET" or method not in self._document.methods(template):
            raise RefusedError(405, "method_not_allowed", f"Method '{method}' not allowed.")
        now = self.now()
        key = self.access.check(headers, self._document, now)
        operation = self._document.operation(method, template)
        query = query_of(url.query, operation, microseconds(now))
        self.access.check_scopes(key, operation, query.include, self._document)
        content = self._answerer.answer(Asked(operation, url.path, values, query, _origin(target, headers)))
        return 200, {"X-Klaviyo-API-Revision": headers["revision"]}, content


def _origin(target: str, headers: Mapping[str, str]) -> str:
    scheme, separator, rest = target.partition("://")
    if separator:
        return f"{scheme}://{rest.partition('/')[0]}"
    return f"http://{headers['host']}" if "host" in headers else "sandbox://shop"


@functools.cache
def shared() -> Sandbox:
    """Return the process's own sandbox, which needs no key."""
    return Sandbox()
