"""The seam with the SDK: the base of every stream, whatever it reads."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.streams.core import Stream

from tap_klaviyo.config.masks import with_masks
from tap_klaviyo.records.columns import KEY, Chosen, Column, Constant
from tap_klaviyo.records.masks import masker, shown
from tap_klaviyo.records.record_format import RecordFormat
from tap_klaviyo.records.selection import choose
from tap_klaviyo.sync.account import ACCOUNT_ID
from tap_klaviyo.sync.asked_parents import lowest
from tap_klaviyo.sync.batches import BatchWriter
from tap_klaviyo.sync.beginning import Beginning
from tap_klaviyo.sync.bookmarks import Bookmark
from tap_klaviyo.sync.catalog import is_selected, take_over
from tap_klaviyo.sync.emitter import Emitter, Sink
from tap_klaviyo.sync.failed_parents import FailedParents
from tap_klaviyo.sync.history import take_up
from tap_klaviyo.sync.saved import Saved
from tap_klaviyo.sync.stream_maps import outlets
from tap_klaviyo.sync.stream_sync import StreamSync
from tap_klaviyo.sync.versions import replaced_by, version_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from datetime import datetime

    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.singerlib import Catalog

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.pagination.reader import OrderedReader, Segment
    from tap_klaviyo.sync.output import PageWriter
    from tap_klaviyo.sync.parents import Listing
    from tap_klaviyo.sync.range import Range
    from tap_klaviyo.sync.session import Session

FULL_TABLE = "FULL_TABLE"


class BaseStream(Stream):
    """A stream: three hooks say what it reads, everything else follows.

    Args:
        tap: What the SDK wants to know.
        session: What the streams of a sync share.
        name: The name, if the class has none.
    """

    # Records are conformed already; the SDK's own conformance stumbles over free-form objects inside arrays.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    name: str
    primary_keys: Sequence[str] = ("id",)
    replication_key: str | None = None
    is_sorted = False
    """Whether the responses ascend by the replication key, so that the bookmark may follow the rows.

    Only for listings that are long enough to be broken off: order that fails to be kept costs rows then.
    """
    bounded: ClassVar[bool] = False
    """Whether `start_date` and `end_date` apply; dimensions are read whole first."""

    def __init__(self, tap: Tap, session: Session, name: str | None = None) -> None:
        self.session = session
        self.declared_replication_key = self.replication_key
        columns = self.build_columns()
        if session.settings.include_account_id:
            columns = [Column(ACCOUNT_ID, KEY, Constant()), *columns]
            self.primary_keys = (ACCOUNT_ID, *self.primary_keys)
        keys = (*self.primary_keys, self.replication_key)
        self.columns = with_masks(columns, name or self.name, session.settings, keys)
        self._chosen: list[Chosen] | None = None
        self._encodes = True
        super().__init__(tap, schema=self.record_schema(), name=name)
        self.beginning = Beginning(self.name, self._make)

    # What a kind of stream has to say

    @abstractmethod
    def build_columns(self) -> list[Column]:
        """Return the columns, keys first."""

    @abstractmethod
    def range(self, saved: Saved, now: datetime) -> Range:
        """Return what a sync that begins now reads, after what earlier runs left."""

    @abstractmethod
    def segments(self, sync: StreamSync) -> list[Segment]:
        """Return what a sync reads, in the order of the records."""

    @property
    @abstractmethod
    def endpoint(self) -> Endpoint:
        """The endpoint that is asked."""

    @property
    def fan_out(self) -> bool:
        """Whether the stream is read one parent at a time."""
        return False

    @property
    @abstractmethod
    def parallel(self) -> bool:
        """Whether several requests may be in flight."""

    @property
    def filtered(self) -> bool:
        """Whether the settings leave rows out that are there."""
        return False

    @abstractmethod
    def question(self) -> Mapping[str, Any]:
        """Return what decides which rows there are, by the names of the settings; another question begins anew."""

    def listing(self) -> Listing | None:
        """Return what lists the ids, for a stream that can be a parent."""
        return None

    def record_schema(self) -> dict[str, Any]:
        """Return the schema of the records."""
        return {"type": "object", "properties": {column.name: shown(column) for column in self.columns}}

    @property
    def selected(self) -> bool:
        """Whether the stream is selected."""
        return is_selected(self.metadata)

    @selected.setter
    def selected(self, value: bool | None) -> None:
        Stream.selected.fset(self, value)  # type: ignore[attr-defined]

    # One sync

    def _make(self) -> tuple[StreamSync, OrderedReader]:
        state = self.stream_state
        take_up(state, self.question(), self.session.owner, self.name)
        saved = Saved.of(state, self.name)
        reading = self.range(saved, self.session.started_at)
        version = version_of(reading, saved, self.session.version, keyed=self.declared_replication_key is not None)
        key = None if reading.full else self.declared_replication_key
        sync = StreamSync(
            name=self.name,
            session=self.session,
            began=self.session.started_at,
            range=reading,
            chosen=self._chosen or choose(self.columns, None),
            record_format=RecordFormat(
                outlets(self.stream_maps, self.name),
                encoded=self._encodes and self.ABORT_AT_RECORD_COUNT is None,
                version=version,
                in_files=self.session.settings.batch_config is not None,
                mask=masker(self.columns, self.session.sources.count_odd(self.name)),
            ),
            bookmark=Bookmark(state, key, reading, self.name, version),
            ordered=self.is_sorted,
            fan_out=self.fan_out,
            failed_parents=FailedParents(state, lowest(reading)),
            # More threads than requests per second bring nothing.
            workers=min(self.session.settings.max_workers, max(1, self.endpoint.limits.burst)) if self.parallel else 1,
        )
        self._stream_version = version
        return sync, sync.read(self.segments(sync))

    @property
    def is_full_table(self) -> bool:
        """Whether an incremental stream was chosen as FULL_TABLE in the catalog."""
        return self.declared_replication_key is not None and self.replication_method == FULL_TABLE

    @property
    def versioned(self) -> bool:
        """Whether the records carry a version, so that the target can drop what is gone."""
        wanted = self.session.settings.emit_activate_version_messages
        return self.is_full_table or (wanted and self.replication_method == FULL_TABLE)

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take over the selection; what the catalog leaves open stays as the stream declares it."""
        if (entry := catalog.get_stream(self.name)) is not None:
            self._chosen = take_over(
                entry, self.columns, tuple(self.primary_keys), self.declared_replication_key, self.logger.warning
            )
        super().apply_catalog(catalog)

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:  # noqa: ARG002
        """Yield the flat records of a sync."""
        self._encodes = False
        _, reader = self.beginning.begin()
        try:
            for page in reader:
                yield from page.records
        finally:
            self.beginning.close()

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
        context: Mapping[str, Any] | None = None,
        *,
        write_messages: bool = True,
    ) -> Generator[dict[str, Any], Any, None]:
        """Replace the SDK's loop: 75 µs a record, bookmarks that raise in a lookback, an end of all by one stream."""
        yield from self._synced(self.session.output) if write_messages else self.get_records(context)

    def _synced(self, pages: PageWriter) -> Iterator[dict[str, Any]]:
        try:
            yield from self._emitted(pages)
        except Exception as error:  # noqa: BLE001 - a bug in one stream does not stop the others either
            if self.session.stopping.is_set():
                pages.end_stopped()  # requests end with an error when the sync is told to
            self.session.failures.note(self.name, error, testing=self.ABORT_AT_RECORD_COUNT is not None)
        finally:
            self.beginning.close()

    def _emitted(self, pages: PageWriter) -> Iterator[dict[str, Any]]:
        sync, reader = self.beginning.begin_by_klaviyo_s_clock()
        with self.get_record_counter() as counter, self.get_sync_timer():
            drop, limit = partial(self._drop_what_is_gone, sync), self.ABORT_AT_RECORD_COUNT
            sink = Sink(pages, self._write_record_message, counter.increment, drop, limit)
            yield from Emitter(sync, sink).emit(reader)

    def _drop_what_is_gone(self, sync: StreamSync) -> None:
        version = replaced_by(sync, filtered=self.filtered)
        if version is not None and not sync.record_format.in_files:  # a file's rows have no version
            self._write_activate_version_message(version)

    def _sync_batches(self, batch_config: BatchConfig, context: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Replace the SDK's files, which hold records that no stream map has seen, and are always gzip."""
        with self.get_batch_counter() as counter, ExitStack() as stack:
            files = BatchWriter(self.session.output, batch_config, self.tap_name, counter.increment)
            deque(self._synced(stack.enter_context(closing(files))), maxlen=0)
