"""Locks that are held as long as a request takes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from tap_klaviyo.http.errors import StoppedError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

_GLANCE_SECONDS = 0.1  # a thread that waits looks this often whether the sync is to end


class Lock(Protocol):
    """A lock of `threading`, of either kind."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as in `threading`
        """Take it."""

    def release(self) -> None:
        """Let it go."""


@contextmanager
def held(lock: Lock, stop: threading.Event) -> Iterator[None]:
    """Hold a lock, behind another thread's request if need be.

    Raises:
        StoppedError: The sync is to end: the request that holds the lock may never do so.
    """
    while not lock.acquire(timeout=_GLANCE_SECONDS):
        if stop.is_set():
            message = "stopped before the response to another request arrived"
            raise StoppedError(message)
    try:
        yield
    finally:
        lock.release()
