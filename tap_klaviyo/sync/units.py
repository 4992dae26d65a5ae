"""Durations and sizes as a person says them."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB")


def duration(seconds: float) -> str:
    """Write a duration as a person says it."""
    if seconds < 90:  # noqa: PLR2004 - up to there seconds say more
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"  # noqa: PLR2004 - likewise


def size(count: float) -> str:
    """Write a number of bytes."""
    for unit in _UNITS[:-1]:
        if count < 1000:  # noqa: PLR2004 - a thousand
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {_UNITS[-1]}"
