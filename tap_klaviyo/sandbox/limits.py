"""Klaviyo's rate limits: two fixed windows per endpoint and account, for reports a day's quota too."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_klaviyo.sandbox.operation import Operation

_SECOND, _MINUTE, _DAY = 1, 60, 86_400


@dataclass
class _Window:
    length: int
    limit: int
    started: float = -math.inf
    used: int = 0

    def roll(self, now: float) -> None:
        if now >= self.started + self.length:
            # windows are laid end to end from the clock's zero, whenever the first request comes
            self.started = now // self.length * self.length
            self.used = 0

    def opens_in(self, now: float) -> float:
        return self.started + self.length - now


class Limiter:
    """Counts requests and refuses those over the limit; ``factor`` multiplies what the document allows.

    ``clock`` gives seconds. Thread-safe.
    """

    def __init__(self, factor: float = 1.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.factor = factor
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str, str], list[_Window]] = {}

    def admit(self, operation: Operation, parameters: Mapping[str, str], *, burst: bool = False) -> dict[str, str]:
        """Count one request and return its ``RateLimit-*`` headers; raise a 429 with ``Retry-After`` if over.

        ``burst``: the headers are in lower case, and speak of the window of a second with a reset of 0.
        """
        with self._lock:
            now = self._clock()
            windows = self._of(operation, parameters)
            for window in windows:
                window.roll(now)
            full = [window for window in windows if window.used >= window.limit]
            if full:
                # a 429 says when to come back and nothing else
                wait = max(1, math.ceil(max(window.opens_in(now) for window in full)))
                detail = f"Request was throttled. Expected available in {wait} seconds."
                raise RefusedError(
                    429, "throttled", detail, headers={"retry-after" if burst else "Retry-After": str(wait)}
                )
            for window in windows:
                window.used += 1
            return _burst_headers(windows) if burst else _headers(windows, now)

    def _of(self, operation: Operation, parameters: Mapping[str, str]) -> list[_Window]:
        condition, burst, steady = "", operation.burst, operation.steady
        for parameter, value, lower_burst, lower_steady in operation.conditional_limits:
            if value in parameters.get(parameter, "").split(","):
                condition, burst, steady = value, lower_burst, lower_steady
        key = (operation.method, operation.path, condition)
        if key not in self._windows:
            lengths = [(_SECOND, burst), (_MINUTE, steady)]
            if operation.daily is not None:
                lengths.append((_DAY, operation.daily))
            self._windows[key] = [_Window(length, max(1, int(limit * self.factor))) for length, limit in lengths]
        return self._windows[key]


def _headers(windows: list[_Window], now: float) -> dict[str, str]:
    burst, steady = windows[:2]
    # the steady window, or the one of a second where that is used up first
    told = burst if burst.used >= burst.limit and steady.used < steady.limit else steady
    return {
        "RateLimit-Limit": _limits(told, windows),
        "RateLimit-Remaining": str(told.limit - told.used),
        "RateLimit-Reset": str(math.ceil(told.opens_in(now))),
    }


def _burst_headers(windows: list[_Window]) -> dict[str, str]:
    burst = windows[0]
    return {
        "ratelimit-limit": _limits(burst, windows),
        "ratelimit-remaining": str(burst.limit - burst.used),
        "ratelimit-reset": "0",
    }


def _limits(told: _Window, windows: list[_Window]) -> str:
    return ", ".join([str(told.limit), *(f"{window.limit};w={window.length}" for window in windows)])
