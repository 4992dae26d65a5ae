"""429: everybody waits as told, and not for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.contract import Limits
from tap_klaviyo.http import Tally
from tap_klaviyo.http.errors import QuotaExhaustedError, UnreachableError
from tap_klaviyo.http.retry import retry_after
from tests.http import faulty
from tests.http.wire import HOST, PAGE, FakeTime, client, error, request

if TYPE_CHECKING:
    from requests_mock import Mocker

URL = f"{HOST}/api/profiles"
REPORT = "/api/campaign-values-reports"


def throttled(seconds: object) -> dict[str, Any]:
    return {"status_code": 429, "headers": {"Retry-After": str(seconds)}}


def test_a_wait_as_told_is_exact_and_no_try(requests_mock: Mocker) -> None:
    requests_mock.get(URL, [throttled(12), throttled(3), {"content": PAGE}])
    time, tally = FakeTime(), Tally()
    http = client(time, retry=0)
    http.send(request(http), tally=tally)
    assert time.total == pytest.approx(15)
    assert (tally.throttled, tally.retries) == (2, 0)
    assert tally.waited == pytest.approx(15)


def test_everybody_on_the_endpoint_waits_and_nobody_else(requests_mock: Mocker) -> None:
    requests_mock.get(URL, [throttled(30), {"content": PAGE}])
    time = FakeTime()
    http = client(time)
    asked, others = request(http), request(http, "/api/lists")
    waits = []
    sleep = time.sleep

    def watch(seconds: float, stop: threading.Event | None) -> None:
        waits.append((http.quota(asked).wait(), http.quota(others).wait()))
        sleep(seconds, stop)

    http._patience.sleep = watch
    http.send(asked)
    assert waits[0] == pytest.approx((30, 0))
    assert http.quota(asked).wait() == 0


def test_told_waits_add_up_to_ten_minutes_at_most(requests_mock: Mocker) -> None:
    requests_mock.get(URL, [throttled(250)])
    time = FakeTime()
    http = client(time)
    with pytest.raises(QuotaExhaustedError):
        http.send(request(http))
    assert requests_mock.call_count == 3
    assert time.total == pytest.approx(500)


@pytest.mark.parametrize("seconds", [0, "0.0", 0.2])
def test_told_to_wait_for_nothing_for_ever_comes_to_an_end(requests_mock: Mocker, seconds: object) -> None:
    requests_mock.get(URL, [throttled(seconds)])
    http = client()
    with pytest.raises(QuotaExhaustedError):
        http.send(request(http))
    assert requests_mock.call_count <= 660  # a wait counts as a second at least, of ten minutes in all


def test_a_wait_of_hours_is_not_begun(requests_mock: Mocker) -> None:
    requests_mock.post(f"{HOST}{REPORT}", [throttled(73473)])
    time = FakeTime()
    http = client(time)
    asked = request(http, REPORT, method="POST", body=b"{}")
    with pytest.raises(QuotaExhaustedError) as raised:
        http.send(asked)
    assert abs(raised.value.reopens_at - datetime.now(UTC) - timedelta(seconds=73473)) < timedelta(minutes=5)
    assert f"{raised.value.reopens_at:%Y-%m-%d %H:%M}" in str(raised.value)
    # The next one is not sent at all: what is known is not asked again.
    with pytest.raises(QuotaExhaustedError):
        http.send(asked)
    assert requests_mock.call_count == 1
    assert time.total == 0


def test_the_day_s_own_requests_are_counted(requests_mock: Mocker) -> None:
    requests_mock.post(f"{HOST}{REPORT}", content=b'{"data": {}}')
    time = FakeTime()
    http = client(time)
    asked = request(http, REPORT, method="POST", body=b"{}")
    asked = type(asked)(asked.endpoint, asked.url, Limits(burst=1, steady=2, daily=3), asked.body)
    for _ in range(3):
        http.send(asked)
    with pytest.raises(QuotaExhaustedError):
        http.send(asked)
    assert requests_mock.call_count == 3


@pytest.mark.parametrize("garbage", ["", "soon", "-5", "nan", "inf", "1e3", "٣", "Wed, 99 Foo 2026"])
def test_a_429_that_says_nothing_readable_is_a_try(requests_mock: Mocker, garbage: str) -> None:
    headers = {"Retry-After": garbage} if garbage else {}
    requests_mock.get(URL, [{"status_code": 429, "headers": headers}])
    http = client(retry=2)
    with pytest.raises(UnreachableError, match="HTTP 429"):
        http.send(request(http))
    assert requests_mock.call_count == 3


def in_words(words: str) -> dict[str, Any]:
    return error(429, "throttled", f"Request was throttled. {words}")


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Expected available in 12 seconds.", 12),
        ("Expected available in 1 second.", 1),
        ("expected available in 7.5 seconds", 7.5),
        ("Expected available in 2 minutes.", 120),
    ],
)
def test_a_wait_that_stands_in_words_is_waited(requests_mock: Mocker, words: str, seconds: float) -> None:
    requests_mock.get(URL, [in_words(words), {"content": PAGE}])
    time, tally = FakeTime(), Tally()
    http = client(time, retry=0)
    http.send(request(http), tally=tally)
    assert time.total == pytest.approx(seconds)
    assert (tally.throttled, tally.retries) == (1, 0)


def test_the_header_wins_over_the_words(requests_mock: Mocker) -> None:
    throttled = {**in_words("Expected available in 99 seconds."), "headers": {"retry-after": "3"}}
    requests_mock.get(URL, [throttled, {"content": PAGE}])
    time = FakeTime()
    http = client(time, retry=0)
    http.send(request(http))
    assert time.total == pytest.approx(3)


@pytest.mark.parametrize("words", ["Expected available in 73473 seconds.", "Expected available in 20 hours."])
def test_a_quota_of_hours_in_words_is_not_waited_for(requests_mock: Mocker, words: str) -> None:
    server = datetime(2026, 3, 1, 12, tzinfo=UTC)  # months from the host's clock
    throttled = {**in_words(words), "headers": {"Date": format_datetime(server, usegmt=True)}}
    requests_mock.post(f"{HOST}{REPORT}", **throttled)
    time = FakeTime()
    http = client(time)
    with pytest.raises(QuotaExhaustedError) as raised:
        http.send(request(http, REPORT, method="POST", body=b"{}"))
    assert requests_mock.call_count == 1
    assert time.total == 0
    assert "used up until 2026-03-02 08:" in str(raised.value)


def test_a_date_to_wait_for_is_in_klaviyo_s_time(requests_mock: Mocker) -> None:
    server = datetime(2026, 3, 1, 12, tzinfo=UTC)
    told = {
        "Date": format_datetime(server, usegmt=True),
        "Retry-After": format_datetime(server + timedelta(seconds=40), usegmt=True),
    }
    requests_mock.get(URL, [{"status_code": 429, "headers": told}, {"content": PAGE}])
    time = FakeTime()
    http = client(time, retry=0)
    http.send(request(http))
    assert time.total == pytest.approx(40)


def test_pauses_that_others_are_told_do_not_hold_a_request_for_ever(requests_mock: Mocker) -> None:
    requests_mock.get(URL, content=PAGE)
    time = FakeTime()
    http = client(time)
    asked = request(http)
    sleep = time.sleep

    def again(seconds: float, stop: threading.Event | None) -> None:
        http._limiter.quota(asked).pause(300)
        sleep(seconds, stop)

    http._patience.sleep = again
    http._limiter.quota(asked).pause(300)
    with pytest.raises(QuotaExhaustedError):
        http.send(asked)
    assert time.total <= 600


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    assert retry_after(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert retry_after(format_datetime(now - timedelta(seconds=90), usegmt=True), now) == 0
    assert retry_after("Sun, 22 Nov 2026 04:01:30 -0000", now) == 90, "in no zone is in Klaviyo's"
    assert retry_after(" 7 ", now) == 7
    assert retry_after(None, now) is None


@given(st.text())
def test_any_retry_after_is_seconds_or_nothing(text: str) -> None:
    seconds = retry_after(text, datetime.now(UTC))
    assert seconds is None or seconds >= 0


def test_an_answer_s_headers_reach_the_limits(requests_mock: Mocker) -> None:
    stated = {"RateLimit-Limit": "750, 75;w=1, 750;w=60", "RateLimit-Remaining": "0", "RateLimit-Reset": "22"}
    requests_mock.get(URL, content=PAGE, headers=stated)
    http = client()
    http.send(request(http))
    assert http.quota(request(http)).wait() == pytest.approx(22, abs=1)


def test_one_thread_an_endpoint_watches_the_clock() -> None:
    watching, most = 0, 0
    time, lock = FakeTime(), threading.Lock()

    def sleep(seconds: float, stop: threading.Event | None) -> None:
        nonlocal watching, most
        with lock:
            watching += 1
            most = max(most, watching)
        threading.Event().wait(0.002)
        time.sleep(seconds, stop)
        with lock:
            watching -= 1

    with faulty.serving() as server, closing(client(time, api_url=server.url, max_workers=8)) as http:
        http._patience.sleep = sleep
        asked = request(http, "/api/web-feeds")
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda _: http.send(asked).status, range(12))) == [200] * 12
    assert most == 1


def test_a_pause_with_one_worker_and_many_threads_ends(requests_mock: Mocker) -> None:
    requests_mock.get(URL, [throttled(5), {"content": PAGE}])
    http = client(max_workers=1)
    done = []

    def work() -> None:
        done.append(http.send(request(http)).status)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert done == [200] * 4


def test_a_waiting_thread_holds_no_slot(requests_mock: Mocker) -> None:
    requests_mock.get(URL, [throttled(5), {"content": PAGE}])
    requests_mock.get(f"{HOST}/api/lists", content=PAGE)
    time = FakeTime()
    http = client(time, max_workers=1)
    meanwhile: list[int] = []
    sleep = time.sleep

    def other(seconds: float, stop: threading.Event | None) -> None:
        if not meanwhile:
            meanwhile.append(http.send(request(http, "/api/lists")).status)
        sleep(seconds, stop)

    http._patience.sleep = other
    assert http.send(request(http)).status == 200
    assert meanwhile == [200]
