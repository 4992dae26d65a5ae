from __future__ import annotations

import math
import threading
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.contract import Limits
from tap_klaviyo.http.limits import DAY, MARGIN, MINUTE, SECOND, Limiter, Quota
from tests.http.wire import FakeTime, client, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

limits = st.builds(
    Limits,
    burst=st.integers(1, 12),
    steady=st.integers(1, 60),
    daily=st.none() | st.integers(1, 40),
)
gaps = st.lists(st.floats(0, 90) | st.floats(0, 0.3) | st.just(0.0), max_size=80)


def stated(limits: Limits, share: float, clock: Callable[[], float]) -> Quota:
    """A quota that has heard from Klaviyo already, which had nothing to add."""
    quota = Quota(limits, share, clock)
    quota.learn({}, clock())
    return quota


def sends(quota: Quota, time: FakeTime, pauses: Iterable[float]) -> list[float]:
    """When the requests of an impatient client leave that idles for the pauses in between."""
    times = []
    for pause in pauses:
        time.now += pause
        while wait := quota.take():
            time.now += wait
        times.append(time.now)
    return times


def most_in(times: list[float], period: float) -> int:
    """The most that any window of the length holds; it is enough to look at those that begin with a request."""
    return max((sum(begin <= one <= begin + period for one in times) for begin in times), default=0)


@given(limits, gaps, st.floats(0.01, 1))
def test_no_window_anywhere_holds_more_than_the_limit(limits: Limits, gaps: list[float], share: float) -> None:
    time = FakeTime()
    times = sends(stated(limits, share, time.clock), time, gaps)
    windows = [(SECOND, limits.burst), (MINUTE, limits.steady), (DAY, limits.daily)]
    for period, limit in windows:
        if limit is not None:
            assert most_in(times, period) <= max(1, limit * share + 1e-6)


@given(limits.filter(lambda one: one.daily is None), st.integers(1, 60))
def test_the_limit_is_used_up_before_anything_waits(limits: Limits, count: int) -> None:
    time = FakeTime()
    times = sends(stated(limits, 1, time.clock), time, [0.0] * count)
    at_once = min(limits.burst, limits.steady, count)
    assert times[:at_once] == [1000.0] * at_once
    # Whoever waited had a full window behind it: the request a limit earlier left exactly a window ago.
    for position, moment in enumerate(times[at_once:], at_once):
        reached = [
            times[position - limit] + period + MARGIN
            for period, limit in ((SECOND, limits.burst), (MINUTE, limits.steady))
            if position >= limit
        ]
        assert moment == pytest.approx(max(*reached, times[position - 1]) if reached else times[position - 1], abs=0.01)


def test_requests_are_scarce_from_nearly_all_of_a_minute_until_the_minute_is_over() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=100, steady=25), 0.8, time.clock)
    found = []
    for _ in range(19):
        assert quota.take() == 0
        found.append(quota.is_scarce())
        time.now += 1
    assert found == [False] * 17 + [True] * 2
    time.now = 1000 + MINUTE + 0.5  # of the last eighteen, the first left half a second less than a minute ago
    assert quota.is_scarce()
    time.now += 1
    assert not quota.is_scarce()


def test_requests_are_scarce_while_they_have_to_wait() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=1, steady=1000), 1, time.clock)
    assert not quota.is_scarce()
    assert quota.take() == 0
    assert quota.is_scarce()


@pytest.mark.parametrize(
    ("burst", "share", "expected"),
    [(10, 1, 10), (10, 0.7, 7), (10, 0.55, 5), (3, 0.1, 1), (350, 0.5, 175), (100, 0.29, 29)],
)
def test_the_share_is_a_part_of_the_limit_and_at_least_one(burst: int, share: float, expected: int) -> None:
    time = FakeTime()
    quota = stated(Limits(burst=burst, steady=10_000), share, time.clock)
    assert sum(quota.take() == 0 for _ in range(burst)) == expected


def test_a_limit_stated_higher_than_the_contract_is_used() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=3, steady=60), 1, time.clock)
    quota.take()
    quota.learn({"RateLimit-Limit": "150, 10;w=1, 150;w=60"}, time.now)
    assert sum(quota.take() == 0 for _ in range(20)) == 9


