from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tap_klaviyo.http.errors import StoppedError
from tap_klaviyo.http.waiting import Patience
from tests.http.wire import FakeTime


class Watched(threading.Event):
    """Says who waits on it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiters: list[threading.Thread] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waiters.append(threading.current_thread())
        return super().wait(timeout)


def test_a_rest_is_as_long_as_asked_for() -> None:
    fake = FakeTime()
    assert Patience(fake.clock, fake.sleep).rest(2.5, "x", threading.Event()) == 2.5
    assert fake.slept == [1, 1, 0.5]


def test_the_main_thread_does_not_wait_on_an_event_that_a_signal_sets() -> None:
    stop = Watched()
    Patience().rest(0.01, "x", stop)
    assert stop.waiters == []


def test_a_signal_ends_the_rest_of_the_main_thread() -> None:
    stop = threading.Event()
    before = signal.signal(signal.SIGALRM, lambda *_: stop.set())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(StoppedError):
            Patience().rest(60, "GET /api/profiles", stop)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_stop_wakes_another_thread_from_its_rest() -> None:
    stop = Watched()
    with ThreadPoolExecutor(1) as pool:
        resting = pool.submit(Patience().rest, 60, "GET /api/profiles", stop)
        while not stop.waiters:
            time.sleep(0.001)
        stop.set()
        with pytest.raises(StoppedError, match="GET /api/profiles: stopped"):
            resting.result(30)


def test_stop_ends_the_wait_for_a_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_klaviyo.http.waiting.LOOK_UP", 0.01)
    stop, lock = threading.Event(), threading.Lock()
    patience = Patience()
    with lock, ThreadPoolExecutor(1) as pool:

        def work() -> None:
            with patience.held(lock, "x", stop):
                pytest.fail("the lock was taken")

        waiting = pool.submit(work)
        stop.set()
        with pytest.raises(StoppedError):
            waiting.result(30)


def test_the_end_breaks_off_every_rest() -> None:
    patience = Patience(sleep=lambda _, __: patience.end())
    with pytest.raises(StoppedError):
        patience.rest(60, "x", None)
