"""How dense the rows of a time range are, learnt from the pages read so far."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

# Neighbouring observations count as one stretch while their densities differ by no more than this factor.
_ALIKE = 2.0
_REMEMBERED = 512


@dataclass(frozen=True, slots=True, order=True)
class Observation:
    """So many rows lay in ``[start, end)``, in epoch seconds."""

    start: float
    end: float
    rows: int

    @property
    def density(self) -> float:
        """Rows a second."""
        return self.rows / (self.end - self.start)


@dataclass(slots=True)
class DensityMap:
    """Observations by time; guarded by its user's lock."""

    observations: list[Observation] = field(default_factory=list)

    def add(self, start: float, end: float, rows: int) -> None:
        """Note what a page has shown; the oldest half is forgotten when there are many."""
        if end <= start:
            return
        bisect.insort(self.observations, Observation(start, end, rows))
        if len(self.observations) > _REMEMBERED:
            del self.observations[: _REMEMBERED // 2]

    def before(self, instant: float) -> tuple[Observation, float] | None:
        """Return the nearest observation that ends at or before an instant, and the width of the like-dense stretch."""
        index = bisect.bisect_right(self.observations, Observation(instant, instant, 0)) - 1
        while index >= 0 and self.observations[index].end > instant:
            index -= 1
        if index < 0:
            return None
        nearest = self.observations[index]
        width = nearest.end - nearest.start
        for earlier in reversed(self.observations[:index]):
            # Gaps do not matter: the windows in between are being read.
            if not _alike(earlier.density, nearest.density):
                break
            width += earlier.end - earlier.start
        return nearest, width


def _alike(left: float, right: float) -> bool:
    low, high = sorted((left, right))
    return high <= low * _ALIKE or high == low
