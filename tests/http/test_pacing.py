"""Near an account's limits, and not over them: the real client and the sandbox's limits, in a time that takes none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from tap_klaviyo.http import Http, HttpSettings, NoAuth, Tally
from tap_klaviyo.http.limits import MARGIN, MINUTE
from tap_klaviyo.http.sandbox import SandboxAdapter
from tap_klaviyo.sandbox import Behaviour, Limiter, Sandbox, Shop
from tests.http.virtual import Far, VirtualTime
from tests.http.wire import PAGE, REVISION, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.http import Request
    from tap_klaviyo.http.sandbox import Shop as Responder

SHOP = Shop(2, events=0, profiles=2)
WORKERS = 24
TWENTIETH = 1 / 20
HEADERS = pytest.mark.parametrize("burst_headers", [True, False], ids=["burst headers", "steady headers"])


class Account:
    """A client of an account, and what its requests came to."""

    def __init__(
        self, factor: float, *, burst_headers: bool = True, begin: float = 1000.0, shop: Responder | None = None
    ) -> None:
        self.time = VirtualTime(begin)
        self.begin = begin
        behaviour = Behaviour(burst_headers=burst_headers)
        self.sandbox = Sandbox(SHOP, limiter=Limiter(factor, clock=self.time.clock), behaviour=behaviour)
        self.far = Far(shop or self.sandbox, self.time)
        self.tally = Tally()
        self.http = Http(HttpSettings(api_url="http://127.0.0.1:9", auth=NoAuth(), max_workers=WORKERS), self.time)
        self.http._transport._session.mount("http://", SandboxAdapter(self.far))

    @property
    def took(self) -> float:
        return self.time.now - self.begin

    def ask(self, path: str, requests: int) -> Request:
        """Send so many, from as many threads at a time as there are workers."""
        asked = request(self.http, path)
        rest = iter(range(requests))

        def work() -> None:
            for _ in rest:
                self.http.send(asked, tally=self.tally)

        self.time.run(*[work] * min(WORKERS, requests))
        return asked


@HEADERS
@pytest.mark.parametrize("begin", [1000.0, 1019.9])
@pytest.mark.parametrize("path", ["/api/lists", "/api/profiles", "/api/events"])
def test_thirty_at_a_twentieth_of_the_limits_are_refused_never(path: str, begin: float, *, burst_headers: bool) -> None:
    account = Account(TWENTIETH, burst_headers=burst_headers, begin=begin)
    limits = request(account.http, path).limits
    burst, steady = (max(1, int(limit * TWENTIETH)) for limit in (limits.burst, limits.steady))
    count = min(30, steady)
    account.ask(path, count)
    assert (account.far.refused, account.tally.throttled) == (0, 0)
    # Only the limit of a second held anything back: no minute was waited for.
    assert account.took < (count / burst + 2) * (1 + 2 * MARGIN) < MINUTE


@HEADERS
def test_more_than_a_minute_takes_are_refused_never(*, burst_headers: bool) -> None:
    account = Account(TWENTIETH, burst_headers=burst_headers)
    account.ask("/api/profiles", 80)  # 37 a minute
    assert account.far.refused == 0
    assert account.took < 2 * (MINUTE + 1) + 10


@HEADERS
def test_a_request_alone_waits_for_nothing(*, burst_headers: bool) -> None:
    account = Account(TWENTIETH, burst_headers=burst_headers)
    account.ask("/api/profiles", 1)
    assert account.tally.waited == 0
    assert account.took == pytest.approx(0.12)


@HEADERS
def test_the_whole_limit_is_opened_with_one_response(*, burst_headers: bool) -> None:
    account = Account(1, burst_headers=burst_headers)
    account.ask("/api/profiles", 74)
    assert account.far.refused == 0
    assert account.took < 1


@pytest.mark.parametrize("factor", [1 / 50, 1 / 75, 1 / 100])
def test_under_a_twentieth_the_opening_alone_is_refused(factor: float) -> None:
    account = Account(factor)
    asked = account.ask("/api/profiles", max(1, int(750 * factor)))
    opening = math.floor(asked.limits.burst * TWENTIETH)
    assert account.far.refused < opening
    assert account.took < MINUTE


@HEADERS
def test_what_others_have_used_is_refused_once_to_each_request_on_its_way(*, burst_headers: bool) -> None:
    account = Account(TWENTIETH, burst_headers=burst_headers, begin=1200.0)
    for _ in range(25):  # of 37 a minute
        assert account.sandbox.handle("GET", "/api/profiles", {"revision": REVISION})[0] == 200
        account.time.now += 1
    account.ask("/api/profiles", 30)
    # Headers of the burst window say nothing of others: a second's worth was on its way when the minute was full.
    assert account.far.refused <= (3 if burst_headers else 0)
    assert account.time.now < 1260 + 18 / 3 * (1 + MARGIN) + 2


class Refusing:
    """Refuses so many requests after so many that it lets pass."""

    def __init__(self, passes: int, refuses: int, refusal: Mapping[str, str], stated: Mapping[str, str]) -> None:
        self._answers = [(200, stated)] * passes + [(429, refusal)] * refuses
        self._stated = stated

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        del method, target, headers, body
        status, told = self._answers.pop(0) if self._answers else (200, self._stated)
        return status, told, PAGE


STATED = {"ratelimit-limit": "75, 75;w=1, 750;w=60", "ratelimit-remaining": "50", "ratelimit-reset": "0"}


def test_a_429_holds_everybody_and_those_on_their_way_add_no_wait() -> None:
    account = Account(1, shop=Refusing(3, 12, {"retry-after": "8"}, STATED))
    account.ask("/api/profiles", 60)
    assert account.far.refused == 12
    assert 8 < account.took < 9
    assert account.tally.throttled == 12
    assert account.tally.retries == 0


@pytest.mark.parametrize("named", ["RateLimit-Limit", "ratelimit-limit"])
def test_a_429_that_states_the_limits_is_believed(named: str) -> None:
    refusal = {"retry-after": "1", named: "2, 2;w=1, 40;w=60"}
    account = Account(1, shop=Refusing(0, 3, refusal, {}))
    account.ask("/api/profiles", 3)
    account.ask("/api/profiles", 10)
    # Two at a time, a second and the margin apart.
    assert 1 + 5 * (1 + MARGIN) < account.took < 1 + 7 * (1 + MARGIN)


def test_a_429_that_says_when_the_minute_ends_is_waited_for() -> None:
    refusal = {"ratelimit-limit": "750, 75;w=1, 750;w=60", "ratelimit-remaining": "0", "ratelimit-reset": "20"}
    account = Account(1, shop=Refusing(1, 1, refusal, STATED))
    account.ask("/api/profiles", 2)
    assert account.far.refused == 1
    assert 20 < account.took < 22
