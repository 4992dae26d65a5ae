"""Rows on their way from an answer to a page."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import le
from typing import TYPE_CHECKING, Any

import msgspec

from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.records.jsonapi import decoded, parse_document
from tap_klaviyo.records.page import Page
from tap_klaviyo.records.projection import OddPageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_klaviyo.records.flatten import Flattener, Record
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.projection import Projection
    from tap_klaviyo.records.record_selector import Context, Shape

_RECORD_OVERHEAD = 600  # bytes that a record of Python objects takes beside its text, roughly


@dataclass(frozen=True, slots=True)
class Rows:
    """Records with the instant of their replication key; None where a record has none."""

    records: Sequence[Any]
    instants: Sequence[datetime | None]

    def where(self, keep: Callable[[datetime], bool]) -> Rows:
        """Drop the rows whose instant is outside; ``keep`` is true for one range of instants."""
        known = self.known
        if not known or (keep(min(known)) and keep(max(known))):
            return self
        if len(known) == len(self.instants) and self.ordered:
            begin, end = 0, len(known)
            while begin < end and not keep(known[begin]):
                begin += 1
            while begin < end and not keep(known[end - 1]):
                end -= 1
            return Rows(self.records[begin:end], known[begin:end])
        kept = [index for index, instant in enumerate(self.instants) if instant is None or keep(instant)]
        return Rows([self.records[index] for index in kept], [self.instants[index] for index in kept])

    @property
    def known(self) -> list[datetime]:
        """The instants of the rows that have one."""
        return [instant for instant in self.instants if instant is not None]

    @property
    def ordered(self) -> bool:
        """Whether the instants ascend."""
        known = self.known
        return all(map(le, known, itertools.islice(known, 1, None)))


class RowMaker:
    """Makes rows of answers, and pages of rows.

    Args:
        stream: The name that RECORD messages carry.
        version: The version that they carry in a full-table run, if any.
        projection: The fast way to the same records, if there is one.
        encode: False where the SDK writes the messages, so that pages hold records and not lines.
    """

    def __init__(  # noqa: PLR0913 - what a record is made of
        self,
        stream: str,
        shape: Shape,
        flattener: Flattener,
        replication_key: str | None,
        *,
        version: int | None,
        encode: bool,
        projection: Projection | None = None,
    ) -> None:
        self._stream = stream
        self._shape = shape
        self._flattener = flattener
        self._replication_key = replication_key
        self._version = version
        self._encode = encode
        self._projection = projection

    def parse(self, body: bytes) -> Document:
        """Read an answer, by the compiled types where they fit.

        Raises:
            UnreadableBodyError: The body is no JSON object.
        """
        found = self._projection.parse(body) if self._projection else None
        return parse_document(body) if found is None else found

    def rows(self, document: Document, context: Context) -> Rows:
        """Flatten an answer."""
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
        known = rows.known
        lines = self._lines(rows.records) if self._encode else b""
        return Page(
            count=len(rows.records),
            lines=lines,
            records=[] if self._encode else plain(rows.records),
            newest=max(known, default=None),
            oldest=min(known, default=None),
            ordered=rows.ordered,
            finished_parent=finished_parent,
            size=len(lines) or _RECORD_OVERHEAD * len(rows.records),
        )

    def _instant(self, record: Record) -> datetime | None:
        value = record.get(self._replication_key) if self._replication_key else None
        return parse_instant(value) if isinstance(value, str) else None

    def _lines(self, records: Sequence[Record]) -> bytes:
        extracted = datetime.now(UTC).isoformat()
        messages = [_Message("RECORD", self._stream, record, self._version, extracted) for record in records]
        try:
            return _encoder.encode_lines(messages)
        except UnicodeEncodeError:
            # A lone surrogate is not UTF-8; escaped it can be written, and read again.
            texts = (json.dumps(_plain(msgspec.structs.asdict(message))) for message in messages)
            return b"".join(f"{text}\n".encode() for text in texts)


class _Message(msgspec.Struct, omit_defaults=True, gc=False):
    """A RECORD message; without a version the member is left out."""

    type: str
    stream: str
    record: Any
    version: int | None = None
    time_extracted: str | None = None


_encoder = msgspec.json.Encoder()


def plain(records: Sequence[Any]) -> list[Record]:
    """Return the records with their raw JSON decoded."""
    return [_plain(record) for record in records]


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return decoded(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
