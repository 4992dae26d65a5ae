"""From a stream's declaration, its selection and its range to the segments that a reader reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo import contract, filters
from tap_klaviyo.asking import Ask, ask
from tap_klaviyo.columns import Attribute, Chosen, Constant
from tap_klaviyo.reading.chain import Chain, Link
from tap_klaviyo.reading.details import Detailed
from tap_klaviyo.reading.fallback import Fallback, IncludedChildren
from tap_klaviyo.reading.fanout import AllParents, Parent
from tap_klaviyo.reading.windows import Window, Windowing
from tap_klaviyo.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tap_klaviyo.client import KlaviyoStream
    from tap_klaviyo.incremental import Range
    from tap_klaviyo.reading.ordered import Segment
    from tap_klaviyo.reading.rows import RowMaker
    from tap_klaviyo.reading.source import Source


@dataclass(frozen=True, slots=True)
class Plan:
    """What one sync of a stream does."""

    stream: KlaviyoStream
    reading: Range
    chosen: Sequence[Chosen]
    maker: RowMaker
    source: Source
    after_parent: str | None = None

    def segments(self) -> list[Segment]:
        """Return the stream's segments, in the order of its records."""
        stream = self.stream
        if stream.parent is not None:
            return [AllParents(self._parents, self._parent_chain, self.after_parent)]
        if stream.windowed and self._cursor is not None:
            return list(self._windows())
        return [segment for variant in stream.variants for segment in self._chain(variant.conditions, variant.columns)]

    @property
    def upper(self) -> datetime | None:
        """The upper bound, where the endpoint can be asked for it."""
        cursor, upper = self._cursor, self.reading.upper
        if cursor is None or upper is None or filters.until_bound(cursor, self.source.endpoint.filters, upper) is None:
            return None
        return upper

    def holds(self, instant: datetime) -> bool:
        """Drop rows outside the range: `greater-than` a second earlier also brings those of that second."""
        lower, upper = self.reading.lower, self.upper
        return (lower is None or instant >= lower) and (upper is None or instant < upper)

    @property
    def _cursor(self) -> str | None:
        return self.stream.cursor or self.stream.declared_replication_key

    def bounds(self, lower: datetime | None, upper: datetime | None) -> list[str]:
        """Return the filter conditions of a range, as far as the endpoint can filter."""
        cursor = self._cursor
        allowed = self.source.endpoint.filters
        start = lower or self.stream.earliest
        if cursor is None:
            return []
        found = (
            filters.from_bound(cursor, allowed, start) if start else None,
            filters.until_bound(cursor, allowed, upper) if upper else None,
        )
        return [condition for condition in found if condition]

    def _chain(self, conditions: Sequence[str], columns: Any) -> Iterator[Segment]:
        link = Link(self.source.request(conditions=[*conditions, *self.bounds(self.reading.lower, self.upper)]))
        stop = self.reading.lower if self.stream.newest_first else None
        chain = Chain(self.source, self.maker, link, {**self._context, **columns}, self.holds, stop)
        details = self._details()
        fallback = self._fallback()
        if details is not None:
            yield Detailed(chain, details)
        elif fallback is not None:
            yield IncludedChildren(chain, fallback)
        else:
            yield chain

    @property
    def _context(self) -> dict[str, Any]:
        return self.stream.account_context()

    def _windows(self) -> Iterator[Segment]:
        reading = self.reading
        shared = Windowing(self.source, self.maker, self._context, self.bounds, self.stream.crowded(self.source))
        if reading.lower is None or reading.lower < reading.until:
            yield Window(shared, reading.lower, reading.until)
        if reading.upper is None:
            # Rows dated after the sync's start are read too; they only do not move the bookmark.
            begin = max(reading.until, reading.lower) if reading.lower else reading.until
            link = Link(self.source.request(conditions=self.bounds(begin, None)))
            yield Chain(self.source, self.maker, link, self._context, lambda instant: instant >= begin)

    def _parents(self) -> Sequence[Parent]:
        stream = self.stream
        constants = {choice.column.name for choice in self.chosen if isinstance(choice.column.source, Constant)}
        return [
            Parent(
                parent.id,
                {
                    **self._context,
                    **{name: value for name, value in parent.context.items() if name in constants},
                    str(stream.parent_column): parent.id,
                },
            )
            for parent in stream.all_parents()
        ]

    def _parent_chain(self, parent: Parent) -> Chain:
        conditions = self.bounds(self.reading.lower, self.upper)
        link = Link(self.source.request({"id": parent.id}, conditions))
        return Chain(self.source, self.maker, link, parent.context, self.holds)

    def _details(self) -> Source | None:
        names = [
            choice.column.source.name
            for choice in self.chosen
            if isinstance(choice.column.source, Attribute) and choice.column.source.detail
        ]
        detail = self.stream.detail_endpoint
        if not names or detail is None:
            return None
        kind = self.stream.record_type
        additional = tuple(name for name in names if name in detail.additional_fields.get(kind, ()))
        asked = Ask(fields={kind: tuple(names)}, additional_fields={kind: additional} if additional else {})
        return self.stream.source(detail, asked)

    def _fallback(self) -> Fallback | None:
        stream = self.stream
        if stream.fallback is None or all(choice.column.name != stream.fallback.attribute for choice in self.chosen):
            return None
        endpoint = contract.endpoint(stream.fallback.path)
        source = stream.source(endpoint, ask(self.chosen, endpoint, stream.record_type))
        maker = stream.row_maker(self.chosen, Shape())
        return Fallback(str(stream.via), stream.fallback.attribute, str(stream.via_column), source, maker)
