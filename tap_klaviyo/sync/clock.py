"""When a sync began, by Klaviyo's clock: the host's may be off by a minute."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_klaviyo.http import Http

# Klaviyo says whole seconds, a response takes its time, and the bounds of requests keep ten seconds from now.
_TOLERATED = timedelta(seconds=5)

logger = logging.getLogger("tap-klaviyo")


class Clock:
    """The one instant that a sync counts as its beginning: what ranges end at, and bookmarks do not pass.

    It is the host's until a response has said Klaviyo's, which costs no request of its own: whatever was worked out
    from the host's is worked out anew if that was wrong. Thread-safe.

    Args:
        began: The host's time at the beginning.
        monotonic: Seconds that pass alike whatever the host's clock says.
    """

    def __init__(self, began: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.began = began
        self._monotonic = monotonic
        self._at = monotonic()
        self._settled = False
        self._lock = threading.Lock()

    def settle(self, http: Http) -> None:
        """Take over Klaviyo's time, once a response has said it, if the host's is another."""
        with self._lock:
            if self._settled or not http.knows_server_time:
                return
            self._settled = True
            began = http.server_now() - timedelta(seconds=self._monotonic() - self._at)
            ahead = self.began - began
            if abs(ahead) <= _TOLERATED:
                return
            self.began = began
        direction = "ahead of" if ahead > timedelta(0) else "behind"
        seconds = abs(ahead).total_seconds()
        logger.warning("the host's clock is %.0f s %s Klaviyo's, whose time is used; set the clock", seconds, direction)
