"""What the tests of the requests share: a clock that only sleeping moves, a client on it, a request."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tap_klaviyo import contract
from tap_klaviyo.http import ApiKeyAuth, Http, HttpSettings, Request
from tap_klaviyo.http.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.http.origin import Value

KEY = "pk_marked0123456789abcdef"
HOST = "https://a.klaviyo.com"
PAGE = b'{"data": []}'
REVISION = contract.newest().revision


class FakeTime:
    """Seconds that pass when somebody sleeps; each thread's sleep moves the clock of all."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:  # noqa: ARG002 - as the client calls it
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds

    @property
    def total(self) -> float:
        return sum(self.slept)


def client(time: FakeTime | None = None, **settings: Any) -> Http:
    """An `Http` with a key, few retries and no real waits."""
    time = time or FakeTime()
    given = {"auth": ApiKeyAuth(KEY), "retry": 3, "max_workers": 4, **settings}
    return Http(HttpSettings(**given), Patience(time.clock, time.sleep))


def request(
    http: Http,
    path: str = "/api/profiles",
    params: Mapping[str, Value] | None = None,
    *,
    method: str = "GET",
    **given: Any,
) -> Request:
    """A request to an endpoint of the contract."""
    found = contract.newest().endpoint(path, method)
    return Request(found, http.origin.url(path, params), found.limits, **given)


def error(status: int, code: str, detail: str, **source: str) -> dict[str, Any]:
    """A JSON:API error as requests-mock takes an answer."""
    document = {"errors": [{"status": status, "code": code, "title": "Refused", "detail": detail, "source": source}]}
    return {"status_code": status, "json": document}
