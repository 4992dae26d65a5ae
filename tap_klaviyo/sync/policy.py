"""How a stream is read incrementally: what its declaration and the settings say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

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
