"""Locks that are held as long as a request takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.http import waiting
from tap_klaviyo.http.errors import StoppedError

if TYPE_CHECKING:
    import threading
    from contextlib import AbstractContextManager


def held(lock: waiting.Lock, stop: threading.Event) -> AbstractContextManager[None]:
    """Hold a lock, behind another thread's request if need be.

    Raises:
        StoppedError: The sync is to end: the request that holds the lock may never do so.
    """

    def look_up() -> None:
        if stop.is_set():
            message = "stopped before the response to another request arrived"
            raise StoppedError(message)

    return waiting.held(lock, look_up)
