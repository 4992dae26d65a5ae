"""Which range of the replication key a sync reads, and how far the bookmark may follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tap_klaviyo.contract.timestamps import floor_second

if TYPE_CHECKING:
    from tap_klaviyo.records.page import ChainPlace
    from tap_klaviyo.sync.policy import Policy
    from tap_klaviyo.sync.saved import FanOutPlace, Saved

# Klaviyo refuses bounds within a few seconds of now, and a row of this second may not be readable yet.
LAG = timedelta(seconds=10)
# Some senders write the year 1 where they know no date, and no clock goes back a week from there.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
# What is due once a day is due for a run that begins a little earlier than yesterday's: half an hour of 24.
_SLACK = 48
# A change may show a little after the date that it carries.
_LATE_CHANGE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Range:
    """What a sync reads: ``lower`` inclusive (None: from the beginning), ``upper`` exclusive (None: open end)."""

    lower: datetime | None
    upper: datetime | None
    until: datetime
    """The bookmark never passes this."""
    moves_bookmark: bool = True
    full: bool = False
    """Whether everything is read, into a new version of the table."""
    version: int | None = None
    """The version of a full read that an earlier run began."""
    whole: bool = True
    """Whether a full read leaves nothing out, so that its version may replace all others."""
    full_at: datetime | None = None
    """What the state remembers as the last full read: once this one is complete, or from the first read's begin on."""
    lookback_at: datetime | None = None
    """What the state remembers as the last lookback once this read is complete; None where it is none."""
    keeps_lookback: bool = True
    """False if there are no lookbacks: the day they are switched on again does not look back to the last one."""
    swept_at: datetime | None = None
    """What the state remembers as the last sweep once this read is complete; None where it is none."""
    last_sweep: datetime | None = None
    since: datetime | None = None
    """Between two sweeps: what did not change since is not asked for; None if everything is asked."""
    quiet_lower: datetime | None = None
    """The lower bound for parents that are not among the active ones: they were asked last by a sweep."""
    active: frozenset[str] = frozenset()
    active_since: datetime | None = None
    """Parents with rows since then count as active; None if that makes no difference."""
    from_the_future: bool = False
    """The bookmark of the state lay in the future and was brought back."""
    after_parent: str | None = None
    """The last parent that an earlier run of the same fan-out finished."""
    chain: ChainPlace | None = None
    """Where an earlier run came to in a chain behind it."""

    def holds(self, instant: datetime) -> bool:
        """Tell whether a row of this instant belongs to the range."""
        return (self.lower is None or instant >= self.lower) and (self.upper is None or instant < self.upper)

    @property
    def empty(self) -> bool:
        """Whether nothing can lie in the range; Klaviyo refuses to be asked for such a one."""
        if self.lower is None:
            return False
        return self.lower > self.until if self.upper is None else self.lower >= self.upper

    @property
    def sweeps(self) -> bool:
        """Whether nothing is left for a sweep to find."""
        return self.since is None


def decide(saved: Saved, policy: Policy, now: datetime) -> Range:
    """Work out the range of one sync, in full or not, from what earlier runs left."""
    if policy.keyed and (policy.versioned or full_is_due(saved, policy, now)):
        return full(saved, policy, now)
    if not policy.keyed:
        saved = replace(saved, bookmark=None)
    if policy.versioned:
        saved = replace(saved, fan_out=None)
    found = next_range(saved, policy, now)
    if not policy.versioned or not found.sweeps:
        return found
    place = saved.full
    return replace(
        found,
        full=True,
        version=place.version if place else None,
        whole=found.lower is None and policy.end is None,
        after_parent=place.after_parent if place and policy.by_parent else None,
        chain=place.chain if place else None,
    )


