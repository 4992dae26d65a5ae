"""Seeing a stream being read: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.units import duration

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tqdm import tqdm

    from tap_klaviyo.http import Tally
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.sync.range import Range

_LINE_SECONDS = 30.0
_BAR_SECONDS = 0.2
_BAR_FORMAT = "{desc} {percentage:3.0f}%|{bar:20}| {postfix} [{elapsed}]"

logger = logging.getLogger("tap-klaviyo.progress")


@dataclass(slots=True)
class Progress:
    """How far the stream at hand is.

    The share is that of the parents in a fan-out, else that of the time range, by the newest row written; a stream
    that has neither has none. `place` says which of how many streams it is.
    """

    stream: str
    reading: Range
    tally: Tally
    place: str = ""
    terminal: bool = field(default_factory=sys.stderr.isatty)
    clock: Callable[[], float] = time.monotonic
    records: int = 0
    completed: bool = False
    """Whether all of it has been written."""
    parents: int = 0
    """How many parents are asked; 0 if that is not known."""
    parents_done: int = 0
    _begun: float = field(init=False)
    _ended: float | None = None
    _shown: float = field(init=False)
    _waited_before: float = field(init=False)
    _lowest: datetime | None = field(init=False)
    _newest: datetime | None = None
    _bar: tqdm[Any] | None = None

    def __post_init__(self) -> None:
        self._begun = self._shown = self.clock()
        self._waited_before = self.tally.waited
        self._lowest = self.reading.lower

    def after(self, page: Page) -> None:
        """Take a page into account; show the state where it is time to."""
        self.records += page.count
        self.parents = self.parents or page.parents
        self.parents_done += page.finished_parent is not None or page.failed_parent is not None
        if page.count:
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
        """The part that is done, from 0 to 1."""
        if self.parents:
            return self.parents_done / self.parents
        if self._lowest is None or self._newest is None or self.reading.until <= self._lowest:
            return None
        done = (self._newest - self._lowest) / (self.reading.until - self._lowest)
        return min(max(done, 0.0), 1.0)

    @property
    def seconds(self) -> float:
        """How long it has been this stream's turn."""
        return (self.clock() if self._ended is None else self._ended) - self._begun

    @property
    def waited(self) -> float:
        """Seconds of these in which limits held requests back."""
        # What was read in the background before waited on its own time.
        return min(self.tally.waited - self._waited_before, self.seconds)

    def line(self) -> str:
        """The state in a line: place, share, records, their rate, waits for the limits, and an estimate of the end."""
        seconds, share = self.seconds, self.share
        parts = [self.place] if self.place else []
        if self.parents:
            parts.append(f"{self.parents_done:,}/{self.parents:,} parents")
        elif share:
            parts.append(f"{share:.0%} of the time range")
        parts += [
            f"{self.records:,} records",
            f"{self.records / seconds if seconds else 0:,.0f} records/s",
            f"waited {self.waited:.0f} s for limits",
        ]
        if share:
            # The waits so far are part of the rate, and so of what is left.
            parts.append(f"about {duration(seconds * (1 - share) / share)} left")
        return ", ".join(parts)

    def close(self) -> None:
        """Stop the clock, and take the bar away."""
        self._ended = self.clock()
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

        return tqdm(
            total=1.0, desc=self.stream, file=sys.stderr, leave=False, bar_format=_BAR_FORMAT, dynamic_ncols=True
        )
