"""Records of a custom stream, cast and projected, ready to be written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.records.page import Page
from tap_klaviyo.records.rows import Rows
from tap_klaviyo.streams.custom.schema import MisfitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tap_klaviyo.records.columns import Chosen
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.record_selector import Context
    from tap_klaviyo.streams.custom.types import Cast

_RECORD_OVERHEAD = 600  # bytes that a record of Python objects takes, roughly


@dataclass(frozen=True, slots=True)
class RecordMaker:
    """Makes records of what a parser found, and pages of records.

    ``chosen`` are the selected columns and ``unselected`` the names of the others; what has no column, in a stream
    without a schema, passes. ``encode`` is false where the SDK writes the messages.
    """

    stream: str
    cast: Cast
    chosen: Sequence[Chosen]
    unselected: frozenset[str]
    primary_keys: Sequence[str]
    replication_key: str | None
    version: int | None
    encode: bool
    _within: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        within = {choice.column.name: choice.within for choice in self.chosen if choice.within is not None}
        object.__setattr__(self, "_within", within)

    def rows(self, document: Document, context: Context) -> Rows:
        """Return the records of an answer; ``context`` holds the columns that the request says."""
        records = [self._record(resource.attributes or {}, context) for resource in document.data]
        return Rows(records, [self._instant(record) for record in records])

    def _record(self, found: Mapping[str, Any], context: Context) -> dict[str, Any]:
        if self.replication_key is not None and self.replication_key not in found:
            msg = (
                f"a record of '{self.stream}' has no '{self.replication_key}', the replication key; name one that "
                f"stands at the top of the records (flatten_attributes brings attributes there)"
            )
            raise MisfitError(msg)
        record = {**self.cast(found), **context}
        for key in self.primary_keys:
            if record.get(key) is None:
                msg = f"a record of '{self.stream}' has no '{key}', a primary key; name others in primary_keys"
                raise MisfitError(msg)
        for name in self.unselected:
            record.pop(name, None)
        for name, within in self._within.items():
            if name in record:
                record[name] = projected(record[name], within)
        return record

    def _instant(self, record: Mapping[str, Any]) -> datetime | None:
        value = record.get(self.replication_key) if self.replication_key else None
        return parse_instant(value) if isinstance(value, str) else None

    def page(self, rows: Rows) -> Page:
        """Turn rows into something to write."""
        known = [instant for instant in rows.instants if instant is not None]
        lines = b"".join(self._lines(rows.records)) if self.encode else b""
        return Page(
            count=len(rows.records),
            lines=lines,
            records=[] if self.encode else list(rows.records),
            newest=max(known, default=None),
            oldest=min(known, default=None),
            ordered=rows.ordered,
            size=len(lines) or _RECORD_OVERHEAD * len(rows.records),
        )

    def _lines(self, records: Sequence[Mapping[str, Any]]) -> Iterable[bytes]:
        extracted = datetime.now(UTC).isoformat()
        version = {} if self.version is None else {"version": self.version}
        for record in records:
            message = {
                "type": "RECORD",
                "stream": self.stream,
                "record": record,
                **version,
                "time_extracted": extracted,
            }
            try:
                yield _encoder.encode(message) + b"\n"
            except UnicodeEncodeError:
                # A lone surrogate is not UTF-8; escaped it can be written, and read again.
                yield f"{json.dumps(message, default=_number)}\n".encode()


_encoder = msgspec.json.Encoder(decimal_format="number")


def _number(value: Any) -> float:
    return float(value) if isinstance(value, Decimal) else value


def projected(value: Any, within: Mapping[str, Any] | None) -> Any:
    """Return an object with the chosen members alone; all of it where ``within`` is None."""
    if within is None or not isinstance(value, dict):
        return value
    return {name: projected(value[name], inner) for name, inner in within.items() if name in value}
