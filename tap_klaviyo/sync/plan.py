"""From a spec, a selection and a range to the segments that a reader reads."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract import filters
from tap_klaviyo.pagination.chain import Chain, from_resumed
from tap_klaviyo.pagination.detail import Completed, Detailed
from tap_klaviyo.pagination.fan_out import AllParents
from tap_klaviyo.pagination.included_children import Children, IncludedChildren
from tap_klaviyo.pagination.null_cursor import Once, Undated
from tap_klaviyo.pagination.parents import Listed, Parent
from tap_klaviyo.pagination.windows import Window, Windowing
from tap_klaviyo.records.columns import Attribute, Constant, Linked
from tap_klaviyo.records.fieldsets import ask, ask_details
from tap_klaviyo.records.record_selector import Shape
from tap_klaviyo.sync.asked_parents import asked_parents, range_of
from tap_klaviyo.sync.changes import changed_condition
from tap_klaviyo.sync.question import asked, bounds_of, reads_apart, reads_newest_first, shape_of, sort_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_klaviyo.pagination.chain import Makes
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.records.build_columns import Variant
    from tap_klaviyo.records.columns import Column
    from tap_klaviyo.records.row_maker import RowMaker
    from tap_klaviyo.records.stream_options import StreamOptions
    from tap_klaviyo.sync.range import Range
    from tap_klaviyo.sync.spec import Spec
    from tap_klaviyo.sync.stream_sync import StreamSync

# Rows a page where few or none are expected.
_FEW = 20

logger = logging.getLogger("tap-klaviyo")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one sync of a declared stream does.

    ``make_rows`` returns what makes records of responses of a shape.
    """

    spec: Spec
    sync: StreamSync
    make_rows: Callable[[Shape], RowMaker]
    maker: RowMaker
    source: Source

    @classmethod
    def of(cls, spec: Spec, sync: StreamSync, options: StreamOptions, make_rows: Callable[[Shape], RowMaker]) -> Plan:
        """Work out what a sync asks; ``options`` are what the user has it ask beside."""
        maker = make_rows(shape_of(spec, sync.chosen, sync.session.parent_ids))
        wanted = asked(spec, sync.chosen)
        optional = frozenset(wanted.include) - {spec.via, *options.include}
        source = sync.session.sources.source(
            spec.name,
            spec.endpoint,
            wanted,
            maker.parse,
            # Includes that only fill a column: neither those that carry the records nor those that the user asks for.
            optional_includes=optional if sync.session.settings.on_permission_denied == "skip" else frozenset(),
            sort=sort_of(spec, sync.range),
            conditions=(options.filter,) if options.filter else (),
            page_size=options.page_size or spec.endpoint.page_size,
            paginator=spec.paginator,
        )
        return cls(spec, sync, make_rows, maker, source)

    def narrowed(self, condition: str) -> Plan:
        """Return the same plan with one more filter condition in every request."""
        return replace(self, source=replace(self.source, conditions=(*self.source.conditions, condition)))

    def segments(self) -> list[Segment]:
        """Return the stream's segments, in the order of its records."""
        spec = self.spec
        if self._range.since is not None and not self._finds_changes():
            return []
        if spec.parent is not None:
            return [self._fan_out(spec.parent)]
        if spec.windowed and spec.cursor is not None:
            maker = Once(self._completed())
            return [*self._undated(maker), *(() if self._range.empty else self._windows(maker))]
        return from_resumed([segment for variant in spec.variants for segment in self._variant(variant)])

    def _finds_changes(self) -> bool:
        """Whether there is a date by which to tell what changed; without one a sweep alone reads the stream."""
        spec = self.spec
        if spec.parent is not None or spec.replication_key is not None:
            return True
        return changed_condition(spec.endpoint, self._range.since) is not None

    @property
    def _range(self) -> Range:
        return self.sync.range

    def bounds(self, lower: datetime | None, upper: datetime | None) -> list[str]:
        """Return the filter conditions of a range, as far as the endpoint can filter."""
        return bounds_of(self.spec, self.source.endpoint, lower, upper)

    def _variant(self, variant: Variant) -> Iterator[Segment]:
        reading = replace(self._range, lower=None, upper=None) if variant.swept else self._range
        if reading.empty or (variant.swept and reading.since is not None):
            return
        bounds = self.bounds(reading.lower, reading.upper)
        if self.spec.replication_key is None:
            bounds += [condition for condition in (changed_condition(self.spec.endpoint, reading.since),) if condition]
        link = self.source.first(conditions=[*variant.conditions, *bounds])
        stop = reading.lower if reads_newest_first(self.spec, reading) else None
        chain = Chain(self.source, self.maker, link, {**self._account(), **variant.columns}, reading.holds, stop)
        if not self.sync.ordered:  # else a run goes on from the bookmark, which follows the rows
            chain = chain.resumable(reading.chain, others_follow=len(self.spec.variants) > 1)
        details, children = self._details(), self._children()
        if details is not None:
            yield Detailed(chain, details)
        elif children is not None:
            yield IncludedChildren(chain, children)
        else:
            yield chain

    def _account(self) -> dict[str, Any]:
        return self.sync.session.account.columns()

    def _windows(self, maker: Makes) -> Iterator[Segment]:
        reading, sources = self._range, self.sync.session.sources
        sample = self.source.request()
        shared = Windowing(
            self.source,
            maker,
            self._account(),
            self.bounds,
            lambda: sources.crowded(sample),
            parallel=self.sync.workers > 1,
        )
        if reading.lower is None or reading.lower < reading.until:
            yield Window(shared, reading.lower, reading.until)
        if reading.upper is None:
            # Rows dated after the sync's start are read too; they only do not move the bookmark. In a full read a
            # row that changes before its window is read is found here, so this comes last.
            begin = max(reading.until, reading.lower) if reading.lower else reading.until
            link = self.source.first(conditions=self.bounds(begin, None))
            waits = not self.spec.future_dated
            yield Chain(self.source, maker, link, self._account(), lambda instant: instant >= begin, waits=waits)

    def _undated(self, maker: Makes) -> Iterator[Segment]:
        """Yield what reads the rows that the windows' filters leave out: by a first sync, and by sweeps."""
        undated, sort, reading = self.spec.undated, self.source.sort, self._range
        since = (reading.last_sweep or reading.lower) if reading.lower is not None else None
        if self.spec.new_by is not None and reading.swept_at is not None and since and since < reading.until:
            yield self._new_ones(maker, self.spec.new_by, since)
        if sort is None or not ((undated and reading.sweeps) or reading.lower is None):
            return
        # Profiles sorted newest first time out at Klaviyo: the other end is read only if it is known to matter.
        newest_first = self._undated_from(maker, f"-{sort}") if undated else None
        yield self._undated_from(maker, sort, newest_first)

    def _new_ones(self, maker: Makes, field: str, since: datetime) -> Chain:
        """Return what reads the rows that are new since the last sweep; those with a replication value come anyway."""
        source = replace(self.source, sort=field)
        link = source.first(conditions=[filters.from_bound(field, source.endpoint.filters, since)])
        return Chain(source, maker, link, self._account(), lambda _: False)

    def _undated_from(self, maker: Makes, sort: str, other_end: Undated | None = None) -> Undated:
        # Cursors of forms hold a date and no id: what does not fit into one page of rows without a date may be lost.
        size = self.source.page_size if self.spec.undated else min(self.source.page_size or _FEW, _FEW)
        source = replace(self.source, sort=sort, page_size=size)
        return Undated(source, maker, source.first(), self._account(), other_end)

    def _fan_out(self, parent: str) -> Segment:
        failed = self.sync.failed_parents.earlier
        return AllParents(lambda: self._parents(parent), self._parent_chain, self._range.after_parent, failed)

    def _parents(self, parent: str) -> Listed:
        constants = {choice.column.name for choice in self.sync.chosen if isinstance(choice.column.source, Constant)}
        account = self._account()
        column = self.spec.parent_column

        def columns(found: Parent) -> dict[str, Any]:
            inherited = {name: value for name, value in found.context.items() if name in constants}
            return {**account, **inherited, **({column: found.id} if column else {})}

        listed = asked_parents(parent, self.sync.session.parent_ids, self._range, self.sync.failed_parents)
        return listed.of(Parent(found.id, columns(found)) for found in listed.parents)

    def _parent_chain(self, parent: Parent) -> Chain:
        reading = range_of(parent, self._range, self.sync.failed_parents)
        link = self.source.first({"id": parent.id}, self.bounds(reading.lower, reading.upper))
        return Chain(self.source, self.maker, link, parent.context, reading.holds).resumable(reading.chain)

    def _completed(self) -> Makes:
        details = self._details()
        if details is None:
            return self.maker
        columns = frozenset(choice.column.name for choice in self.sync.chosen if _is_detail(choice.column))
        return Completed(self.maker, details, columns, self.spec.record_type)

    def _details(self) -> Source | None:
        sources = [choice.column.source for choice in self.sync.chosen if _is_detail(choice.column)]
        names = [one.name for one in sources if isinstance(one, Attribute)]
        detail = self.spec.detail
        if not names or detail is None:
            return None
        source = self.sync.session.sources.source(self.spec.name, detail, ask_details(names, detail))
        self._tell_cost(", ".join(names), "record", source)
        return source

    def _tell_cost(self, columns: str, what: str, source: Source) -> None:
        """Say beforehand how long requests one by one will take; how many there are is not known yet."""
        per_minute = source.limits.steady * self.sync.session.settings.rate_limit_share
        logger.info(
            "%s: %s needs one request per %s (%g/min): about %s min per 1,000 %ss.",
            self.spec.name,
            columns,
            what,
            per_minute,
            math.ceil(1000 / per_minute),
            what,
        )

    def _children(self) -> Children | None:
        spec, chosen = self.spec, self.sync.chosen
        always = reads_apart(spec, chosen)
        if spec.fallback is None:
            return None
        attribute = spec.fallback.attribute
        needed = attribute if any(choice.column.name == attribute for choice in chosen) else None
        sources = (choice.column.source for choice in chosen)
        linked = tuple(one.relationship for one in sources if isinstance(one, Linked) and not one.include)
        endpoint = spec.fallback.endpoint
        source = self.sync.session.sources.source(spec.name, endpoint, ask(chosen, endpoint, spec.record_type))
        if always:
            self._tell_cost(", ".join(source.ask.include), "parent", source)
        maker = self.make_rows(Shape())
        return Children(str(spec.via), needed, linked, str(spec.via_column), source, maker, always=always)


def _is_detail(column: Column) -> bool:
    """Whether only the endpoint of one object gives a column."""
    return isinstance(column.source, Attribute) and column.source.detail
