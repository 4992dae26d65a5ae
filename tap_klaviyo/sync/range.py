"""Which range of the replication key a sync reads, and how far the bookmark may follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tap_klaviyo.contract.timestamps import floor_second

# Klaviyo refuses bounds within a few seconds of now, and a row of this second may not be readable yet.
LAG = timedelta(seconds=10)
# Some senders write the year 1 where they know no date, and no clock goes back a week from there.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Policy:
    """How one stream is read incrementally."""

    start: datetime | None = None
    """Nothing before this is read; None for dimensions, which are read whole first."""
    end: datetime | None = None
    open_first: bool = False
    """A first read without bounds asks for all there is: no filter brings a row without a replication value."""
    future_dated: bool = False
    """Rows may be dated in the future; they are written, and do not move the bookmark."""
    lookback: timedelta | None = None
    lookback_every: timedelta = timedelta(hours=24)
    retention: timedelta | None = None
    """How far back the endpoint reaches at all."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a sync reads: ``lower`` inclusive (None: from the beginning), ``upper`` exclusive (None: open end)."""

    lower: datetime | None
    upper: datetime | None
    until: datetime
    """The bookmark never passes this."""
    moves_bookmark: bool = True
    full: bool = False
    """Whether an incremental stream is read whole, as the catalog's FULL_TABLE says."""
    lookback_at: datetime | None = None
    """What the state remembers as the last lookback once this read is complete; None where it is none."""
    keeps_lookback: bool = True
    """False if there are no lookbacks: the day they are switched on again does not look back to the last one."""
    from_the_future: bool = False
    """The bookmark of the state lay in the future and was brought back."""
    after_parent: str | None = None
    """The last parent that an earlier run of the same fan-out finished."""

    def holds(self, instant: datetime) -> bool:
        """Tell whether a row of this instant belongs to the range."""
        return (self.lower is None or instant >= self.lower) and (self.upper is None or instant < self.upper)

    @property
    def empty(self) -> bool:
        """Whether nothing can lie in the range; Klaviyo refuses to be asked for such a one."""
        if self.lower is None:
            return False
        return self.lower > self.until if self.upper is None else self.lower >= self.upper


def plan(bookmark: datetime | None, lookback_at: datetime | None, policy: Policy, now: datetime) -> Range:
    """Work out the range of one sync; bounds are whole seconds, the grain of Klaviyo's filters.

    With both ``start`` and ``end``, and a bookmark that is past them, the run re-reads that range and leaves the
    bookmark where it is.
    """
    latest = floor_second(now) - LAG
    end = max(floor_second(policy.end), EARLIEST) if policy.end else None
    until = min(latest, end) if end else latest
    start = floor_second(policy.start) if policy.start else None
    past_end = bookmark is not None and end is not None and bookmark >= end
    if past_end and start is not None:
        return Range(_latest_of(start, _retained(policy, latest), EARLIEST), until, until, moves_bookmark=False)
    looks_back = policy.lookback is not None and not past_end and _due(lookback_at, policy.lookback_every, now)
    lower = floor_second(min(bookmark, latest)) if bookmark is not None else None
    if looks_back and lower is not None and policy.lookback is not None:
        # From the last lookback: a row may have arrived right after it, and be late by all that is allowed.
        lower = max(min(lower, floor_second(lookback_at or lower)), EARLIEST) - policy.lookback
    lower = _latest_of(lower, start, _retained(policy, latest))
    lower = None if lower is None else max(lower, EARLIEST)
    open_end = end is None and (policy.future_dated or (policy.open_first and lower is None))
    return Range(
        lower,
        None if open_end else until,
        until,
        lookback_at=latest if looks_back else None,
        keeps_lookback=policy.lookback is not None,
        from_the_future=bookmark is not None and bookmark > now,
    )


def full(found: Range, policy: Policy) -> Range:
    """Return the range for a read of everything, which leaves the bookmark alone; only `end_date` bounds it."""
    upper = found.until if policy.end else None
    return Range(found.lower, upper, found.until, moves_bookmark=False, full=True, keeps_lookback=found.keeps_lookback)


def resumed(found: Range, until: datetime | None, after_parent: str | None) -> Range:
    """Return the range of a fan-out's first run for the run that goes on with it, or ``found`` if that is over."""
    if until is None or after_parent is None or not found.moves_bookmark:
        return found
    until = min(until, found.until)
    if found.lower is not None and found.lower >= until:
        return found  # what the first run read is no longer there to be read
    upper = None if found.upper is None else until
    return replace(found, upper=upper, until=until, after_parent=after_parent)


def _due(lookback_at: datetime | None, every: timedelta, now: datetime) -> bool:
    return lookback_at is None or lookback_at > now or now - lookback_at >= every


def _retained(policy: Policy, latest: datetime) -> datetime | None:
    return latest - policy.retention if policy.retention else None


def _latest_of(*instants: datetime | None) -> datetime | None:
    present = [instant for instant in instants if instant is not None]
    return max(present) if present else None
