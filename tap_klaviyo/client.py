"""The one base class of all streams: it joins declaration, selection, reading, writing and state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.streams.core import Stream

from tap_klaviyo import contract
from tap_klaviyo.asking import Ask, ask, includes_of, with_member
from tap_klaviyo.catalog import take_over
from tap_klaviyo.columns import KEY, Chosen, Column, Constant
from tap_klaviyo.declaration import Columns, Variant, build, offer
from tap_klaviyo.documents import parse_document
from tap_klaviyo.emit import Emitter
from tap_klaviyo.incremental import (
    FAN_OUT,
    LOOKBACK_AT,
    REPLICATION_KEY_VALUE,
    Policy,
    Range,
    plan,
    read_instant,
    resumed,
)
from tap_klaviyo.newcomers import watching
from tap_klaviyo.options import StreamOptions, parse_options
from tap_klaviyo.parents import list_parents
from tap_klaviyo.plan import Plan, reads_apart
from tap_klaviyo.projection import Projection
from tap_klaviyo.reading.ordered import OrderedReader
from tap_klaviyo.reading.rows import RowMaker
from tap_klaviyo.reading.source import Source
from tap_klaviyo.records import Flattener
from tap_klaviyo.selection import choose
from tap_klaviyo.shape import Lookup, Member, Shape
from tap_klaviyo.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from singer_sdk.singerlib import Catalog

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.documents import Document
    from tap_klaviyo.http import Tally
    from tap_klaviyo.reading.fanout import Parent
    from tap_klaviyo.reading.ordered import Segment
    from tap_klaviyo.selection import Node
    from tap_klaviyo.tap import TapKlaviyo

ACCOUNT_ID = "account_id"
FULL_TABLE = "FULL_TABLE"

# Pages that wait for their turn may hold this much in one stream.
_BYTE_LIMIT = 40 << 20
# A stream that Klaviyo limits to this many requests a minute reads in the background from the start of the sync.
_SLOW_STEADY_LIMIT = 150


@dataclass(frozen=True, slots=True)
class FallbackTo:
    """The endpoint that is asked a parent at a time where an include lacks an attribute."""

    path: str
    attribute: str


@dataclass(frozen=True, slots=True)
class LinkedFrom:
    """A column that only another stream's list can fill: the id of the resource whose relationship names the record."""

    column: str
    stream: type[KlaviyoStream]
    relationship: str


