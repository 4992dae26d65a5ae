"""Klaviyo's rate limits, kept from this side: when may the next request to an endpoint go out?"""

from __future__ import annotations

import math
import re
import threading
import time
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_klaviyo.contract import Limits
    from tap_klaviyo.http.request import Request

SECOND, MINUTE, DAY = 1, 60, 86_400

# Klaviyo counts when a request arrives, we when it leaves. Two requests that left a whole window apart arrive closer
# together when the first was held up on its way (a new connection, a busy thread). The delay does not grow with the
# window, so every window gets what the shortest one needs: 5 % of a second, and 50 ms.
MARGIN = 0.1

# An account's limits may be lower than the contract's, and others may use them up. Until a response has stated them, no
# more goes out than this part, which is seldom refused; a whole burst that leaves before the first response often is.
OPENING = 1 / 20
# Whoever has used so much of a minute soon has to wait. Less would slow down what the latency bounds, not the limit.
_SCARCE = 0.9
_GLANCE = 0.05  # seconds until somebody who waits for that first response looks again

# RateLimit-Reset comes in whole seconds, so the beginning of the server's window is known to a second.
_ROUNDING = 1.0
_SOONEST = 0.001

_PAIR = re.compile(r"(?<![\d-])(\d{1,9})\s*;\s*w\s*=\s*(\d{1,9})(?!\d)")
_FIRST = re.compile(r"\s*(\d{1,9})\s*(?:,|$)")
_COUNT = re.compile(r"\s*(\d{1,9})\s*$")


