"""From a response to rows, and from rows to a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.records.checks import OddPageError
from tap_klaviyo.records.jsonapi import parse_document
from tap_klaviyo.records.rows import Rows

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.records.flatten import Flattener, Record
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.records.projection import Projection
    from tap_klaviyo.records.record_format import RecordFormat
    from tap_klaviyo.records.record_selector import Context, Shape


class RowMaker:
    """Makes rows of responses, and pages of rows.

    Args:
        shape: Where the records are in a response.
        replication_key: The column whose instant the rows carry.
        record_format: In which form records leave.
        projection: The fast way to the same records, if there is one.
    """

    def __init__(
        self,
        shape: Shape,
        flattener: Flattener,
        replication_key: str | None,
        record_format: RecordFormat,
        *,
        projection: Projection | None = None,
    ) -> None:
        self._shape = shape
        self._flattener = flattener
        self._replication_key = replication_key
        self._format = record_format
        self._projection = projection

    def parse(self, body: bytes) -> Document:
        """Read a response, by the compiled types if they fit.

        Raises:
            UnreadableBodyError: The body is no JSON object.
        """
        found = self._projection.parse(body) if self._projection else None
        return parse_document(body) if found is None else found

    def rows(self, document: Document, context: Context) -> Rows:
        """Flatten a response."""
        if self._projection and self._projection.reads(document):
            try:
                records = self._projection.records(document, context)
                return Rows(records, self._projection.instants(records))
            except OddPageError:
                document = document.read_again()
        records = [
            self._flattener.record(resource, document.included, inner)
            for resource, inner in self._shape.rows(document, context)
        ]
        return Rows(records, [self._instant(record) for record in records])

    def page(self, rows: Rows, *, finished_parent: str | None = None) -> Page:
        """Turn rows into something to write."""
        return self._format.page(rows, finished_parent=finished_parent)

    def _instant(self, record: Record) -> datetime | None:
        value = record.get(self._replication_key) if self._replication_key else None
        return parse_instant(value) if isinstance(value, str) else None