class KlaviyoStream(Stream):
    """A stream of one endpoint. A subclass declares what it reads; how it is read follows from that."""

    # Records are conformed already; the SDK's own conformance stumbles over free-form objects inside arrays.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    path: ClassVar[str]
    """The endpoint, as the contract names it."""
    primary_keys: Sequence[str] = ("id",)
    replication_key: str | None = None
    is_sorted = False
    """Whether the answers ascend by the replication key, so that the bookmark may follow the rows.

    Only where a listing is long enough to be broken off: order that fails to be kept costs rows then.
    """

    id_column: ClassVar[str] = "id"
    """The name of the resource's id in the records; link tables name it after its type."""
    attributes: ClassVar[tuple[str, ...] | None] = None
    """The attributes that become columns; None is all of them."""
    additional_fields: ClassVar[tuple[str, ...]] = ()
    """Additional fields that are asked for unless `stream_options` names others."""
    linked: ClassVar[tuple[str, ...]] = ()
    """To-one relationships that come with their linkage, without an include."""
    extra_columns: ClassVar[tuple[Column, ...]] = ()

    variants: ClassVar[tuple[Variant, ...]] = (Variant(),)
    """The requests that together make up the stream."""
    parent: ClassVar[type[KlaviyoStream] | None] = None
    """The stream whose ids fill the path: one chain of requests a parent."""
    parent_column: ClassVar[str | None] = None
    inherited_columns: ClassVar[tuple[str, ...]] = ()
    """Columns that the parent's own records say: the parent's parent."""
    via: ClassVar[str | None] = None
    """The include of the endpoint that carries the records, where they are not its primary data."""
    via_type: ClassVar[str | None] = None
    via_column: ClassVar[str | None] = None
    """The column that gets the id of the resource that carries the record."""
    linkage_only: ClassVar[bool] = False
    """Whether the linkage is all that the records hold: a link table."""
    fallback: ClassVar[FallbackTo | None] = None
    member: ClassVar[Member | None] = None
    """Where each object of a list inside an attribute is a record."""
    linked_from: ClassVar[LinkedFrom | None] = None

    cursor: ClassVar[str | None] = None
    """The field to filter and sort by, where it is not named like the replication key."""
    earliest: ClassVar[datetime | None] = None
    """The lower bound of a first sync, where the endpoint needs one."""
    windowed: ClassVar[bool] = False
    """Whether the range is read in windows, many at once."""
    bounded: ClassVar[bool] = False
    """Whether `start_date` and `end_date` apply; dimensions are read whole first."""
    undated: ClassVar[bool] = False
    """Whether rows without a replication value are expected, so that every sync looks for them."""
    future_dated: ClassVar[bool] = False
    late: ClassVar[bool] = False
    """Whether rows appear long after their own date, so that the lookback applies."""
    newest_first: ClassVar[bool] = False
    """Whether the endpoint can only be sorted, not filtered, by the replication key: read until the first old row."""

    _tap: TapKlaviyo
    _nodes: Mapping[str, Node] | None = None

    def __init__(self, tap: TapKlaviyo, name: str | None = None) -> None:
        self.declared_replication_key = self.replication_key
        self._account_column = bool(tap.config.get("include_account_id"))
        self.columns = self._build_columns(tap)
        if self._account_column:
            self.primary_keys = (ACCOUNT_ID, *self.primary_keys)
        super().__init__(tap, schema=self.record_schema(), name=name)

    # What the declaration comes to

    @cached_property
    def endpoint(self) -> Endpoint:
        """The contract's endpoint."""
        return contract.endpoint(self.path)

    @cached_property
    def detail_endpoint(self) -> Endpoint | None:
        """The endpoint of one object, where there is one."""
        return contract.endpoints().get(("GET", f"{self.path}/{{id}}"))

    @cached_property
    def record_type(self) -> str:
        """The JSON:API type that the records are made of."""
        return self.via_type or str(self.endpoint.resource)

    def _build_columns(self, tap: TapKlaviyo) -> list[Column]:
        constants = [self.parent_column, *self.inherited_columns, self.via_column]
        constants += self.member.columns if self.member else ()
        constants += [self.linked_from.column] if self.linked_from else []
        varying = dict.fromkeys(name for variant in self.variants for name in variant.columns)
        declared = Columns(
            record_type=self.record_type,
            id_column=self.id_column,
            keys=tuple(type(self).primary_keys),
            replication_key=self.declared_replication_key,
            constants=(*(name for name in constants if name), *varying),
            attributes=self.attributes,
            linked=self.linked,
            extra=self.extra_columns,
            always=self.additional_fields,
            via=self.via,
            apart=contract.endpoint(self.fallback.path) if self.fallback else None,
        )
        raw = (tap.config.get("stream_options") or {}).get(self.name)
        offered = offer(declared, self.endpoint, self.detail_endpoint)
        self.options = StreamOptions() if raw is None else parse_options(self.name, raw, offered)
        columns = build(declared, self.endpoint, self.detail_endpoint, self.options)
        return [Column(ACCOUNT_ID, KEY, Constant()), *columns] if self._account_column else columns

    def record_schema(self) -> dict[str, Any]:
        """Return the schema of the records."""
        return {"type": "object", "properties": {column.name: column.schema for column in self.columns}}

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
        return RowMaker(
            self.name,
            shape,
            Flattener(chosen, self._warn_odd),
            self.declared_replication_key,
            version=self._stream_version,
            encode=self._fast,
            projection=Projection.of(chosen, self.declared_replication_key)
            if self._fast and shape == Shape()
            else None,
        )

    def listed(self) -> list[Parent]:
        """Read every id, for the streams that are read a parent at a time."""
        return list_parents(self)

    def _plain(self, shape: Shape) -> bool:
        return self._fast and shape == Shape()

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
        return OrderedReader(self.segments(), workers=self._workers(), byte_limit=_BYTE_LIMIT)

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

    def _workers(self) -> int:
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

    # The seam with the SDK

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take over the selection; what the catalog leaves open stays as the stream declares it."""
        entry = catalog.get_stream(self.name)
        if entry is not None:
            self._nodes = take_over(
                entry, self.columns, tuple(self.primary_keys), self.declared_replication_key, self.logger.warning
            )
        super().apply_catalog(catalog)

    @property
    def bookmark_key(self) -> str | None:
        """The replication key whose bookmark this run moves, if it moves one."""
        return None if self.is_full_table else self.declared_replication_key

    @property
    def resumes_fan_out(self) -> bool:
        """Whether a later run goes on after the last parent that was finished."""
        return self.parent is not None and not self._versioned and self.reading.moves_bookmark

    def write_record(self, record: dict[str, Any]) -> None:
        """Write one record the SDK's way: stream maps and flattening apply."""
        self._write_record_message(record)

    def write_activate_version(self) -> None:
        """Let the target drop what is gone, after a read of everything: not after one that an `end_date` bounded."""
        if self._versioned and self._stream_version is not None and self.reading.upper is None:
            self._write_activate_version_message(self._stream_version)

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:  # noqa: ARG002
        """Yield the flat records of a sync."""
        for page in self.reader:
            yield from page.records

    @property
    def emit_activate_version_messages(self) -> bool:
        """Never the SDK's way, which activates a version before its records are there."""
        return False

    def get_replication_key_signpost(self, context: Mapping[str, Any] | None = None) -> None:
        """Return nothing: the bookmark's bound is our own."""

    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """Do nothing: `sync_all` also calls this for streams that failed, and the bookmark would jump."""

    def _sync_records(
        self,
        context: Mapping[str, Any] | None = None,  # noqa: ARG002 - no stream has a context
        *,
        write_messages: bool = True,
    ) -> Generator[dict[str, Any], Any, None]:
        """Replace the SDK's loop over records, for three reasons.

        It costs 75 µs a record, it moves the bookmark by rules that raise inside a lookback, and it ends the whole
        tap when one stream fails.
        """
        self._tap.start_background()
        try:
            yield from Emitter(self, self._tap, write_messages=write_messages).emit()
        except Exception as error:  # noqa: BLE001 - a bug in one stream does not stop the others either
            if self._tap.stopping.is_set():
                self._tap.end_stopped()  # requests end with an error when the sync is told to
            self._tap.note_failure(self, error)
        finally:
            self.close_reader()


def _setting_instant(config: Mapping[str, Any], name: str) -> datetime | None:
    value = config.get(name)
    return parse_instant(str(value)) if value else None
