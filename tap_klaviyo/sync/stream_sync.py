"""What one sync of a stream needs: its range, what it asks, and the reader that joins them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.pagination.reader import OrderedReader
from tap_klaviyo.pagination.source import Source
from tap_klaviyo.records.fieldsets import Ask, ask, includes_of, with_member
from tap_klaviyo.records.flatten import Flattener
from tap_klaviyo.records.jsonapi import parse_document
from tap_klaviyo.records.projection import Projection
from tap_klaviyo.records.record_selector import Lookup, Shape
from tap_klaviyo.records.rows import RowMaker
from tap_klaviyo.records.schema_drift import watching
from tap_klaviyo.records.selection import choose
from tap_klaviyo.streams.resource import ACCOUNT_ID, FULL_TABLE, Declared
from tap_klaviyo.sync.parents import list_parents
from tap_klaviyo.sync.plan import Plan, reads_apart
from tap_klaviyo.sync.range import (
    FAN_OUT,
    LOOKBACK_AT,
    REPLICATION_KEY_VALUE,
    Policy,
    Range,
    plan,
    read_instant,
    resumed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.http import Tally
    from tap_klaviyo.pagination.fan_out import Parent
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.records.columns import Chosen
    from tap_klaviyo.records.jsonapi import Document

# Pages that wait for their turn may hold this much in one stream.
_BYTE_LIMIT = 56 << 20
# A stream that Klaviyo limits to this many requests a minute reads in the background from the start of the sync.
_SLOW_STEADY_LIMIT = 150


class Prepared(Declared):
    """A declared stream with all that a sync of it needs."""

    # What the parts of a reading need

    def account_context(self) -> dict[str, Any]:
        """Return the account's id as a column, where it is wanted."""
        return {ACCOUNT_ID: self._tap.account_id} if self._account_column else {}

    def all_parents(self) -> Sequence[Parent]:
        """Return every parent, whatever the parent stream's own bookmark and selection."""
        if self.parent is None:
            return ()
        return self._tap.parents(self.parent)

    def crowded(self, source: Source) -> Callable[[], bool]:
        """Return a function that tells whether requests have to wait for the rate limit."""
        sample = source.request()
        return lambda: self._tap.http.wait(sample) > 0

    def source(
        self,
        endpoint: Endpoint,
        ask: Ask,
        parse: Callable[[bytes], Document] = parse_document,
        **kwargs: Any,
    ) -> Source:
        """Return a source on the tap's connection."""
        return Source(
            stream=self.name,
            endpoint=endpoint,
            origin=self._tap.http.origin,
            fetch=self._tap.fetcher(self.tally, watching(self.name, endpoint, parse, self._tap.warn_once)),
            ask=ask,
            **kwargs,
        )

    @cached_property
    def tally(self) -> Tally:
        """What this stream's requests come to."""
        return self._tap.tally(self.name)

    def row_maker(self, chosen: Sequence[Chosen], shape: Shape) -> RowMaker:
        """Return what makes records of answers."""
        plain = self._fast and shape == Shape()
        return RowMaker(
            self.name,
            shape,
            Flattener(chosen, self._warn_odd),
            self.declared_replication_key,
            version=self._stream_version,
            encode=self._fast,
            projection=Projection.of(chosen, self.declared_replication_key) if plain else None,
        )

    def listed(self) -> list[Parent]:
        """Read every id, for the streams that are read a parent at a time."""
        return list_parents(self)

    def listing_source(self, ask: Ask) -> Source:
        """Return the source of the stream's own list."""
        return self.source(self.endpoint, ask, page_size=self.endpoint.page_size)

    @property
    def shape(self) -> Shape:
        """Where the records are in an answer."""
        linked_from = self.linked_from
        lookup = Lookup(linked_from.column, lambda: self._tap.linked_from(linked_from)) if linked_from else None
        return Shape(self.via, self.via_column, self.linkage_only, self.member, lookup)

    def _warn_odd(self, column: str) -> None:
        self._tap.warn_once(
            f"odd {self.name}.{column}",
            f"{self.name}: a value of '{column}' does not fit its type and is null; Klaviyo's answer is odd there.",
        )

    # Reading

    @property
    def is_full_table(self) -> bool:
        """Whether an incremental stream was chosen as FULL_TABLE in the catalog."""
        return self.declared_replication_key is not None and self.replication_method == FULL_TABLE

    @cached_property
    def _versioned(self) -> bool:
        return self.is_full_table or (
            self.replication_method == FULL_TABLE and bool(self.config.get("emit_activate_version_messages"))
        )

    @property
    def bookmark_key(self) -> str | None:
        """The replication key whose bookmark this run moves, if it moves one."""
        return None if self.is_full_table else self.declared_replication_key

    @property
    def resumes_fan_out(self) -> bool:
        """Whether a later run goes on after the last parent that was finished."""
        return self.parent is not None and not self._versioned and self.reading.moves_bookmark

    @cached_property
    def _fast(self) -> bool:
        return self._tap.writes_plain_records(self)

    def policy(self) -> Policy:
        """Return how the stream is read incrementally, with the settings applied."""
        config = self.config
        retention = self.endpoint.retention_days
        days = config.get("lookback_days")
        return Policy(
            start=_setting_instant(config, "start_date") if self.bounded else None,
            end=_setting_instant(config, "end_date") if self.bounded else None,
            open_first=not self.windowed,
            future_dated=self.future_dated,
            lookback=timedelta(days=days) if self.late and days else None,
            lookback_every=timedelta(hours=config.get("lookback_every_hours") or 0),
            retention=timedelta(days=retention) if retention else None,
        )

    @cached_property
    def reading(self) -> Range:
        """The range of this sync; while a fan-out is under way, its first run's."""
        state, policy = self.stream_state, self.policy()
        if policy.lookback is None:
            state.pop(LOOKBACK_AT, None)  # the day it is switched on again does not look back to this one
        bookmark = read_instant(state, REPLICATION_KEY_VALUE, self.name) if self.bookmark_key else None
        found = plan(bookmark, read_instant(state, LOOKBACK_AT, self.name), policy, self._tap.started_at)
        if self.is_full_table:
            return Range(found.lower, found.until if policy.end else None, found.until, moves_bookmark=False)
        under_way = state.get(FAN_OUT)
        if not under_way or self.parent is None or self._versioned:
            return found
        return resumed(found, read_instant(under_way, "until", self.name), under_way.get("after_parent"))

    @cached_property
    def reader(self) -> OrderedReader:
        """The reader of this sync; made once, by the stream's turn or before, in the background."""
        if self._versioned:
            self._stream_version = self._tap.initialized_at
        return OrderedReader(self.segments(), workers=self.workers, byte_limit=_BYTE_LIMIT)

    def close_reader(self) -> None:
        """End what reads, if anything does."""
        if "reader" in self.__dict__:
            self.reader.close()

    def segments(self) -> list[Segment]:
        """Return what the reader reads, in the order of the records."""
        return self.steps().segments()

    def steps(self) -> Plan:
        """Return how the stream is read in this sync."""
        chosen = choose(self.columns, self._nodes)
        maker = self.row_maker(chosen, self._chosen_shape(chosen))
        asked = self._ask(chosen)
        source = self.source(
            self.endpoint,
            asked,
            maker.parse,
            optional_includes=self._optional(asked),
            sort=self._sort(),
            conditions=(self.options.filter,) if self.options.filter else (),
            page_size=self.options.page_size or self.endpoint.page_size,
        )
        return Plan(self, self.reading, chosen, maker, source)

    def _ask(self, chosen: Sequence[Chosen]) -> Ask:
        if reads_apart(self, chosen):
            return ask((), self.endpoint, self.endpoint.resource)
        found = ask(chosen, self.endpoint, self.record_type, via=self.via)
        if self.member is None:
            return found
        return with_member(found, self.endpoint, self.record_type, self.member.path)

    def _optional(self, asked: Ask) -> frozenset[str]:
        """Includes that only fill a column: neither those that carry the records nor those that the user asks for."""
        if self.config.get("on_permission_denied") != "skip":
            return frozenset()
        return frozenset(asked.include) - {self.via, *self.options.include}

    def _chosen_shape(self, chosen: Sequence[Chosen]) -> Shape:
        """The shape, with what chosen columns need and no more."""
        names = {choice.column.name for choice in chosen}
        needed = self.linked_from is not None and self.linked_from.column in names
        handed_down = tuple(sorted(includes_of(chosen))) if self.via else ()
        return replace(self.shape, lookup=self.shape.lookup if needed else None, handed_down=handed_down)

    @property
    def workers(self) -> int:
        """How many requests of the stream may be in flight."""
        many = self.windowed or self.parent is not None or self.detail_endpoint is not None
        most: int = self.config["max_workers"]
        # More threads than requests a second bring nothing.
        return min(most, max(1, self.endpoint.limits.burst)) if many else 1

    def _sort(self) -> str | None:
        field = self.cursor or self.declared_replication_key
        wanted = f"-{field}" if self.reads_newest_first else field
        return wanted if wanted in self.endpoint.sort else None

    @property
    def reads_newest_first(self) -> bool:
        """Whether this sync reads backwards; a full read does not, or a row that changes meanwhile gets behind it."""
        return self.newest_first and self.reading.lower is not None and not self.is_full_table

    @property
    def slow(self) -> bool:
        """Whether Klaviyo's limit makes the stream slow however small it is."""
        return self.endpoint.limits.steady <= _SLOW_STEADY_LIMIT


def _setting_instant(config: Mapping[str, Any], name: str) -> datetime | None:
    value = config.get(name)
    return parse_instant(str(value)) if value else None
