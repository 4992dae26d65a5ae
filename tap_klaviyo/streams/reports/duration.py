"""How long a report's requests take, said beforehand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_klaviyo.contract import Limits


def duration(requests: int, limits: Limits, share: float) -> str:
    """Say how many requests there are, and how long the limits make them take; ``share`` of these may be used."""
    counted = f"{requests} request{'' if requests == 1 else 's'}"
    steady = max(1, math.floor(limits.steady * share))
    allowed = f"{steady} per minute"
    if limits.daily is not None:
        daily = max(1, math.floor(limits.daily * share))
        allowed += f", {daily} per day"
        if requests > daily:
            more = math.ceil(requests / daily) - 1
            when = "tomorrow" if more == 1 else f"on each of the next {more} days"
            return f"{counted} exceed the daily quota ({allowed}): reading the oldest first; run again {when}"
    minutes = math.ceil(requests / steady) - 1
    about = f"about {minutes} minute{'' if minutes == 1 else 's'}" if minutes else "within a minute"
    return f"{counted}, {about} ({allowed})"
