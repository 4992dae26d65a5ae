"""Klaviyo's clock, since the host's may be off by minutes."""

from __future__ import annotations

import math
import re
import threading
import time
from datetime import MAXYEAR, UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Two clocks further apart than this disagree: more than the seconds that Date rounds to, and a slow response.
_APART = 5.0
_AGE = re.compile(r"\s*(\d{1,9})\s*$")


def _host_time() -> float:
    return datetime.now(UTC).timestamp()


class ServerClock:
    """The server's time: its last `Date` headers and the monotonic clock; the host's time until the first one.

    It is never ahead of the server, since each `Date` is taken for the time at which the response came, and behind it
    by the shortest way that a response had and less than a second. `monotonic` and `host` give seconds. Thread-safe.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, host: Callable[[], float] = _host_time) -> None:
        self._monotonic = monotonic
        self._host = host
        self._lock = threading.Lock()
        self._offset: float | None = None
        self._suspect = math.nan

    @property
    def known(self) -> bool:
        """Whether a response has said the server's time."""
        return self._offset is not None

    def now(self) -> datetime:
        """The time in UTC."""
        with self._lock:
            seconds = self._host() if self._offset is None else self._offset + self._monotonic()
        return datetime.fromtimestamp(seconds, UTC)

    def note(self, headers: Mapping[str, str]) -> None:
        """Take over the time of a response that has just come."""
        date = _date(headers)
        if date is None:
            return
        with self._lock:
            offset = date - self._monotonic()
            if self._offset is None:
                self._offset = offset
            elif abs(offset - self._offset) <= _APART:
                self._offset = max(offset, self._offset)
                self._suspect = math.nan
            elif abs(offset - self._suspect) <= _APART:
                # A second response says the same: the host slept, or the first Date was the wrong one.
                self._offset, self._suspect = offset, math.nan
            else:
                self._suspect = offset


def _date(headers: Mapping[str, str]) -> float | None:
    """Seconds since 1970 from `Date`, and `Age` where a cache sent the response."""
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
        age = _AGE.match(headers.get("Age", ""))
        date += timedelta(seconds=int(age[1]) if age else 0)
        # The last year there is would leave no room for the seconds that follow.
        if date.year >= MAXYEAR:
            return None
        return (date.replace(tzinfo=UTC) if date.tzinfo is None else date).timestamp()
    except (ValueError, OverflowError):  # no date, and one with a year of twenty digits
        return None
