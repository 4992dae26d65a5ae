"""Sends requests: within the limits, as often as it takes, and to one origin only."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar, overload

from tap_klaviyo.http.clock import ServerClock
from tap_klaviyo.http.counters import Tally
from tap_klaviyo.http.errors import BrokenBodyError, FailedTryError, ForeignLinkError
from tap_klaviyo.http.limits import Limiter
from tap_klaviyo.http.origin import Origin
from tap_klaviyo.http.redact import brief
from tap_klaviyo.http.responses import broken_body, failed_try, redirect, refusal
from tap_klaviyo.http.retry import LONGEST_WAIT, Tries, quota_exhausted
from tap_klaviyo.http.settings import MEDIA_TYPE
from tap_klaviyo.http.token_endpoint import TokenEndpoint
from tap_klaviyo.http.transport import Transport
from tap_klaviyo.http.waiting import LOOK_UP, Patience

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tap_klaviyo.http.limits import Quota
    from tap_klaviyo.http.request import Request, Response
    from tap_klaviyo.http.settings import HttpSettings

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MOST_REDIRECTS = 3
_UNLIMITED = 1e9
_OK = range(200, 300)
_UNAUTHORIZED = 401
_TOO_MANY = 429
_MOST_ECHOES = 20


class Http:
    """The one way out of this tap; any number of threads may use it.

    At most `max_workers` requests are in flight; a thread that waits for a limit or for its next try is not counted.
    Raises `BadApiUrlError` for an `api_url` that no key may go to.
    """

    def __init__(
        self,
        settings: HttpSettings,
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._origin = Origin.of(settings.api_url)
        self._auth = settings.auth
        self._patience = patience or Patience()
        # The embedded shop is nobody's account: there are no limits to keep, and a demo need not last minutes.
        share = _UNLIMITED if self._origin.sandbox else settings.rate_limit_share
        self._limiter = Limiter(share, self._patience.clock)
        self._server_clock = ServerClock(self._patience.clock)
        self._slots = threading.BoundedSemaphore(settings.max_workers)
        self._echoes: set[tuple[str, str]] = set()
        self._echoes_lock = threading.Lock()
        self._transport = Transport(
            self._origin,
            connections=settings.max_workers,
            timeout=settings.request_timeout,
            largest_body=settings.largest_body,
        )

    @property
    def origin(self) -> Origin:
        """Where the requests go."""
        return self._origin

    @property
    def knows_server_time(self) -> bool:
        """Whether a response has said Klaviyo's time."""
        return self._server_clock.known

    def server_now(self) -> datetime:
        """Klaviyo's time in UTC, which is never ahead of its own clock; the host's before the first response."""
        return self._server_clock.now()

    def quota(self, request: Request) -> Quota:
        """What the limits leave for such requests."""
        return self._limiter.quota(request)

    def close(self) -> None:
        """Close the connections; whoever still waits for its turn gets `StoppedError`."""
        self._patience.end()
        self._transport.close()

    @overload
    def send(
        self, request: Request, *, stop: threading.Event | None = None, tally: Tally | None = None
    ) -> Response: ...

    @overload
    def send(
        self,
        request: Request,
        *,
        parse: Callable[[bytes], T],
        stop: threading.Event | None = None,
        tally: Tally | None = None,
    ) -> T: ...

    def send(
        self,
        request: Request,
        *,
        parse: Callable[[bytes], Any] | None = None,
        stop: threading.Event | None = None,
        tally: Tally | None = None,
    ) -> Any:
        """The response, or what `parse` makes of its body; blocks for limits, retries and waits as told.

        `parse` may raise `BrokenBodyError` to have the request sent again. `stop` ends a wait with `StoppedError`.
        Raises the subclasses of `KlaviyoError`.
        """
        tally = tally or Tally()
        quota = self.quota(request)
        tries = self._tries(quota, request.label, stop, tally)
        redirects, renewed = 0, False
        while True:
            self._patience.go_on(request.label, stop)
            self._stay(request)
            failure: FailedTryError | None
            try:
                authorization = self._auth.header(self._tokens(stop))
                answer = self._in_turn(request, authorization, quota, stop, tally)
                failure = failed_try(answer, self.server_now(), text=request.text)
                if failure is None and answer.status in _OK:
                    return answer if parse is None else parse(answer.body)
            except FailedTryError as error:
                failure = error
            except BrokenBodyError as error:
                failure = broken_body(answer, error.reason)
            # Outside of the handlers, so that no error carries another one, with its URL, in its context.
            if failure is not None:
                tries.failed(failure)
            elif answer.status == _UNAUTHORIZED and not renewed and self._auth.renew(authorization, self._tokens(stop)):
                renewed = True
            elif (target := redirect(request, answer)) is not None and redirects < _MOST_REDIRECTS:
                redirects += 1
                request = request.next(target)
            else:
                revision = self._settings.headers(request.headers, request.endpoint.revision)["revision"]
                raise refusal(request, answer, auth=self._auth, revision=revision)

    def _tokens(self, stop: threading.Event | None) -> TokenEndpoint:
        """What asks for a token on behalf of a request, with the same reason to stop."""
        return TokenEndpoint(
            self._settings,
            self._origin,
            transport=self._transport,
            patience=self._patience,
            slots=self._slots,
            clock=self._server_clock,
            stop=stop,
        )

    def _in_turn(
        self,
        request: Request,
        authorization: str | None,
        quota: Quota,
        stop: threading.Event | None,
        tally: Tally,
    ) -> Response:
        """Send when the limits let it; at the head of the line nothing waits longer than `LONGEST_WAIT` in all."""
        waited = 0.0
        with ExitStack() as slot:
            with self._patience.held(quota.turn, request.label, stop):
                while True:
                    # The permit is taken with the slot in hand, so that it is counted when the request leaves.
                    slot.enter_context(self._patience.held(self._slots, request.label, stop))
                    wait = quota.take()
                    if wait == 0:
                        break
                    slot.close()
                    if waited + wait > LONGEST_WAIT:
                        raise quota_exhausted(request.label, wait, self.server_now())
                    rest = self._patience.rest(min(wait, LOOK_UP), request.label, stop)
                    waited += rest
                    tally.add(waited=rest)
            return self._patience.apart(
                lambda: self._exchange(request, authorization, quota, tally), request.label, stop
            )

    def _exchange(self, request: Request, authorization: str | None, quota: Quota, tally: Tally) -> Response:
        headers = self._settings.headers(request.headers, request.endpoint.revision)
        if request.body is not None:
            headers.setdefault("Content-Type", MEDIA_TYPE)
        if authorization is not None:
            headers["Authorization"] = authorization
        sent_at = self._patience.clock()
        answer = self._transport.exchange(
            request.method, request.url, headers=headers, body=request.body, label=request.label, tally=tally
        )
        self._server_clock.note(answer.headers)
        if answer.status == _TOO_MANY:
            quota.refused(answer.headers, sent_at)
        else:
            quota.learn(answer.headers, sent_at)
        self._compare(headers["revision"], answer.headers.get("X-Klaviyo-API-Revision"))
        return answer

    def _tries(self, quota: Quota, label: str, stop: threading.Event | None, tally: Tally) -> Tries:
        def rest(seconds: float) -> None:
            self._patience.rest(seconds, label, stop)

        return Tries(
            self._settings.policy,
            label=label,
            host=self._origin.host,
            tally=tally,
            pause=quota.pause,
            rest=rest,
            now=self.server_now,
        )

    def _stay(self, request: Request) -> None:
        if not self._origin.owns(request.url):
            message = f"{request.label}: a link points away from {self._origin}: refused, and nothing was sent there"
            raise ForeignLinkError(message, label=request.label)

    def _compare(self, sent: str, echoed: str | None) -> None:
        """Warn once per pair of revisions: other fields may have come with the other one."""
        if echoed is None or echoed == sent:
            return
        with self._echoes_lock:
            told = (sent, echoed) in self._echoes
            if not told and len(self._echoes) < _MOST_ECHOES:
                self._echoes.add((sent, echoed))
                logger.warning(
                    "Klaviyo responds with API revision %s instead of %s; if values are missing, upgrade tap-klaviyo",
                    brief(echoed, 40),
                    sent,
                )
