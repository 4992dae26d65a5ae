"""The embedded Klaviyo: requests in, answers out, no socket in sight."""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tap_klaviyo.sandbox import control, oauth, revisions
from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.answers import Answerer
from tap_klaviyo.sandbox.asked import Asked
from tap_klaviyo.sandbox.behaviour import Behaviour
from tap_klaviyo.sandbox.body import check_content_type
from tap_klaviyo.sandbox.document import load
from tap_klaviyo.sandbox.errors import RefusedError
from tap_klaviyo.sandbox.faults import Faults
from tap_klaviyo.sandbox.instants import microseconds
from tap_klaviyo.sandbox.limits import Limiter
from tap_klaviyo.sandbox.oddities import check_past, with_single_coupons
from tap_klaviyo.sandbox.query import query_of
from tap_klaviyo.sandbox.reports import Reporter
from tap_klaviyo.sandbox.responses import CONTENT_TYPE, Response
from tap_klaviyo.sandbox.schedule import Schedule
from tap_klaviyo.sandbox.shop import Shop
from tap_klaviyo.sandbox.spoiling import replacement, spoiled
from tap_klaviyo.sandbox.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

    from tap_klaviyo.sandbox.document import Document
    from tap_klaviyo.sandbox.faults import Fault
    from tap_klaviyo.sandbox.operation import Operation
    from tap_klaviyo.sandbox.query import Query

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
    ``behaviour``: where it does as recorded and where as Klaviyo's document says (default: all as recorded).
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
        behaviour: Behaviour | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.shop = shop if shop is not None else Shop()
        self.access = access if access is not None else Access()
        self.limiter = limiter
        self.behaviour = behaviour if behaviour is not None else Behaviour()
        self.now = now
        self.faults = Faults()
        self.schedule = Schedule()
        self.latency = 0.0
        self.requests: deque[Logged] = deque(maxlen=_LOG_LENGTH)
        self.refused = self.throttled = 0
        self._served = 0
        self._answers: dict[str, dict[str, Callable[[Asked], bytes]]] = {}
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
            return self._dated(_refusable(lambda: control.control(self, method, url.path, body)))
        given = {name.lower(): value for name, value in headers.items()}
        template, values = load(revisions.document_of(given.get("revision"))).route(url.path) or (None, {})
        path = template or url.path
        self.requests.append(Logged(method, path, url.path, url.query))
        for change in self.schedule.due(path):
            change(self.shop)
        faults = self.faults.of(path)
        time.sleep(self.latency + sum(float(one.value or 1) for one in faults if one.kind == "slow"))
        asked = _Request(method, target, url, template, values, given, body, faults)
        response = replacement(faults, target) or spoiled(self._response(asked), faults)
        self._count(response.status)
        return self._dated(replace(response, headers={"CID": "AbC123", **response.headers}))

    def _dated(self, response: Response) -> Response:
        date = format_datetime(self.now().astimezone(UTC), usegmt=True)
        return replace(response, headers={"Date": date, **response.headers})

    def _response(self, asked: _Request) -> Response:
        if asked.url.path == oauth.PATH and self.access.oauth is not None:
            return self.access.oauth.token(asked.method, asked.headers, asked.body)
        return _refusable(lambda: self._answered(asked))

    def _count(self, status: int) -> None:
        with self._lock:
            self.refused += status == _BAD_REQUEST
            self.throttled += status == _THROTTLED

    def view(self, revision: str) -> View:
        """Return the shop as a revision sees it: the truth about every type of its document."""
        document = load(revisions.document_of(revision))
        return View(self.shop, document)

    def _answered(self, request: _Request) -> Response:
        if len(request.target) > _LONGEST:
            raise RefusedError(414, "uri_too_long", "The URL is too long.")
        if request.template is None:
            raise RefusedError(404, "not_found", "The path that was requested does not exist.")
        now = self.now()
        caller = self.access.caller(request.headers)
        revision = revisions.answering(request.headers, now.date())
        headers = {"Content-Type": CONTENT_TYPE, "X-Klaviyo-API-Revision": revision}
        document = load(revisions.document_of(revision))
        answers = self._of(document)
        if request.method not in answers or request.method not in document.methods(request.template):
            raise RefusedError(405, "method_not_allowed", f"Method '{request.method}' not allowed.")
        operation = document.operation(request.method, request.template)
        if request.method == "POST":
            check_content_type(request.headers)
        query = self._query(request, operation, revision, microseconds(now))
        self.access.check_webhooks(caller, operation, advanced_kdp=self.behaviour.advanced_kdp)
        self.access.check_scopes(caller.key, operation, query.include, document)
        if self.limiter is not None:
            headers |= self.limiter.admit(operation, query.raw, burst=self.behaviour.burst_headers)
        with self._lock:
            self._served += 1
            number = self._served
        asked = Asked(operation, request.url.path, request.values, query, request.origin, request.body, number)
        try:
            return Response(200, headers, answers[request.method](asked))
        except RefusedError as refused:
            refused.headers |= headers
            raise

    def _of(self, document: Document) -> dict[str, Callable[[Asked], bytes]]:
        """Return what answers by method; a path of the document that has a method not listed here is a 405."""
        with self._lock:
            if document.revision not in self._answers:
                view = View(self.shop, document)
                # not the clock of now: a test may change it
                reporter = Reporter(self.shop, document, self.behaviour, lambda: self.now())  # noqa: PLW0108
                answerer = Answerer(view, document, self.behaviour)
                self._answers[document.revision] = {"GET": answerer.answer, "POST": reporter.answer}
            return self._answers[document.revision]

    def _query(self, request: _Request, operation: Operation, revision: str, now: int) -> Query:
        if self.behaviour.single_coupons:
            operation = with_single_coupons(operation)
        query = query_of(request.url.query, operation, now)
        revisions.check_page_size(revision, operation, query.raw)
        if self.behaviour.past_flows:
            check_past(query.conditions, operation, now)
        return query.loosened() if any(fault.kind == "loose-bounds" for fault in request.faults) else query


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
