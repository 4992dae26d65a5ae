"""Versions of a table: what its rows carry, and when a new one may replace all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_klaviyo.sync.range import Range
    from tap_klaviyo.sync.saved import Saved
    from tap_klaviyo.sync.stream_sync import StreamSync


def version_of(reading: Range, saved: Saved, new: int, *, keyed: bool) -> int | None:
    """Return what the rows of a sync carry; None for a table that was never read in full and has no replication key.

    A table that may be read in full some day carries a version from its first row on: targets drop what is of an
    older version, and leave alone what has none.
    """
    if reading.full:
        # Higher than the table's, whatever the clock says: targets drop what is older.
        return reading.version or max(new, (saved.table_version or 0) + 1)
    return saved.table_version or (new if keyed else None)


def replaced_by(sync: StreamSync, *, filtered: bool) -> int | None:
    """Return the version whose rows are all there is, once the read is complete; None if others may be there too."""
    complete = sync.range.full and sync.range.whole and not filtered and not sync.gaps
    return sync.record_format.version if complete else None
