"""Date-times as Klaviyo writes them, as the tap writes them, and as filters want them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_SECOND = timedelta(seconds=1)

_CANONICAL_LENGTH = len("2022-11-08T01:23:45+00:00")
# Klaviyo also responds with a space in place of the T, with no zone, and with one to six fractional digits.
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s?(?:Z|[+-]\d\d:?\d\d)?)?\Z", re.ASCII)


def parse_instant(text: str) -> datetime:
    """Parse a date-time of any shape that Klaviyo uses, as UTC; without a zone it is meant so.

    Raises:
        ValueError: The text is no date-time.
    """
    parsed = parse_written(text)
    try:
        return parsed.astimezone(UTC)
    except OverflowError:  # within a zone's width of year 1 or 9999
        msg = "a date-time that is out of range"
        raise ValueError(msg) from None


def parse_written(text: str) -> datetime:
    """Parse a date-time as it is written, with its own offset: its date is the one that somebody chose.

    Raises:
        ValueError: The text is no date-time.
    """
    if not _DATE_TIME.match(text):
        msg = "not a date-time"
        raise ValueError(msg)
    parsed = datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-").replace(" Z", "Z"))
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def rfc3339(text: str) -> str:
    """Return the same instant as RFC 3339 text with a ``T`` and a zone; text that is so already comes back as it is.

    Raises:
        ValueError: The text is no date-time.
    """
    # All marks are looked at: Python's parser also takes the week of a year, and a time without colons.
    if len(text) == _CANONICAL_LENGTH and text[4:17:3] == "--T::" and text.endswith("+00:00"):
        datetime.fromisoformat(text)
        return text
    return parse_instant(text).isoformat()


def floor_second(instant: datetime) -> datetime:
    """Cut an instant to its whole second, the grain of Klaviyo's filters."""
    return instant.replace(microsecond=0)


def ceil_second(instant: datetime) -> datetime:
    """Return the first whole second at or after an instant."""
    floored = floor_second(instant)
    return floored if floored == instant else floored + ONE_SECOND


def filter_literal(instant: datetime) -> str:
    """Write an instant as a filter wants it: UTC, whole seconds, ``Z`` (a raw ``+`` would decode to a space)."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
