"""Seeing a sync work: a bar on a terminal, a line now and then in a log, a table at the end."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tqdm import tqdm

    from tap_klaviyo.http import Tally
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.sync.range import Range

_LINE_SECONDS = 30.0
_BAR_SECONDS = 0.2
_BAR_FORMAT = "{desc} {percentage:3.0f}%|{bar:20}| {postfix} [{elapsed}]"
_UNITS = ("B", "kB", "MB", "GB", "TB")

logger = logging.getLogger("tap-klaviyo.progress")
_table = logging.getLogger("tap-klaviyo")


@dataclass(slots=True)
class Progress:
    """How far the stream at hand is.

    The share is that of the time range, by the newest row written; a stream that is not read by time has none.
    """

    stream: str
    reading: Range
    tally: Tally
    terminal: bool = field(default_factory=sys.stderr.isatty)
    clock: Callable[[], float] = time.monotonic
    records: int = 0
    _pages: int = 0
    _begun: float = field(init=False)
    _shown: float = field(init=False)
    _lowest: datetime | None = field(init=False)
    _newest: datetime | None = None
    _bar: tqdm[Any] | None = None

    def __post_init__(self) -> None:
        self._begun = self._shown = self.clock()
        self._lowest = self.reading.lower

    def after(self, page: Page) -> None:
        """Take a page into account; show the state where it is time to."""
        self.records += page.count
        if page.count:
            self._pages += 1
            self._lowest = self._lowest or page.oldest
            self._newest = page.newest or self._newest
        now = self.clock()
        if now - self._shown >= (_BAR_SECONDS if self.terminal else _LINE_SECONDS):
            self._shown = now
            if self.terminal:
                self._draw()
            else:
                logger.info("%s: %s", self.stream, self.line())

    @property
    def share(self) -> float | None:
        """The part of the time range that is done, from 0 to 1."""
        if self._lowest is None or self._newest is None or self.reading.until <= self._lowest:
            return None
        done = (self._newest - self._lowest) / (self.reading.until - self._lowest)
        return min(max(done, 0.0), 1.0)

    def line(self) -> str:
        """The state in a line: share, records, pages a second, waits for the limits, and an estimate of the end."""
        seconds = self.clock() - self._begun
        share = self.share
        parts = [
            f"{self.records:,} records",
            f"{self._pages / seconds if seconds else 0:.1f} pages/s",
            f"waited {self.tally.waited:.0f} s for limits",
        ]
        if share:
            parts.insert(0, f"{share:.0%} of the time range")
            parts.append(f"about {duration(seconds * (1 - share) / share)} left")
        return ", ".join(parts)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self) -> None:
        bar = self._bar or self._new_bar()
        bar.n = self.share or 0.0
        bar.set_postfix_str(self.line(), refresh=True)
        self._bar = bar

    def _new_bar(self) -> tqdm[Any]:
        from tqdm import tqdm  # noqa: PLC0415 - a log and a discovery need no bar, and it takes time to import

        return tqdm(total=1.0, desc=self.stream, file=sys.stderr, leave=False, bar_format=_BAR_FORMAT)


class Board:
    """How far each stream of a sync is."""

    def __init__(self) -> None:
        self._streams: dict[str, Progress] = {}

    def begin(self, stream: str, reading: Range, tally: Tally) -> Progress:
        """Begin to show how far a stream is."""
        found = self._streams[stream] = Progress(stream, reading, tally)
        return found

    @property
    def records(self) -> int:
        """How many records the sync has written."""
        return sum(found.records for found in self._streams.values())

    def clear(self) -> None:
        """Forget everything, so that there is no table of zeros."""
        self._streams.clear()

    def log_summary(self) -> None:
        """Log what each stream of the sync came to."""
        rows = [(name, found.records, found.tally) for name, found in self._streams.items()]
        for line in summary(rows) if rows else ():
            _table.info(line)


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


def summary(rows: Iterable[tuple[str, int, Tally]]) -> Iterator[str]:
    """Yield the table of a sync: a line a stream, with what it wrote and what its requests came to."""
    yield f"{'stream':<36} {'records':>12} {'requests':>9} {'received':>10} {'retries':>8} {'waited':>8}"
    for stream, records, tally in rows:
        yield (
            f"{stream:<36} {records:>12,} {tally.requests:>9,} {size(tally.received):>10} {tally.retries:>8,} "
            f"{duration(tally.waited):>8}"
        )
