"""Date-times as whole microseconds since 1970, UTC: what rows are sorted and filtered by."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# what a filter may say: whole seconds, with a zone (Klaviyo's grain is one second)
_FILTER_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})")


def microseconds(moment: datetime) -> int:
    """Return the instant of an aware date-time."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(instant: int) -> datetime:
    """Return the UTC date-time of an instant."""
    return _EPOCH + timedelta(microseconds=instant)


def text_of(instant: int) -> str:
    """Return RFC 3339 as Klaviyo writes it: ``+00:00``, microseconds only where there are any."""
    return moment_of(instant).isoformat()


def instant_of(value: object) -> int | None:
    """Return the instant of a value in a row, None where it is not a date-time; no zone means UTC.

    An integer is an instant already.
    """
    if isinstance(value, int):
        return value
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def filter_instant(text: str) -> int | None:
    """Return the instant that a filter's bare value says, None where Klaviyo's grammar does not allow it."""
    if not _FILTER_INSTANT.fullmatch(text):
        return None
    try:
        return microseconds(datetime.fromisoformat(text))
    except ValueError:
        return None
