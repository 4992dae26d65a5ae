"""How dense the rows of a time range are, learnt from the pages read so far."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Densities count as one while they differ by no more than this factor.
_ALIKE = 2.0
_REMEMBERED = 512
# The part of a page's rows that tells the density at an end of it: where a burst begins, the page's mean says nothing.
_END = 4


@dataclass(frozen=True, slots=True, order=True)
class Observation:
    """So many rows lay in ``[start, end)``, in epoch seconds; ``first`` and ``last`` are rows a second at its ends."""

    start: float
    end: float
    rows: int
    first: float
    last: float

    @classmethod
    def of(cls, start: float, end: float, instants: Sequence[float]) -> Observation:
        """Return what the ascending instants of a page show."""
        count = len(instants)
        part = -(-count // _END)
        if not part:
            return cls(start, end, 0, 0.0, 0.0)
        behind = instants[part] if part < count else end
        return cls(start, end, count, part / max(1.0, behind - start), part / max(1.0, end - instants[-part]))

    @property
    def density(self) -> float:
        """Rows a second."""
        return self.rows / (self.end - self.start)

    @property
    def width(self) -> float:
        """For how many seconds up to its end the rows lay about as dense as there."""
        return self.end - self.start if _alike(self.density, self.last) else self.rows / _END / self.last


@dataclass(slots=True)
class DensityMap:
    """Observations by time; guarded by its user's lock."""

    observations: list[Observation] = field(default_factory=list)

    def add(self, found: Observation) -> None:
        """Note what a page has shown; the oldest half is forgotten when there are many."""
        if found.end <= found.start:
            return
        bisect.insort(self.observations, found)
        if len(self.observations) > _REMEMBERED:
            del self.observations[: _REMEMBERED // 2]

    def before(self, instant: float) -> tuple[Observation, float] | None:
        """Return the nearest observation that ends at or before an instant, and the width of the like-dense stretch."""
        index = bisect.bisect_left(self.observations, instant, key=lambda one: one.start) - 1
        while index >= 0 and self.observations[index].end > instant:
            index -= 1
        if index < 0:
            return None
        nearest = self.observations[index]
        width = nearest.width
        if _alike(nearest.density, nearest.last):
            for earlier in reversed(self.observations[:index]):
                # Gaps do not matter: the windows in between are being read.
                if not _alike(earlier.density, nearest.density):
                    break
                width += earlier.end - earlier.start
        return nearest, width


def _alike(left: float, right: float) -> bool:
    low, high = sorted((left, right))
    return high <= low * _ALIKE or high == low
