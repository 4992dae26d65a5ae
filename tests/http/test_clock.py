"""The server's clock decides, however wrong the host's is."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.http.clock import ServerClock
from tests.http import faulty
from tests.http.wire import HOST, PAGE, FakeTime, client, request

if TYPE_CHECKING:
    from requests_mock import Mocker

URL = f"{HOST}/api/profiles"
HOST_TIME = datetime(2026, 11, 22, 12, tzinfo=UTC)


def told(moment: datetime, **more: str) -> dict[str, str]:
    return {"Date": format_datetime(moment, usegmt=True), **more}


def clock(time: FakeTime) -> ServerClock:
    return ServerClock(time.clock, HOST_TIME.timestamp)


@pytest.mark.parametrize("ahead", [-60, -10, 0, 30, 60, 86_400])
def test_the_host_s_clock_does_not_matter_after_the_first_response(ahead: int) -> None:
    time = FakeTime()
    found = clock(time)
    assert found.now() == HOST_TIME
    found.note(told(HOST_TIME + timedelta(seconds=ahead)))
    time.now += 7.5
    assert found.now() == HOST_TIME + timedelta(seconds=ahead + 7.5)


def test_it_comes_nearer_with_each_response_and_is_never_ahead() -> None:
    time = FakeTime()
    found = clock(time)
    behind = []
    for way in (2.5, 0.5, 1.5, 4):
        time.now = math.ceil(time.now)  # where Date rounds nothing away
        true = HOST_TIME + timedelta(seconds=time.now)
        time.now += way
        found.note(told(true))
        behind.append((true - found.now()).total_seconds() + way)
    assert behind == [2.5, 0.5, 0.5, 0.5]


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 3)), min_size=1, max_size=20), st.floats(-1e6, 1e6))
def test_whatever_the_ways_it_is_at_most_a_way_and_a_second_behind(ways: list[tuple[float, float]], off: float) -> None:
    time = FakeTime()
    found = clock(time)
    before = None
    for pause, way in ways:
        time.now += pause
        true = HOST_TIME + timedelta(seconds=off + time.now)
        time.now += way
        found.note(told(true))
        now = found.now()
        behind = (HOST_TIME + timedelta(seconds=off + time.now) - now).total_seconds()
        assert -0.001 <= behind <= min(way for _, way in ways[: ways.index((pause, way)) + 1]) + 1.001
        assert before is None or now >= before
        before = now


def test_one_date_that_is_far_off_changes_nothing_and_two_that_agree_do() -> None:
    time = FakeTime()
    found = clock(time)
    found.note(told(HOST_TIME))
    found.note(told(HOST_TIME + timedelta(days=365)))
    assert found.now() == HOST_TIME
    found.note(told(HOST_TIME))
    found.note(told(HOST_TIME + timedelta(days=365)))
    assert found.now() == HOST_TIME
    found.note(told(HOST_TIME + timedelta(days=365)))
    assert found.now() == HOST_TIME + timedelta(days=365)


def test_a_first_date_that_is_far_off_is_outvoted() -> None:
    found = clock(FakeTime())
    for days in (365, 0, 0):
        found.note(told(HOST_TIME + timedelta(days=days)))
    assert found.now() == HOST_TIME


def test_a_response_of_a_cache_says_how_old_it_is() -> None:
    found = clock(FakeTime())
    found.note(told(HOST_TIME - timedelta(seconds=500), Age="500"))
    assert found.now() == HOST_TIME


@pytest.mark.parametrize(
    "odd",
    ["", "now", "Wed, 99 Foo 2026", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"],
)
def test_an_odd_date_is_no_date(odd: str) -> None:
    found = clock(FakeTime())
    found.note({"Date": odd})
    assert found.now() == HOST_TIME


@given(st.text(), st.text())
def test_no_header_breaks_it(date: str, age: str) -> None:
    found = clock(FakeTime())
    found.note({"Date": date, "Age": age})
    found.now()


def test_the_client_keeps_it_from_every_response(requests_mock: Mocker) -> None:
    time = FakeTime()
    http = client(time)
    assert abs(http.server_now() - datetime.now(UTC)) < timedelta(minutes=5)
    server = HOST_TIME - timedelta(days=400)
    requests_mock.get(URL, [{"status_code": 503, "headers": told(server)}, {"content": PAGE}])
    http.send(request(http))
    assert abs(http.server_now() - server - timedelta(seconds=time.total)) < timedelta(milliseconds=1)


def test_any_number_of_threads_may_send_and_look() -> None:
    with faulty.serving() as server, closing(client(api_url=server.url)) as http, ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: (http.send(request(http)), http.server_now())[1], range(40)))
    assert all(abs(now - datetime.now(UTC)) < timedelta(minutes=5) for now in seen)
