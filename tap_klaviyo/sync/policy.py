"""How a stream is read incrementally: what its declaration and the settings say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tap_klaviyo.config.masks import entries_of
from tap_klaviyo.config.stream_options import EVERY, FULL_TABLE

if TYPE_CHECKING:
    from tap_klaviyo.config.masks import Options

_MOST_DAYS = 3650
# A list that nobody joined for so long is asked by sweeps alone.
ACTIVE = timedelta(days=7)


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
    sweep_every: timedelta | None = None
    """How often what changes without its date is looked for; None if nothing does."""
    sweeps_whole: bool = True
    """Whether a sweep reads from the beginning, and not only what no bound brings."""
    by_parent: bool = False
    active_for: timedelta | None = None
    """Parents that got rows within so long are asked in every run, whether they changed or not."""
    keyed: bool = True
    """Whether there is a replication key."""
    versioned: bool = False
    """Whether a read of everything makes a new version of the table."""
    full_every: timedelta | None = None
    """How often a run reads everything beside the incremental ones; None if none does unless it is told to."""


def with_full_reads(policy: Policy, options: Options, stream: str, *, filtered: bool) -> Policy:
    """Return how a stream is read, with the full reads that its options want, or those of every stream.

    Args:
        policy: How it is read otherwise.
        options: The setting `stream_options`.
        stream: The stream's name; what its own options say wins over those of every stream.
        filtered: Whether a filter leaves rows out.

    Raises:
        SettingsError: The stream's own options want what cannot be, or say no number of days.
    """
    bound = _bound(policy, filtered=filtered)
    every = None
    for entry in entries_of(options, stream):
        days = entry.whole(FULL_TABLE, 1, _MOST_DAYS)
        if days is None:
            continue
        if entry.name != EVERY and not policy.keyed:
            entry.fail(
                f"{FULL_TABLE} is for incremental streams, and this one is read whole anyway; "
                "emit_activate_version_messages drops what is gone from it"
            )
        if entry.name != EVERY and bound is not None:
            entry.fail(f"{FULL_TABLE} cannot tell what is gone from what {bound} leaves out")
        every = timedelta(days=days) if policy.keyed and bound is None else None
    return replace(policy, full_every=every)


def _bound(policy: Policy, *, filtered: bool) -> str | None:
    """Return what leaves rows out of a full read, if anything does."""
    if policy.start is not None:
        return "start_date"
    if policy.end is not None:
        return "end_date"
    if policy.retention is not None:
        return "the retention of the endpoint"
    return "the filter" if filtered else None
