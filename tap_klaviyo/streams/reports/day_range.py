"""Which days one sync of a report reads, after what earlier runs left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.streams.reports.days import ONE_DAY, block_start, days_to_read, labelled
from tap_klaviyo.sync.range import Range

if TYPE_CHECKING:
    from datetime import date, datetime

    from tap_klaviyo.sync.saved import Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPolicy:
    """How a report is read incrementally: what its entry and the settings say."""

    start: date | None
    """The first day wanted."""
    end: date | None
    """The first day that is not wanted any more."""
    lookback: int
    """How many of the days read last are read again."""
    period: str
    most_days: int | None
    """How many days make up a block; None if each period is asked by itself."""
    keyed: bool
    """Whether there is a replication key: without one each sync asks for one time frame of Klaviyo's own."""
    full_table: bool
    """Whether all days are read again, and the bookmark left alone."""
    versioned: bool

    def block(self, day: date, earliest: date | None) -> date:
        """Return the beginning of the block that a day lies in, but nothing before the earliest day."""
        if self.most_days is None:
            return day
        begin = block_start(day, self.period, self.most_days)
        return begin if earliest is None else max(begin, earliest)


def day_range(saved: Saved, policy: DayPolicy, last: date, now: datetime) -> Range:
    """Return the days of a sync that begins now, each as midnight UTC; ``last`` is the last day that is over."""
    bookmark = saved.bookmark if policy.keyed and not policy.full_table else None
    read = min(bookmark.date(), last) if bookmark is not None else None
    days = days_to_read(last, read, start=policy.start, end=policy.end, lookback=policy.lookback)
    moves = days.moves_bookmark and not policy.full_table
    first, again = days.first, None
    if moves and read is not None and days.first <= read:
        # Days are read again; a run that was cut off in them is gone on with.
        again = saved.lookback.began if saved.lookback else labelled(last)
        first = max(first, saved.lookback.through.date() + ONE_DAY) if saved.lookback else first
    place = saved.full if policy.versioned else None
    if place and place.through:
        first = max(first, place.through.date() + ONE_DAY)
    if first <= days.last:  # otherwise there is nothing to read, and the bookmark stays
        first = policy.block(first, policy.start or (days.first if read is None else None))
    return Range(
        labelled(first),
        None,
        labelled(days.last),
        moves_bookmark=moves,
        full=policy.versioned,
        version=place.version if place else None,
        whole=not policy.keyed,
        lookback_at=again,
        from_the_future=bookmark is not None and bookmark > now,
    )
