"""One sync of one stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_klaviyo.pagination.reader import OrderedReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from tap_klaviyo.http import Tally
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.records.columns import Chosen
    from tap_klaviyo.records.record_format import RecordFormat
    from tap_klaviyo.sync.bookmarks import Bookmark
    from tap_klaviyo.sync.failed_parents import FailedParents
    from tap_klaviyo.sync.range import Range
    from tap_klaviyo.sync.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSync:
    """What one sync of one stream reads, and into what; made once, when its turn comes or before, in the background."""

    name: str
    session: Session
    began: datetime
    """The beginning of the sync that the range was worked out from."""
    range: Range
    chosen: Sequence[Chosen]
    """The selected columns."""
    record_format: RecordFormat
    bookmark: Bookmark
    ordered: bool
    """Whether the bookmark may follow the rows."""
    fan_out: bool
    """Whether parents are read one by one: then all up to the bound has been read at the end."""
    failed_parents: FailedParents
    workers: int
    """How many requests may be in flight."""
    gaps: set[str] = field(default_factory=set)
    """What was passed over: then nothing may be taken for gone."""

    @property
    def tally(self) -> Tally:
        """What the stream's requests come to."""
        return self.session.sources.tally(self.name)

    @property
    def resumes(self) -> bool:
        """Whether a later run may go on where this one is cut off."""
        return self.range.full or self.range.moves_bookmark

    def read(self, segments: Iterable[Segment]) -> OrderedReader:
        """Return a reader of segments; it begins when it is started or iterated over."""
        return OrderedReader(segments, workers=self.workers, budget=self.session.budget)