def next_range(saved: Saved, policy: Policy, now: datetime) -> Range:
    """Work out the range of one sync; bounds are whole seconds, the grain of Klaviyo's filters.

    With both ``start`` and ``end``, and a bookmark that is past them, the run re-reads that range and leaves the
    bookmark where it is. What an earlier run left unfinished is gone on with: a fan-out after its last parent, a
    lookback from where it came to.
    """
    bookmark = saved.bookmark
    latest = floor_second(now) - LAG
    end = max(floor_second(policy.end), EARLIEST) if policy.end else None
    until = min(latest, end) if end else latest
    start = floor_second(policy.start) if policy.start else None
    past_end = bookmark is not None and end is not None and bookmark >= end
    if past_end and start is not None:
        return Range(_latest_of(start, _retained(policy, latest), EARLIEST), until, until, moves_bookmark=False)
    place = saved.fan_out if policy.by_parent or (saved.fan_out and saved.fan_out.chain) else None
    looks_back = not past_end and _looks_back(saved, policy, place, now)
    sweeps = _sweeps(saved, policy, place, now) or (policy.active_for is not None and looks_back)
    lower = floor_second(min(bookmark, latest)) if bookmark is not None else None
    if policy.sweep_every is not None and policy.sweeps_whole and (sweeps or policy.by_parent):
        lower = None  # a parent that changed may have children that changed long before
    elif looks_back and lower is not None:
        lower = _looking_back(saved, policy, lower)
    quiet = None
    if policy.active_for is not None and lower is not None:
        quiet = _earliest_of(lower, saved.swept_at)
        lower = quiet if sweeps else lower
    lower = _latest_of(lower, start, _retained(policy, latest))
    lower = None if lower is None else max(lower, EARLIEST)
    open_end = end is None and (policy.future_dated or (policy.open_first and lower is None))
    swept = policy.sweep_every is not None and sweeps
    found = Range(
        lower,
        None if open_end else until,
        until,
        lookback_at=(saved.lookback.began if saved.lookback else latest) if looks_back else None,
        keeps_lookback=policy.lookback is not None,
        full_at=latest if policy.full_every and bookmark is None and saved.full_at is None else None,
        swept_at=latest if swept else None,
        since=None if sweeps or saved.read_at is None else floor_second(saved.read_at) - _LATE_CHANGE,
        last_sweep=saved.swept_at,
        quiet_lower=quiet,
        active=saved.active or frozenset(),
        active_since=latest - policy.active_for if policy.active_for else None,
        from_the_future=bookmark is not None and bookmark > now,
    )
    return found if place is None else _resumed(found, place)


def full(saved: Saved, policy: Policy, now: datetime) -> Range:
    """Return the range for a read of everything, which leaves the bookmark alone; only `end_date` bounds it."""
    latest = floor_second(now) - LAG
    until = min(latest, max(floor_second(policy.end), EARLIEST)) if policy.end else latest
    start = floor_second(policy.start) if policy.start else None
    lower = _latest_of(start, _retained(policy, latest))
    lower = None if lower is None else max(lower, EARLIEST)
    whole = lower is None and policy.end is None
    place = saved.full
    return Range(
        _latest_of(lower, floor_second(place.through) if place and place.through else None),
        until if policy.end else None,
        until,
        moves_bookmark=False,
        full=True,
        version=place.version if place else None,
        whole=whole,
        full_at=latest if policy.full_every else None,
        keeps_lookback=policy.lookback is not None,
        after_parent=place.after_parent if place and policy.by_parent else None,
        chain=place.chain if place else None,
    )


def full_is_due(saved: Saved, policy: Policy, now: datetime) -> bool:
    """Tell whether a run of an incremental stream reads everything: a full read is under way, or the last is long ago.

    A first read reads everything too, and counts as one from its beginning on, however many runs it takes.
    """
    if policy.full_every is None or (saved.bookmark is None and saved.full is None):
        return False
    return saved.full is not None or _due(saved.full_at, policy.full_every, now)


def _resumed(found: Range, place: FanOutPlace) -> Range:
    """Return the range of a read's first run for the run that goes on with it, or ``found`` if that is over."""
    until = min(place.until, found.until)
    if found.lower is not None and found.lower >= until:
        return found  # what the first run read is no longer there to be read
    return replace(
        found,
        upper=None if found.upper is None else until,
        until=until,
        after_parent=place.after_parent,
        chain=place.chain,
        lookback_at=until if found.lookback_at else None,
        swept_at=until if found.swept_at else None,
    )


def _looks_back(saved: Saved, policy: Policy, place: FanOutPlace | None, now: datetime) -> bool:
    if policy.lookback is None:
        return False
    if place is not None:
        return place.lookback
    return saved.lookback is not None or _due(saved.lookback_at, policy.lookback_every, now)


def _looking_back(saved: Saved, policy: Policy, bookmark: datetime) -> datetime:
    """Return where a lookback begins, or where an earlier run of it came to."""
    # From the last lookback: a row may have arrived right after it, and be late by all that is allowed.
    last = min(bookmark, floor_second(saved.lookback_at or bookmark))
    begin = max(last, EARLIEST) - (policy.lookback or timedelta())
    if saved.lookback is None or policy.by_parent:
        return begin
    return min(max(begin, floor_second(saved.lookback.through)), bookmark)


def _sweeps(saved: Saved, policy: Policy, place: FanOutPlace | None, now: datetime) -> bool:
    """Tell whether everything is asked; also where nothing says since when it could be what changed."""
    if policy.sweep_every is None or saved.read_at is None or saved.read_at > now:
        return True
    if policy.active_for is not None and saved.active is None:
        return True
    return place.sweep if place is not None else _due(saved.swept_at, policy.sweep_every, now)


def _due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is None or last > now or now - last >= every - every / _SLACK


def _retained(policy: Policy, latest: datetime) -> datetime | None:
    return latest - policy.retention if policy.retention else None


def _earliest_of(*instants: datetime | None) -> datetime | None:
    present = [floor_second(instant) for instant in instants if instant is not None]
    return min(present) if present else None


def _latest_of(*instants: datetime | None) -> datetime | None:
    present = [instant for instant in instants if instant is not None]
    return max(present) if present else None
