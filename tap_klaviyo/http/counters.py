"""What a stream's requests and their responses came to."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counters that any thread may add to and read.

    `requests` counts what was sent, retries included; `received` is bytes on the wire; `retries` and `throttled` count
    failed tries and 429 responses; `waited` is seconds that limits held requests back, however many stood in line.
    `odd` counts by column the values that were written as null because they did not match its type.
    """

    requests: int = 0
    received: int = 0
    retries: int = 0
    throttled: int = 0
    waited: float = 0.0
    odd: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(
        self, *, requests: int = 0, received: int = 0, retries: int = 0, throttled: int = 0, waited: float = 0.0
    ) -> None:
        """Add to the counters named."""
        with self._lock:
            self.requests += requests
            self.received += received
            self.retries += retries
            self.throttled += throttled
            self.waited += waited

    def add_odd(self, column: str) -> None:
        """Count a value that was written as null."""
        with self._lock:
            self.odd[column] += 1
