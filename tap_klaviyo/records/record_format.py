"""In which form the records of a stream leave a page: encoded RECORD messages, or dicts that the SDK goes on with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tap_klaviyo.records.jsonapi import decoded
from tap_klaviyo.records.page import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_klaviyo.records.rows import Rows

_RECORD_OVERHEAD = 600  # bytes that a record of Python objects takes beside its strings, roughly


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """How one stream's records are written in one sync, chosen once.

    ``version`` is what RECORD messages carry in a versioned read. ``encoded`` is false if the SDK has to see each
    record: with stream maps, flattening or batches.
    """

    stream: str
    encoded: bool = False
    version: int | None = None

    def page(self, rows: Rows, *, finished_parent: str | None = None) -> Page:
        """Turn rows into something to write."""
        known = rows.known
        lines = self._lines(rows.records) if self.encoded else b""
        return Page(
            count=len(rows.records),
            lines=lines,
            records=[] if self.encoded else plain(rows.records),
            newest=max(known, default=None),
            oldest=min(known, default=None),
            ordered=rows.ordered,
            finished_parent=finished_parent,
            size=len(lines) or _RECORD_OVERHEAD * len(rows.records),
        )

    def _lines(self, records: Sequence[Any]) -> bytes:
        extracted = datetime.now(UTC).isoformat()
        messages = [_Message("RECORD", self.stream, record, self.version, extracted) for record in records]
        try:
            return _encoder.encode_lines(messages)
        except UnicodeEncodeError:
            # A lone surrogate is not UTF-8; escaped it can be written, and read again.
            texts = (json.dumps(_plain(msgspec.structs.asdict(message)), default=_number) for message in messages)
            return b"".join(f"{text}\n".encode() for text in texts)


class _Message(msgspec.Struct, omit_defaults=True, gc=False):
    """A RECORD message; without a version the member is left out."""

    type: str
    stream: str
    record: Any
    version: int | None = None
    time_extracted: str | None = None


_encoder = msgspec.json.Encoder(decimal_format="number")


def _number(value: Any) -> float:
    return float(value) if isinstance(value, Decimal) else value


def plain(records: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the records with their raw JSON decoded."""
    return [_plain(record) for record in records]


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return decoded(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
