"""What cannot be cut into segments before somebody has been asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.pagination.reader import Segment, Step

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Deferred(Segment):
    """All that a stream reads, once ``ask`` has found out what that is."""

    ask: Callable[[], Step]

    def read(self) -> Step:
        """Ask, and leave the segments behind."""
        return self.ask()
