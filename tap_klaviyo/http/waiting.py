"""Waiting that can be broken off."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tap_klaviyo.http.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

LOOK_UP = 1.0  # seconds after which a wait is looked at again: a response may have changed the limits meanwhile
_GLANCE = 0.25  # seconds until a sleeping main thread looks at the event

T = TypeVar("T")


class Lock(Protocol):
    """A lock of `threading`, of either kind."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as in `threading`
        """Take it."""

    def release(self) -> None:
        """Let it go."""


def _sleep(seconds: float, stop: threading.Event | None) -> None:
    # A signal handler runs in the main thread: if it sets the event while that thread is inside the event's own wait,
    # it waits for a lock that it holds itself.
    if stop is None or threading.current_thread() is threading.main_thread():
        time.sleep(min(seconds, _GLANCE))
    else:
        stop.wait(seconds)


class Patience:
    """The waits of all threads; `label` says for which request. Each ends with `StoppedError` when `stop` is set.

    `clock` gives seconds, `sleep` waits for so many or fewer.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float, threading.Event | None], None] = _sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._ended = threading.Event()

    def end(self) -> None:
        """Break off all waits, and all that would begin."""
        self._ended.set()

    def go_on(self, label: str, stop: threading.Event | None) -> None:
        """Return if there is no reason to stop."""
        if self._ended.is_set() or (stop is not None and stop.is_set()):
            message = f"{label}: stopped before a response arrived"
            raise StoppedError(message, label=label)

    def rest(self, seconds: float, label: str, stop: threading.Event | None) -> float:
        """Wait for so long; returns how long it was."""
        begin = self.clock()
        while (left := begin + seconds - self.clock()) > 0:
            self.sleep(min(left, LOOK_UP), stop)
            self.go_on(label, stop)
        return self.clock() - begin

    def apart(self, call: Callable[[], T], label: str, stop: threading.Event | None) -> T:
        """What a call returns that lasts as long as a socket is silent; the main thread leaves it behind to stop.

        Other threads make such calls themselves: the process does not wait for them.
        """
        if threading.current_thread() is not threading.main_thread():
            return call()
        errand = _Errand(call)
        try:
            threading.Thread(target=errand.run, name="errand", daemon=True).start()
        except RuntimeError:  # no more threads: a stop has to wait for the response
            return call()
        while not errand.done.wait(_GLANCE):
            self.go_on(label, stop)
        return errand.result()

    def held(
        self, lock: Lock | threading.Semaphore, label: str, stop: threading.Event | None
    ) -> AbstractContextManager[None]:
        """Hold a lock, or a slot of a semaphore."""
        return held(lock, lambda: self.go_on(label, stop))


@contextmanager
def held(lock: Lock | threading.Semaphore, look_up: Callable[[], None]) -> Iterator[None]:
    """Hold a lock that another thread may hold as long as a request takes; ``look_up`` may raise, to wait no longer."""
    while not lock.acquire(timeout=_GLANCE):
        look_up()
    try:
        yield
    finally:
        lock.release()


class _Errand(Generic[T]):
    """A call that another thread makes."""

    def __init__(self, call: Callable[[], T]) -> None:
        self.done = threading.Event()
        self._call = call
        self._returned: list[T] = []
        self._raised: BaseException | None = None

    def run(self) -> None:
        try:
            self._returned.append(self._call())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
            self._raised = error
        finally:
            self.done.set()

    def result(self) -> T:
        if self._raised is not None:
            raise self._raised
        return self._returned[0]