def test_a_limit_stated_lower_than_the_contract_is_kept() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=75, steady=750), 1, time.clock)
    quota.take()
    quota.learn({"RateLimit-Limit": "10, 10;w=1, 150;w=60"}, time.now)
    assert sum(quota.take() == 0 for _ in range(75)) == 9


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 20)), min_size=1, max_size=6))
def test_a_limit_that_falls_and_rises_forgets_nothing(changes: list[tuple[int, int]]) -> None:
    time = FakeTime()
    quota = stated(Limits(burst=30, steady=10_000), 1, time.clock)
    times: list[float] = []
    for limit, count in changes:
        quota.learn({"RateLimit-Limit": f"{limit}, {limit};w=1, 10000;w=60"}, time.now)
        times += sends(quota, time, [0.0] * count)
        assert most_in([one for one in times if one > time.now - SECOND], SECOND) <= max(limit for limit, _ in changes)


def headers(limit: str, remaining: object, reset: object) -> dict[str, str]:
    return {"RateLimit-Limit": limit, "RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(reset)}


def test_what_others_have_used_is_held_back_until_the_window_ends() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=10, steady=150), 1, time.clock)
    quota.take()
    quota.learn(headers("150, 10;w=1, 150;w=60", 0, 22), time.now)
    time.now += 2
    assert quota.take() == pytest.approx(20 + MARGIN)
    time.now += 20 + MARGIN
    assert quota.take() == 0


def test_where_others_use_more_than_the_limit_nothing_leaves() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=10, steady=150), 1, time.clock)
    quota.take()
    quota.learn(headers("150, 10;w=1, 150;w=60", 0, 22), time.now)
    quota.learn({"RateLimit-Limit": "100, 10;w=1, 100;w=60"}, time.now)
    assert quota.take() == pytest.approx(22 + MARGIN)


def test_what_is_left_is_shared_with_others() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=100, steady=150), 1, time.clock)
    quota.take()
    quota.learn(headers("150, 100;w=1, 150;w=60", 5, 30), time.now)
    assert sum(quota.take() == 0 for _ in range(50)) == 5


def test_a_window_that_only_this_tap_uses_is_not_held_back() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=10, steady=150), 1, time.clock)
    for used in range(1, 151):
        while wait := quota.take():
            time.now += wait
        quota.learn(headers("150, 10;w=1, 150;w=60", 150 - used, 60 - int(time.now - 1000)), time.now)
    assert time.now < 1000 + 15 * (SECOND + MARGIN)


def test_an_older_answer_does_not_undo_what_a_newer_one_said() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=10, steady=150), 1, time.clock)
    quota.take()
    quota.learn(headers("150, 10;w=1, 150;w=60", 0, 22), time.now)
    quota.learn(headers("150, 10;w=1, 150;w=60", 149, 22), time.now - 1)
    assert quota.take() > 10


@pytest.mark.parametrize(
    ("limits", "header", "left"),
    [
        (Limits(burst=10, steady=150), "10, 10;w=1, 150;w=60", 9),
        (Limits(1, 2, 225), "1, 1;w=1, 2;w=60, 225;w=86400", 0),
    ],
)
def test_headers_of_the_burst_window_say_nothing_of_the_minute(limits: Limits, header: str, left: int) -> None:
    time = FakeTime()
    quota = stated(limits, 1, time.clock)
    for _ in range(limits.steady):
        while wait := quota.take():
            assert wait <= SECOND + 2 * MARGIN
            time.now += wait
        quota.learn(headers(header, left, 0), time.now)
    assert time.now - 1000 < limits.steady / limits.burst * (SECOND + 2 * MARGIN)
    assert quota.take() > 30  # the minute is full now, and not before


def test_the_burst_window_may_be_the_nearer_one() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=10, steady=150), 1, time.clock)
    quota.take()
    quota.learn(headers("10, 10;w=1, 150;w=60", 0, 1), time.now)
    assert quota.take() == pytest.approx(1 + MARGIN)


