"""What of many requests for one thing each may fail without an end of the whole."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tap_klaviyo.http.errors import (
    KlaviyoError,
    QuotaExhaustedError,
    RevisionGoneError,
    StoppedError,
    TokenFileBusyError,
    UnauthorizedError,
    UnreachableError,
)
from tap_klaviyo.http.network_errors import UNFINISHED

# Each costs all its retries: when so many in a row fail, it is Klaviyo or the key, and not the one thing.
_MOST_IN_A_ROW = 5
_OF_ALL = (QuotaExhaustedError, RevisionGoneError, StoppedError, TokenFileBusyError, UnauthorizedError)


@dataclass(slots=True)
class Misses:
    """Counts failures in a row; shared by all requests of one kind in one stream."""

    in_a_row: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def passes_over(self, error: KlaviyoError) -> bool:
        """Note a failure; tell whether to go on with the others."""
        if isinstance(error, _OF_ALL) or _away(error):
            return False
        with self.lock:
            self.in_a_row += 1
            return self.in_a_row <= _MOST_IN_A_ROW

    def hit(self) -> None:
        """Note what went well."""
        self.in_a_row = 0


def _away(error: KlaviyoError) -> bool:
    """Whether nobody was reached, so that others would not be either."""
    return isinstance(error, UnreachableError) and error.status is None and error.reason not in UNFINISHED
