"""From a stream's declaration, its selection and its range to the segments that a reader reads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tap_klaviyo import contract
from tap_klaviyo.contract import filters
from tap_klaviyo.pagination.chain import Chain, Link
from tap_klaviyo.pagination.detail import Detailed
from tap_klaviyo.pagination.fan_out import AllParents, Parent
from tap_klaviyo.pagination.included_children import Fallback, IncludedChildren
from tap_klaviyo.pagination.null_cursor import Once, Undated
from tap_klaviyo.pagination.windows import Window, Windowing
from tap_klaviyo.records.columns import Attribute, Chosen, Constant
from tap_klaviyo.records.fieldsets import ask, ask_details, includes_of
from tap_klaviyo.records.record_selector import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tap_klaviyo.pagination.chain import Makes
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.records.build_columns import Variant
    from tap_klaviyo.records.rows import RowMaker
    from tap_klaviyo.sync.range import Range
    from tap_klaviyo.sync.stream_sync import Prepared

# Rows a page where few or none are expected.
_FEW = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What one sync of a stream does."""

    stream: Prepared
    reading: Range
    chosen: Sequence[Chosen]
    maker: RowMaker
    source: Source

    def segments(self) -> list[Segment]:
        """Return the stream's segments, in the order of its records."""
        stream = self.stream
        if stream.parent is not None:
            return [] if self.reading.empty else [self._fan_out()]
        if stream.windowed and self._cursor is not None:
            maker = Once(self.maker)
            return [*self._undated(maker), *(() if self.reading.empty else self._windows(maker))]
        return [segment for variant in stream.variants for segment in self._variant(variant)]

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

    def _variant(self, variant: Variant) -> Iterator[Segment]:
        reading = replace(self.reading, lower=None, upper=None) if variant.whole else self.reading
        if reading.empty:
            return
        bounds = self.bounds(reading.lower, reading.upper)
        link = Link(self.source.request(conditions=[*variant.conditions, *bounds]))
        stop = reading.lower if self.stream.reads_newest_first else None
        chain = Chain(self.source, self.maker, link, {**self._context, **variant.columns}, reading.holds, stop)
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

    def _windows(self, maker: Makes) -> Iterator[Segment]:
        reading = self.reading
        shared = Windowing(
            self.source,
            maker,
            self._context,
            self.bounds,
            self.stream.crowded(self.source),
            parallel=self.stream.workers > 1,
        )
        if reading.lower is None or reading.lower < reading.until:
            yield Window(shared, reading.lower, reading.until)
        if reading.upper is None:
            # Rows dated after the sync's start are read too; they only do not move the bookmark. In a full read a
            # row that changes before its window is read is found here, so this comes last.
            begin = max(reading.until, reading.lower) if reading.lower else reading.until
            link = Link(self.source.request(conditions=self.bounds(begin, None)))
            waits = not self.stream.future_dated
            yield Chain(self.source, maker, link, self._context, lambda instant: instant >= begin, waits=waits)

    def _undated(self, maker: Makes) -> Iterator[Segment]:
        """Yield what reads the rows that the windows' filters leave out: by a first sync, or by every one."""
        undated, sort = self.stream.undated, self.source.sort
        if not self.stream.windowed or sort is None or not (undated or self.reading.lower is None):
            return
        # Profiles sorted newest first time out at Klaviyo: the other end is read only where it is known to matter.
        newest_first = self._undated_from(maker, f"-{sort}") if undated else None
        yield self._undated_from(maker, sort, newest_first)

    def _undated_from(self, maker: Makes, sort: str, other_end: Undated | None = None) -> Undated:
        size = min(self.source.page_size or _FEW, _FEW)
        source = replace(self.source, sort=sort, page_size=size)
        return Undated(source, maker, Link(source.request()), self._context, other_end)

    def _fan_out(self) -> Segment:
        return AllParents(self._parents, self._parent_chain, self.reading.after_parent)

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
        conditions = self.bounds(self.reading.lower, self.reading.upper)
        link = Link(self.source.request({"id": parent.id}, conditions))
        return Chain(self.source, self.maker, link, parent.context, self.reading.holds)

    def _details(self) -> Source | None:
        names = [
            choice.column.source.name
            for choice in self.chosen
            if isinstance(choice.column.source, Attribute) and choice.column.source.detail
        ]
        detail = self.stream.detail_endpoint
        if not names or detail is None:
            return None
        source = self.stream.source(detail, ask_details(names, detail))
        self._tell_cost(", ".join(names), "record", source)
        return source

    def _tell_cost(self, columns: str, what: str, source: Source) -> None:
        """Say beforehand how long requests one by one will take; how many there are is not known yet."""
        a_minute = source.limits.steady * self.stream.config["rate_limit_share"]
        self.stream.logger.info(
            "%s: %s costs a request a %s, %g a minute: %s minutes for 1,000 of them.",
            self.stream.name,
            columns,
            what,
            a_minute,
            math.ceil(1000 / a_minute),
        )

    def _fallback(self) -> Fallback | None:
        stream = self.stream
        always = reads_apart(stream, self.chosen)
        wanted = {choice.column.name for choice in self.chosen}
        if stream.fallback is None or not (always or stream.fallback.attribute in wanted):
            return None
        endpoint = contract.endpoint(stream.fallback.path)
        source = stream.source(endpoint, ask(self.chosen, endpoint, stream.record_type))
        if always:
            self._tell_cost(", ".join(source.ask.include), "parent", source)
        maker = stream.row_maker(self.chosen, Shape())
        return Fallback(
            str(stream.via), stream.fallback.attribute, str(stream.via_column), source, maker, always=always
        )


def reads_apart(stream: Prepared, chosen: Sequence[Chosen]) -> bool:
    """Tell whether chosen columns come only from the endpoint that is asked a parent at a time."""
    if stream.fallback is None:
        return False
    return not includes_of(chosen).isdisjoint(contract.endpoint(stream.fallback.path).include)
