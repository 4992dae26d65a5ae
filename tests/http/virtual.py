"""Threads in a time of their own: one runs at a time, and the clock goes on when all of them wait."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_klaviyo.http.sandbox import Shop
    from tap_klaviyo.http.waiting import Lock

_STUCK = 60  # seconds, real ones, that no thread computes for


class VirtualTime(Patience):
    """The waits of a client whose requests, latency and locks take none of the test's own time."""

    def __init__(self, begin: float = 1000.0) -> None:
        super().__init__(clock=lambda: self.now, sleep=self._sleep)
        self.now = begin
        self._order = count()
        self._due: list[tuple[float, int, threading.Event]] = []
        self._blocked: list[threading.Event] = []
        self._paused = threading.Semaphore(0)

    def run(self, *calls: Callable[[], object]) -> None:
        """Make these calls side by side, to their end; one that failed fails this."""
        errors: list[BaseException] = []

        def work(call: Callable[[], object], turn: threading.Event) -> None:
            turn.wait(_STUCK)
            try:
                call()
            except BaseException as error:  # noqa: BLE001 - it is raised again below
                errors.append(error)
            finally:
                self._paused.release()

        for call in calls:
            turn = threading.Event()
            self._wake(turn, self.now)
            threading.Thread(target=work, args=(call, turn), daemon=True).start()
        while self._due:
            self.now, _, turn = heappop(self._due)
            turn.set()
            assert self._paused.acquire(timeout=_STUCK)
        assert not self._blocked
        if errors:
            raise errors[0]

    def _sleep(self, seconds: float, stop: threading.Event | None = None) -> None:  # noqa: ARG002 - as the client calls it
        turn = threading.Event()
        self._wake(turn, self.now + seconds)
        self._pause(turn)

    def _wake(self, turn: threading.Event, at: float) -> None:
        heappush(self._due, (at, next(self._order), turn))

    def _pause(self, turn: threading.Event) -> None:
        self._paused.release()
        assert turn.wait(_STUCK)

    @contextmanager
    def held(self, lock: Lock | threading.Semaphore, label: str, stop: threading.Event | None) -> Iterator[None]:
        while not lock.acquire(blocking=False):
            turn = threading.Event()
            self._blocked.append(turn)
            self._pause(turn)
            self.go_on(label, stop)
        try:
            yield
        finally:
            lock.release()
            for turn in self._blocked:
                self._wake(turn, self.now)
            self._blocked.clear()


class Far:
    """A shop that is a moment away: `there` seconds until it counts a request, `back` until the response is here."""

    def __init__(self, shop: Shop, time: VirtualTime, *, there: float = 0.02, back: float = 0.1) -> None:
        self._shop = shop
        self._time = time
        self._there = there
        self._back = back
        self.refused = 0

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        self._time.sleep(self._there, None)
        answer: tuple[int, Mapping[str, str], Any] = self._shop.handle(method, target, headers, body)
        self.refused += answer[0] == 429
        self._time.sleep(self._back, None)
        return answer
