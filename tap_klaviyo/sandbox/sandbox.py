"""The embedded Klaviyo: requests in, answers out, no socket in sight."""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tap_klaviyo.sandbox import control, oauth
from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.answers import Answerer, Asked
from tap_klaviyo.sandbox.document import load
from tap_klaviyo.sandbox.errors import RefusedError
from tap_klaviyo.sandbox.faults import Faults
from tap_klaviyo.sandbox.instants import microseconds
from tap_klaviyo.sandbox.limits import Limiter
from tap_klaviyo.sandbox.query import query_of
from tap_klaviyo.sandbox.reports import Reporter
from tap_klaviyo.sandbox.responses import CONTENT_TYPE, Response
from tap_klaviyo.sandbox.schedule import Schedule
from tap_klaviyo.sandbox.shop import Shop
from tap_klaviyo.sandbox.spoiling import replacement, spoiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

    from tap_klaviyo.sandbox.faults import Fault

_LOG_LENGTH = 200_000
_BAD_REQUEST, _THROTTLED = 400, 429
_LONGEST = 8192
# in process nobody else is to be spared: a demo must not wait for limits that only a server needs
_UNHURRIED = 1000.0


@dataclass(frozen=True)
class Logged:
    """One request as it came: ``path`` is the template of the document, or the path itself where none fits."""

    method: str
    path: str
    target: str
    query: str


class Sandbox:
    """A strict, deterministic Klaviyo account.

    ``shop``: the rows (default: ``Shop()``). ``access``: keys and scopes. ``limiter``: rate limits, None for none.
    ``now``: the clock, an aware UTC date-time. ``faults`` and ``schedule`` make it misbehave and change;
    ``latency`` (seconds) delays every answer. ``requests`` logs what came; ``refused`` and ``throttled`` count the
    answers with status 400 and 429. Thread-safe.
    """

    def __init__(
        self,
        shop: Shop | None = None,
        *,
        access: Access | None = None,
        limiter: Limiter | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.shop = shop if shop is not None else Shop()
        self.access = access if access is not None else Access()
        self.limiter = limiter
        self.now = now
        self.faults = Faults()
        self.schedule = Schedule()
        self.latency = 0.0
        self.requests: deque[Logged] = deque(maxlen=_LOG_LENGTH)
        self.refused = self.throttled = 0
        self._document = load()
        # by method; a path of the document that has a method not listed here is answered 405
        self._answers: dict[str, Callable[[Asked], bytes]] = {
            "GET": Answerer(self.shop, self._document).answer,
            # not the clock of now: a test may change it
            "POST": Reporter(self.shop, self._document, lambda: self.now()).answer,  # noqa: PLW0108
        }
        self._lock = threading.Lock()

    @property
    def log(self) -> list[Logged]:
        """The requests so far, as a list of its own."""
        return list(self.requests)

    def reset(self) -> None:
        """Turn all faults, planned changes and delays off, and begin the log and the counts anew."""
        self.faults.clear()
        self.faults.happened.clear()
        self.schedule.clear()
        self.latency = 0.0
        self.requests.clear()
        self.refused = self.throttled = 0

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Return ``(status, headers, body)`` for one request; ConnectionResetError for a fault of the wire.

        ``target`` is a URL or a path, with its query. Links in the answer start with the caller's origin: the
        URL's, or the Host header's, or ``sandbox://shop``.
        """
        response = self.respond(method, target, headers, body)
        if response.wire is not None:
            raise ConnectionResetError(response.wire)
        return response.status, response.headers, response.body

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Return the answer to one request and how the sending of it is to be spoiled."""
        method, url = method.upper(), urlsplit(target)
        if url.path.startswith(control.PATH):
            return _refusable(lambda: control.control(self, method, url.path, body))
        template, values = self._document.route(url.path) or (None, {})
        path = template or url.path
        self.requests.append(Logged(method, path, url.path, url.query))
        for change in self.schedule.due(path):
            change(self.shop)
        faults = self.faults.of(path)
        time.sleep(self.latency + sum(float(one.value or 1) for one in faults if one.kind == "slow"))
        given = {name.lower(): value for name, value in headers.items()}
        asked = _Request(method, target, url, template, values, given, body, faults)
        response = replacement(faults, target) or spoiled(self._response(asked), faults)
        self._count(response.status)
        return replace(response, headers={"CID": "AbC123", **response.headers})

    def _response(self, asked: _Request) -> Response:
        if asked.url.path == oauth.PATH and self.access.oauth is not None:
            return self.access.oauth.token(asked.method, asked.headers, asked.body)
        return _refusable(lambda: self._answered(asked))

    def _count(self, status: int) -> None:
        with self._lock:
            self.refused += status == _BAD_REQUEST
            self.throttled += status == _THROTTLED

    def _answered(self, request: _Request) -> Response:
        document, template = self._document, request.template
        if len(request.target) > _LONGEST:
            raise RefusedError(414, "uri_too_long", "The URL is too long.")
        if template is None:
            raise RefusedError(404, "not_found", "The path that was requested does not exist.")
        if request.method not in self._answers or request.method not in document.methods(template):
            raise RefusedError(405, "method_not_allowed", f"Method '{request.method}' not allowed.")
        now = self.now()
        key = self.access.check(request.headers, document, now)
        operation = document.operation(request.method, template)
        query = query_of(request.url.query, operation, microseconds(now))
        if any(fault.kind == "loose-bounds" for fault in request.faults):
            query = query.loosened()
        self.access.check_scopes(key, operation, query.include, document)
        headers = {"Content-Type": CONTENT_TYPE, "X-Klaviyo-API-Revision": request.headers["revision"]}
        if self.limiter is not None:
            headers |= self.limiter.admit(operation, query.raw)
        asked = Asked(operation, request.url.path, request.values, query, request.origin, request.body)
        try:
            return Response(200, headers, self._answers[request.method](asked))
        except RefusedError as refused:
            refused.headers |= headers
            raise


@dataclass(frozen=True)
class _Request:
    method: str
    target: str
    url: SplitResult
    template: str | None
    values: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    faults: list[Fault]

    @property
    def origin(self) -> str:
        scheme, separator, rest = self.target.partition("://")
        if separator:
            return f"{scheme}://{rest.partition('/')[0]}"
        return f"http://{self.headers['host']}" if "host" in self.headers else "sandbox://shop"


def _refusable(answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except RefusedError as refused:
        return Response(refused.status, {"Content-Type": CONTENT_TYPE, **refused.headers}, refused.body())


@functools.cache
def shared() -> Sandbox:
    """Return the process's own sandbox, which needs no key and has a thousand times Klaviyo's limits."""
    return Sandbox(limiter=Limiter(_UNHURRIED))