class Limiter:
    """The limits of all endpoints, shared by all threads; `share` is the part of them that may be used.

    An endpoint's limits are sliding-window logs: Klaviyo's windows are fixed, and a bucket that refills lets nearly
    twice the limit into one of them, a log never more than the limit into any.
    """

    def __init__(self, share: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = share
        self._clock = clock
        self._quotas: dict[tuple[str, str, Limits], Quota] = {}
        self._lock = threading.Lock()

    def quota(self, request: Request) -> Quota:
        """The quota that the request counts against; an endpoint asked under other limits has another."""
        key = (request.endpoint.method, request.endpoint.path, request.limits)
        quota = self._quotas.get(key)
        if quota is None:
            with self._lock:
                quota = self._quotas.setdefault(key, Quota(request.limits, self._share, self._clock))
        return quota


class Quota:
    """One endpoint's windows and its pause. Times are seconds of the clock.

    `turn` is for whoever asks in a loop: one thread watches the clock, and the others wait behind it.
    """

    def __init__(self, limits: Limits, share: float, clock: Callable[[], float]) -> None:
        self.turn = threading.Lock()
        self._clock = clock
        self._lock = threading.Lock()
        self._paused_until = -math.inf
        self._stated = False
        self._windows = [_Window(SECOND, limits.burst, share), _Window(MINUTE, limits.steady, share)]
        if limits.daily is not None:
            self._windows.append(_Window(DAY, limits.daily, share))

    def take(self) -> float:
        """Count a request that leaves now and return 0, or return how many seconds none may leave."""
        with self._lock:
            now = self._clock()
            wait = self._wait(now)
            if wait == 0:
                for window in self._windows:
                    window.count(now)
            return wait

    def refused(self, headers: Mapping[str, str], sent_at: float) -> None:
        """Forget a request that got a 429: Klaviyo does not count it either. What it states holds."""
        with self._lock:
            for window in self._windows:
                window.forget(sent_at)
        if "RateLimit-Limit" in headers:
            self.learn(headers, sent_at)

    def wait(self) -> float:
        """How many seconds a request would have to wait now."""
        with self._lock:
            return self._wait(self._clock())

    def is_scarce(self) -> bool:
        """Whether a request would have to wait, or nearly all that a minute allows has left in the last one."""
        with self._lock:
            now = self._clock()
            return self._wait(now) > 0 or self._windows[1].is_used(now, _SCARCE)

    def pause(self, seconds: float) -> None:
        """Let nothing out for so long; a longer pause that is on stays."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def learn(self, headers: Mapping[str, str], sent_at: float) -> None:
        """Take over what a response says about the limits and what is left of them."""
        stated = headers.get("RateLimit-Limit")
        if stated is None:
            with self._lock:
                self._stated = True  # there is nothing more to wait for
            return
        limits = {int(period): int(limit) for limit, period in _PAIR.findall(stated) if int(limit)}
        first, left, reset = (
            _number(pattern, text)
            for pattern, text in (
                (_FIRST, stated),
                (_COUNT, headers.get("RateLimit-Remaining")),
                (_COUNT, headers.get("RateLimit-Reset")),
            )
        )
        with self._lock:
            self._stated = True
            for window in self._windows:
                window.correct(limits.get(window.period))
            if first is None or left is None or reset is None:
                return
            # The first number names the window that the other two headers speak of.
            nearer = next((one for one in self._windows if one.limit == first and one.period >= reset), None)
            if nearer is not None:
                nearer.notice(left, reset, sent_at)

    def _wait(self, now: float) -> float:
        pause = self._paused_until - now
        wait = max(pause, *(window.wait(now) for window in self._windows))
        if not self._stated and wait <= 0:
            wait = max(window.wait(now, OPENING) for window in self._windows[:2])
            wait = min(wait, _GLANCE)
        return max(wait, _SOONEST) if wait > 0 else 0.0


class _Window:
    """The times of the last requests, as many as the limit."""

    __slots__ = ("_foreign", "_foreign_until", "_log", "_noticed_at", "_share", "limit", "period")

    def __init__(self, period: int, limit: int, share: float) -> None:
        self.period = period
        self.limit = limit
        self._share = share
        self._log: deque[float] = deque()
        self._foreign = 0
        self._foreign_until = self._noticed_at = -math.inf

    def count(self, now: float) -> None:
        self._log.append(now)
        if len(self._log) > self.limit:  # one at most, so that a limit that falls and rises again forgets nothing
            self._log.popleft()

    def forget(self, moment: float) -> None:
        """Take back the latest request that left by then."""
        position = bisect_right(self._log, moment) - 1
        if position >= 0:
            del self._log[position]

    def is_used(self, now: float, part: float) -> bool:
        """Whether such a part of what is allowed has left within the last period."""
        allowed = self._allowed(part)
        return len(self._log) >= allowed and self._log[-allowed] > now - self.period

    def wait(self, now: float, part: float = 1.0) -> float:
        allowed = self._allowed(part)
        held = now < self._foreign_until
        if held:
            allowed = min(allowed, self.limit - self._foreign)
            if allowed <= 0:
                return self._foreign_until - now
        if len(self._log) < allowed:
            return 0.0
        wait = self._log[-allowed] + self.period + MARGIN - now
        return min(wait, self._foreign_until - now) if held else wait

    def _allowed(self, part: float) -> int:
        # Rounding must not take the last request from a share such as 0.7 of 10.
        return max(1, math.floor(self.limit * self._share * part + 1e-9))

    def correct(self, limit: int | None) -> None:
        """Take the server's limit, if it states one."""
        if limit is not None:
            self.limit = limit

    def notice(self, left: int, reset: int, sent_at: float) -> None:
        """Hold back what others have used of the server's window, until that window ends.

        Our own part is counted generously (from a second before the window may have begun, up to now), so that
        requests which are still on their way are not taken for somebody else's.
        """
        if sent_at < self._noticed_at:
            return
        begin = sent_at - (self.period - reset) - _ROUNDING - MARGIN
        ours = len(self._log) - bisect_right(self._log, begin)
        self._noticed_at = sent_at
        self._foreign = max(0, self.limit - left - ours)
        self._foreign_until = sent_at + reset + MARGIN


def _number(pattern: re.Pattern[str], text: str | None) -> int | None:
    match = pattern.match(text) if text is not None else None
    return int(match[1]) if match else None
