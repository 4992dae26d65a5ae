"""Rows of a response: records with the instants that the bookmark goes by."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from operator import le
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


@dataclass(frozen=True)
class Rows:
    """Records with the instant of their replication key; None where a record has none.

    What several ask of the instants is worked out once.
    """

    records: Sequence[Any]
    instants: Sequence[datetime | None]

    def where(self, keep: Callable[[datetime], bool]) -> Rows:
        """Drop the rows whose instant is outside; ``keep`` is true for one range of instants."""
        known = self.known
        if self.ends is None or all(map(keep, self.ends)):
            return self
        if len(known) == len(self.instants) and self.ordered:
            begin, end = 0, len(known)
            while begin < end and not keep(known[begin]):
                begin += 1
            while begin < end and not keep(known[end - 1]):
                end -= 1
            return Rows(self.records[begin:end], known[begin:end])
        kept = [index for index, instant in enumerate(self.instants) if instant is None or keep(instant)]
        return Rows([self.records[index] for index in kept], [self.instants[index] for index in kept])

    @cached_property
    def known(self) -> list[datetime]:
        """The instants of the rows that have one."""
        return [instant for instant in self.instants if instant is not None]

    @cached_property
    def ordered(self) -> bool:
        """Whether the instants ascend."""
        known = self.known
        return all(map(le, known, itertools.islice(known, 1, None)))

    @cached_property
    def ends(self) -> tuple[datetime, datetime] | None:
        """The earliest and the latest instant, if there are any."""
        known = self.known
        if not known:
            return None
        return (known[0], known[-1]) if self.ordered else (min(known), max(known))