def test_of_two_windows_of_one_limit_the_reset_tells_which_is_meant() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=10, steady=10), 1, time.clock)
    quota.take()
    quota.learn(headers("10, 10;w=1, 10;w=60", 0, 30), time.now)
    assert quota.take() == pytest.approx(30 + MARGIN)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"RateLimit-Limit": ""},
        {"RateLimit-Limit": "many"},
        {"RateLimit-Limit": "0, 0;w=1, 0;w=60"},
        {"RateLimit-Limit": "-5, -5;w=1"},
        {"RateLimit-Limit": "9" * 400 + ";w=1"},
        {"RateLimit-Limit": "3;w=1.5"},
        {"RateLimit-Remaining": "0", "RateLimit-Reset": "60"},
        headers("60, 3;w=1, 60;w=60", "", ""),
        headers("60, 3;w=1, 60;w=60", -1, 5),
        headers("60, 3;w=1, 60;w=60", "none", 5),
        headers("60, 3;w=1, 60;w=60", 0, 10**12),
        headers("60, 3;w=1, 60;w=60", 0, 3600),
        headers("7, 3;w=1, 60;w=60", 0, 20),
    ],
)
def test_odd_headers_change_nothing(odd: dict[str, str]) -> None:
    time = FakeTime()
    quota = stated(Limits(burst=3, steady=60), 1, time.clock)
    quota.learn(odd, time.now)
    assert [quota.take() == 0 for _ in range(4)] == [True, True, True, False]


@given(st.dictionaries(st.sampled_from(["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]), st.text()))
def test_no_header_breaks_the_limiter(odd: dict[str, str]) -> None:
    time = FakeTime()
    quota = stated(Limits(burst=1, steady=2), 1, time.clock)
    quota.learn(odd, time.now)
    assert len(sends(quota, time, [0.0] * 5)) == 5
    assert time.now <= 1000 + 4 * (MINUTE + 1)


@given(st.integers(0, 12), st.integers(0, 61), st.floats(0, 5), st.lists(st.floats(0, 3), min_size=1, max_size=30))
def test_a_hold_ends(left: int, reset: int, age: float, pauses: list[float]) -> None:
    time = FakeTime()
    quota = stated(Limits(burst=10, steady=12), 1, time.clock)
    times = sends(quota, time, [0.0])
    quota.learn(headers("12, 10;w=1, 12;w=60", left, reset), time.now - age)
    times += sends(quota, time, pauses)
    assert most_in(times, MINUTE) <= 12
    assert all(later - earlier <= MINUTE + 2 for earlier, later in pairwise(times))


def test_an_endpoint_has_one_quota_and_another_under_other_limits() -> None:
    limiter = Limiter(clock=FakeTime().clock)
    http = client()
    plain, again = request(http), request(http, params={"x": "1"})
    predictive = type(plain)(plain.endpoint, plain.url, Limits(burst=10, steady=150))
    assert limiter.quota(plain) is limiter.quota(again)
    assert limiter.quota(plain) is not limiter.quota(predictive)
    assert limiter.quota(plain) is not limiter.quota(request(http, "/api/events"))


def test_a_pause_holds_everybody_and_a_shorter_one_does_not_end_it() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=10, steady=150), 1, time.clock)
    quota.pause(30)
    quota.pause(5)
    assert quota.take() == pytest.approx(30)
    time.now += 30
    assert quota.take() == 0


def test_threads_together_keep_the_limit() -> None:
    time = FakeTime()
    quota = stated(Limits(burst=40, steady=10_000), 1, time.clock)
    permits: list[float] = []
    gate = threading.Barrier(8)

    def work() -> None:
        gate.wait()
        permits.extend(0.0 for _ in range(20) if quota.take() == 0)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(permits) == 40


@given(limits, gaps, st.lists(st.floats(0, MARGIN), min_size=80, max_size=80), st.floats(0, MINUTE))
def test_fixed_windows_of_any_phase_are_kept_where_the_way_takes_a_moment(
    limits: Limits, gaps: list[float], delays: list[float], phase: float
) -> None:
    time = FakeTime()
    times = sends(stated(limits, 1, time.clock), time, gaps)
    arrivals = [moment + delay for moment, delay in zip(times, delays, strict=False)]
    for period, limit in ((SECOND, limits.burst), (MINUTE, limits.steady)):
        windows = Counter(math.floor((arrival - phase) / period) for arrival in arrivals)
        assert max(windows.values(), default=0) <= limit
