"""Rows without a replication value: no filter brings them, and they stand at one end of the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.reading.ordered import Segment, Step

if TYPE_CHECKING:
    from tap_klaviyo.reading.chain import Link
    from tap_klaviyo.reading.rows import RowMaker
    from tap_klaviyo.reading.source import Source
    from tap_klaviyo.shape import Context


@dataclass(slots=True)
class Undated(Segment):
    """The rows without a replication value at the beginning of an unfiltered, sorted listing.

    Klaviyo does not say at which end of an order it puts them: where they are not at this one, ``other_end`` is the
    listing in the opposite order.
    """

    source: Source
    maker: RowMaker
    link: Link
    context: Context
    other_end: Undated | None = None

    def read(self) -> Step:
        """Read one page; go on only while there is nothing but such rows."""
        document, following = self.link.read(self.source)
        rows = self.maker.rows(document, self.context)
        page = self.maker.page(rows.where(lambda _: False))
        if following is not None and all(instant is None for instant in rows.instants):
            other_end = None if rows.instants else self.other_end
            return Step(page, [Undated(self.source, self.maker, following, self.context, other_end)])
        found = bool(rows.instants) and rows.instants[0] is None
        return Step(page, [self.other_end] if self.other_end is not None and not found else [])
