"""An endpoint is opened with a part of its limits, and what Klaviyo refuses is not counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.contract import Limits
from tap_klaviyo.http.limits import MINUTE, Quota
from tests.http.wire import HOST, PAGE, FakeTime, client, request

if TYPE_CHECKING:
    from requests_mock import Mocker


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
        quota.refused({}, moment)
    assert sum(quota.take() == 0 for _ in range(100)) == 5
    quota.learn({}, time.now)
    assert sum(quota.take() == 0 for _ in range(200)) == 95


def test_what_was_refused_leaves_the_minute_as_it_was() -> None:
    time = FakeTime()
    quota = Quota(Limits(burst=10, steady=20), 1, time.clock)
    quota.learn({}, time.now)
    for _ in range(10):
        assert quota.take() == 0
        quota.refused({}, time.now)
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
