"""A sync begins near the limits, not over them, also where they are a small part of what the contract says."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tap_klaviyo.contract import Limits
from tap_klaviyo.http import NoAuth, Tally
from tap_klaviyo.http.limits import MARGIN, MINUTE, Quota
from tap_klaviyo.http.sandbox import SandboxAdapter
from tests.http.wire import HOST, PAGE, FakeTime, client, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests_mock import Mocker

    from tap_klaviyo.http import Http


class SlowedTime(FakeTime):
    """A sleep takes a real moment too, so that whoever is on its way comes back meanwhile."""

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> None:
        threading.Event().wait(0.002)
        super().sleep(seconds, stop)


class Klaviyo:
    """Counts in fixed windows, does not count what it refuses, and speaks of the burst window in lower case."""

    def __init__(self, time: FakeTime, burst: int, steady: int, *, way: float = 0.05) -> None:
        self.limits = {1: burst, MINUTE: steady}
        self.refused = 0
        self._time = time
        self._way = way
        self._used: dict[tuple[int, int], int] = {}
        self._lock = threading.Lock()

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        del method, target, headers, body
        with self._lock:
            now = self._time.clock()
            windows = {period: (period, math.floor(now / period)) for period in self.limits}
            full = [period for period, window in windows.items() if self._used.get(window, 0) >= self.limits[period]]
            if full:
                self.refused += 1
                wait = math.ceil(max((windows[period][1] + 1) * period - now for period in full))
                return 429, {"retry-after": str(wait)}, b"{}"
            for window in windows.values():
                self._used[window] = self._used.get(window, 0) + 1
            left = self.limits[1] - self._used[windows[1]]
        threading.Event().wait(self._way)
        burst, steady = self.limits.values()
        stated = f"{burst}, {burst};w=1, {steady};w=60"
        return 200, {"ratelimit-limit": stated, "ratelimit-remaining": str(left), "ratelimit-reset": "0"}, PAGE


def opened(klaviyo: Klaviyo, time: FakeTime) -> Http:
    http = client(time, api_url="http://127.0.0.1:9", auth=NoAuth(), max_workers=24)
    http._transport._session.mount("http://", SandboxAdapter(klaviyo))
    return http


@pytest.mark.parametrize("path", ["/api/lists", "/api/profiles", "/api/events", "/api/campaigns"])
def test_thirty_requests_at_once_at_a_twentieth_of_the_limits(path: str) -> None:
    time, tally = SlowedTime(), Tally()
    asked = request(client(), path)
    burst, steady = (max(1, limit // 20) for limit in (asked.limits.burst, asked.limits.steady))
    klaviyo = Klaviyo(time, burst, steady)
    http = opened(klaviyo, time)
    asked = request(http, path)
    count = min(30, steady)
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda _: http.send(asked, tally=tally), range(count)))
    assert (klaviyo.refused, tally.throttled) == (0, 0)
    # Only the burst limit held anything back: no window of a minute was waited for.
    assert time.now - 1000 < (count / burst + 3) * (1 + MARGIN) < MINUTE


def test_a_request_alone_waits_for_nothing() -> None:
    time = FakeTime()
    http = opened(Klaviyo(time, 75, 750), time)
    http.send(request(http, "/api/lists"))
    assert time.slept == []


def test_until_a_response_states_the_limits_a_twentieth_of_the_contract_s_goes_out() -> None:
    time = FakeTime()
    quota = Quota(Limits(burst=100, steady=1000), 1, time.clock)
    assert sum(quota.take() == 0 for _ in range(100)) == 5
    assert 0 < quota.take() <= 0.1  # looks again soon: the response may be there
    quota.learn({}, time.now)
    assert sum(quota.take() == 0 for _ in range(100)) == 95


def test_a_429_states_nothing_and_is_not_counted() -> None:
    time = FakeTime()
    quota = Quota(Limits(burst=100, steady=100), 1, time.clock)
    sent = [time.now for _ in range(100) if quota.take() == 0]
    for moment in sent:
        quota.refused(moment)
    assert sum(quota.take() == 0 for _ in range(100)) == 5
    quota.learn({}, time.now)
    assert sum(quota.take() == 0 for _ in range(200)) == 95


def test_what_was_refused_leaves_the_minute_as_it_was() -> None:
    time = FakeTime()
    quota = Quota(Limits(burst=10, steady=20), 1, time.clock)
    quota.learn({}, time.now)
    for _ in range(10):
        assert quota.take() == 0
        quota.refused(time.now)
    time.now += 1.2
    for _ in range(2):
        assert [quota.take() for _ in range(10)] == [0] * 10
        time.now += 1.2
    assert quota.take() > 10


def test_the_embedded_shop_opens_at_once() -> None:
    quota = Quota(Limits(burst=1, steady=15), 1e9, FakeTime().clock)
    assert [quota.take() for _ in range(100)] == [0] * 100


def test_requests_that_klaviyo_refuses_do_not_fill_the_client_s_own_minute(requests_mock: Mocker) -> None:
    throttled = {"status_code": 429, "headers": {"Retry-After": "1"}}
    requests_mock.get(f"{HOST}/api/web-feeds", [{"content": PAGE}, *[throttled] * 10, {"content": PAGE}])
    time = FakeTime()
    http = client(time)
    asked = request(http, "/api/web-feeds")
    for _ in range(asked.limits.steady):
        http.send(asked)
    assert requests_mock.call_count == asked.limits.steady + 10
    assert time.total < MINUTE
