"""Time that passes faster than it does, for tap and Klaviyo alike."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.streams.syncing import TODAY

if TYPE_CHECKING:
    from datetime import datetime

_GLANCE = 0.25  # seconds, real ones, until a sleeping main thread sees a signal


class Hurry:
    """A clock that began at the shop's last day and runs `speed` times as fast as others."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._begin = time.monotonic()

    @property
    def passed(self) -> float:
        """Seconds since it began."""
        return (time.monotonic() - self._begin) * self.speed

    def now(self) -> datetime:
        return TODAY + timedelta(seconds=self.passed)

    def sleep(self, seconds: float, stop: threading.Event | None) -> None:
        real = seconds / self.speed
        if stop is None or threading.current_thread() is threading.main_thread():
            time.sleep(min(real, _GLANCE))
        else:
            stop.wait(real)
