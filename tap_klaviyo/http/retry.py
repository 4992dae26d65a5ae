"""How often and after what wait a request is tried again; every path through here ends."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import TYPE_CHECKING

import backoff

from tap_klaviyo.http.errors import FailedTryError, KlaviyoError, QuotaExhaustedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_klaviyo.http.counters import Tally

logger = logging.getLogger(__name__)

LONGEST_WAIT = 600.0  # seconds a request waits as told, in all; longer is a quota that ends the stream
_SHORTEST_TOLD = 1.0  # so that a server that says "after 0 seconds" for ever is left in the end
_TOO_MANY = 429
_LONG = 15.0
_MOST_WORDS = 10_000  # bytes; an error is shorter
_WORDS = re.compile(rb"\bavailable in (\d{1,9}(?:\.\d{1,9})?) ?(second|minute|hour|day)", re.IGNORECASE)
_UNITS = {b"second": 1, b"minute": 60, b"hour": 3600, b"day": 86_400}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Retries of a request: how many, and the first and the longest wait in milliseconds."""

    retry: int = 12
    multiplier_ms: int = 100
    max_ms: int = 60_000

    def waits(self) -> Iterator[float]:
        """As many waits as there are retries, in seconds: doubled each time, each a random part of its full length."""
        full = backoff.expo(factor=self.multiplier_ms / 1000, max_value=self.max_ms / 1000)
        next(full)  # the library's generators begin with an empty step
        return (backoff.full_jitter(wait) for wait in islice(full, self.retry))


class Tries:
    """The tries of one request: `failed` waits for the next one, or raises when there is none.

    `rest` sleeps; `pause` holds back all threads for a wait as told, this one at its next turn. None: it sleeps too.
    `now` is the server's time, in which a quota reopens.
    """

    def __init__(  # noqa: PLR0913 - what it takes to wait, and to say so
        self,
        policy: RetryPolicy,
        *,
        label: str,
        host: str,
        tally: Tally,
        pause: Callable[[float], object] | None,
        rest: Callable[[float], object],
        now: Callable[[], datetime],
    ) -> None:
        self._policy = policy
        self._waits = policy.waits()
        self._label = label
        self._host = host
        self._tally = tally
        self._pause = pause
        self._rest = rest
        self._now = now
        self._told = 0.0
        self._failed = 0

    def failed(self, failure: FailedTryError) -> None:
        """Wait after a failed try; raises `UnreachableError` after the last, `QuotaExhaustedError` if told too long."""
        throttled = failure.status == _TOO_MANY
        self._tally.add(throttled=int(throttled))
        if throttled and failure.retry_after is not None:
            self._wait_as_told(max(failure.retry_after, _SHORTEST_TOLD))
            return
        self._failed += 1
        wait = next(self._waits, None)
        if wait is None:
            raise self._unreachable(failure)
        self._tally.add(retries=1)
        level = logging.WARNING if self._failed == 1 else logging.DEBUG
        logger.log(level, "%s: %s; retrying, up to %d times", self._label, failure.reason, self._policy.retry)
        if failure.retry_after is not None:
            wait = max(wait, min(failure.retry_after, self._policy.max_ms / 1000))
        self._rest(wait)

    def _wait_as_told(self, seconds: float) -> None:
        if self._pause is not None:
            self._pause(seconds)
        self._told += seconds
        # A short wait is everyday life near a limit; after a long silence people look for the reason.
        level = logging.INFO if seconds >= _LONG else logging.DEBUG
        logger.log(level, "%s: rate limit reached; Klaviyo asks to wait %.0f s", self._label, seconds)
        if self._told > LONGEST_WAIT:
            raise quota_exhausted(self._label, seconds, self._now())
        if self._pause is None:
            self._rest(seconds)

    def _unreachable(self, failure: FailedTryError) -> KlaviyoError:
        tries = "1 try" if self._failed == 1 else f"{self._failed} tries"
        message = (
            f"no usable response from {self._host} to {self._label} in {tries}: {failure.reason}; {failure.advice}"
        )
        return UnreachableError(message, label=self._label, status=failure.status, reason=failure.reason)


def quota_exhausted(label: str, seconds: float, now: datetime) -> QuotaExhaustedError:
    """The error for a quota that reopens in so many seconds from now."""
    # A server may say any number; a century is "not today" as well.
    reopens_at = now + timedelta(seconds=min(seconds, 3e9))
    message = f"Klaviyo's quota for {label} is used up until {reopens_at:%Y-%m-%d %H:%M:%S} UTC; run again after that"
    return QuotaExhaustedError(message, label=label, reopens_at=reopens_at)


def told_in_words(body: bytes) -> float | None:
    """Seconds to wait from the words of a 429, such as "Expected available in 12 seconds."; None if there are none."""
    found = _WORDS.search(body[:_MOST_WORDS])
    return None if found is None else float(found[1]) * _UNITS[found[2].lower()]


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a Retry-After header that holds seconds or an HTTP date; None for anything else."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # no date, and one with a year of twenty digits
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())
