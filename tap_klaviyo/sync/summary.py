"""The end of a run, for a person: a table, what went wrong once more, and the verdict in the last line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.sync.outcome import Outcome, Status
from tap_klaviyo.sync.units import duration, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    of: Callable[[Outcome], str]
    left: bool = False


_ALWAYS = (
    _Column("stream", lambda one: one.stream, left=True),
    _Column("status", lambda one: one.status, left=True),
    _Column("records", lambda one: f"{one.records:,}"),
)
# The first of these that no longer fits, and all after it, stay away from a narrow terminal.
_WHERE_ROOM_IS = (
    _Column("requests", lambda one: f"{one.requests:,}"),
    _Column("took", lambda one: duration(one.took)),
    _Column("bookmark", lambda one: _minute(one.bookmark), left=True),
    _Column("waited", lambda one: duration(one.waited)),
    _Column("received", lambda one: size(one.received)),
    _Column("retries", lambda one: f"{one.retries:,}"),
)


def summary(outcomes: Sequence[Outcome], deselected: int, width: int, ending: str) -> Iterator[str]:
    """Yield the lines: the table within a width, the failures, and the verdict."""
    yield from table(outcomes, width)
    yield from (f"{one.stream}: {one.status}: {one.reason}" for one in outcomes if one.reason is not None)
    yield verdict(outcomes, deselected, ending)


def table(outcomes: Sequence[Outcome], width: int) -> Iterator[str]:
    """Yield a title and a line per stream, of as many columns as the width takes."""
    used, columns = -2, list[list[str]]()
    for column in (*_ALWAYS, *_WHERE_ROOM_IS):
        cells = [column.title, *map(column.of, outcomes)]
        longest = max(map(len, cells))
        used += longest + 2
        if used > width and column not in _ALWAYS:
            break
        columns.append([cell.ljust(longest) if column.left else cell.rjust(longest) for cell in cells])
    for line in zip(*columns, strict=True):
        yield "  ".join(line).rstrip()


def verdict(outcomes: Sequence[Outcome], deselected: int, ending: str) -> str:
    """Return the last line: how many streams ended how, and those that did not end well by name."""
    parts = []
    counts = Counter(one.status for one in outcomes)
    for status in Status:
        if counts[status]:
            named = [_named(one) for one in outcomes if one.status is status and status in _NAMED]
            parts.append(f"{counts[status]} {status}" + (f" ({', '.join(named)})" if named else ""))
    totals = f"{sum(one.records for one in outcomes):,} records, {sum(one.requests for one in outcomes):,} requests"
    left_out = f", {deselected} not selected" if deselected else ""
    return f"{_count(len(outcomes))}: {', '.join(parts) or 'none'}{left_out}; {totals}; {ending}"


_NAMED = (Status.SKIPPED, Status.INCOMPLETE, Status.FAILED)


def _named(one: Outcome) -> str:
    return f"{one.stream}: {one.brief}" if one.brief else one.stream


def _count(streams: int) -> str:
    return "1 stream" if streams == 1 else f"{streams} streams"


def _minute(bookmark: str | None) -> str:
    """Return a date-time to the minute, and anything else as it is, up to its length."""
    return (bookmark or "")[:16].replace("T", " ")
