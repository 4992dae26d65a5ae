"""The one base class of all streams: the seam where this tap and the SDK meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.catalog import take_over
from tap_klaviyo.sync.emitter import Emitter
from tap_klaviyo.sync.stream_sync import Prepared

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.singerlib import Catalog


class KlaviyoStream(Prepared):
    """A stream of one endpoint. A subclass declares what it reads; how it is read follows from that."""

    # The seam with the SDK

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take over the selection; what the catalog leaves open stays as the stream declares it."""
        entry = catalog.get_stream(self.name)
        if entry is not None:
            self._nodes = take_over(
                entry, self.columns, tuple(self.primary_keys), self.declared_replication_key, self.logger.warning
            )
        super().apply_catalog(catalog)

    def write_record(self, record: dict[str, Any]) -> None:
        """Write one record the SDK's way: stream maps and flattening apply."""
        self._write_record_message(record)

    def write_activate_version(self) -> None:
        """Let the target drop what is gone, after a read of everything: not after one that an `end_date` bounded."""
        if self._versioned and self._stream_version is not None and self.reading.upper is None:
            self._write_activate_version_message(self._stream_version)

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:  # noqa: ARG002
        """Yield the flat records of a sync."""
        try:
            for page in self.reader:
                yield from page.records
        finally:
            self.close_reader()

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
        try:
            yield from Emitter(self, self._tap, write_messages=write_messages).emit()
        except Exception as error:  # noqa: BLE001 - a bug in one stream does not stop the others either
            if not self._tap.stopping.is_set():
                self._tap.note_failure(self, error)
            elif write_messages:
                self._tap.end_stopped()  # requests end with an error when the sync is told to
        finally:
            self.close_reader()

    def _sync_batches(self, batch_config: BatchConfig, context: Mapping[str, Any] | None = None) -> None:
        """Write files of records; end, if told to, once a BATCH names the last: only then may a STATE say so."""
        super()._sync_batches(batch_config, context)
        if self._tap.stopping.is_set():
            self._tap.end_stopped()
        self._tap.write_state()  # the SDK's last one may come before the end of the stream is known
