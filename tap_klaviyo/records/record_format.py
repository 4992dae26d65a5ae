"""In which form the records of a stream leave a page: encoded, as messages or for files, or dicts for a test run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from tap_klaviyo.records.jsonapi import decoded
from tap_klaviyo.records.nul import without_nul
from tap_klaviyo.records.page import Page, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tap_klaviyo.records.rows import Rows

_RECORD_OVERHEAD = 600  # bytes that a record of Python objects takes beside its strings, roughly


@dataclass(frozen=True, slots=True)
class Outlet:
    """A stream that the records of a stream leave in, and what is done to each of them on the way.

    ``change`` returns None for a record that does not leave; its values may be raw JSON, before and after.
    """

    stream: str
    change: Callable[[dict[str, Any]], Mapping[str, Any] | None] | None = None


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """How one stream's records are written in one sync, chosen once.

    ``version`` is what RECORD messages carry in a versioned read; a file's records carry none. ``encoded`` is false if
    the SDK has to see each record, as in a test run.
    """

    outlets: Sequence[Outlet]
    encoded: bool = False
    version: int | None = None
    in_files: bool = False
    mask: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    """What hides values, before anything else sees the records."""

    def page(self, rows: Rows, *, finished_parent: str | None = None) -> Page:
        """Turn rows into something to write."""
        oldest, newest = rows.ends or (None, None)
        records = rows.records if self.mask is None else self.mask(rows.records)
        parts = tuple(self._parts(records)) if self.encoded and records else ()
        return Page(
            count=len(rows.records),
            parts=parts,
            records=[] if self.encoded else plain(records),
            newest=newest,
            oldest=oldest,
            ordered=rows.ordered,
            finished_parent=finished_parent,
            size=sum(len(part.lines) for part in parts) if self.encoded else _RECORD_OVERHEAD * len(rows.records),
        )

    def _parts(self, records: Sequence[Any]) -> Iterator[Part]:
        for outlet in self.outlets:
            leaving = records if outlet.change is None else _changed(records, outlet.change)
            lines = self._lines(outlet.stream, leaving)
            # What the compiled types read is as Klaviyo sent it, and that has been looked at.
            is_as_sent = outlet.change is None and isinstance(records[0], msgspec.Struct)
            yield Part(outlet.stream, len(leaving), lines if is_as_sent else without_nul(lines))

    def _lines(self, stream: str, records: Sequence[Any]) -> bytes:
        if self.in_files:
            return _encoded(records)
        extracted = datetime.now(UTC).isoformat()
        return _encoded([_Message("RECORD", stream, record, self.version, extracted) for record in records])


def _changed(records: Sequence[Any], change: Callable[[dict[str, Any]], Mapping[str, Any] | None]) -> list[Any]:
    return [changed for record in records if (changed := change(_as_dict(record))) is not None]


def _encoded(items: Sequence[Any]) -> bytes:
    try:
        return _encoder.encode_lines(items)
    except UnicodeEncodeError:
        return _encoder.encode_lines([_escaped(item) for item in items])


class _Message(msgspec.Struct, omit_defaults=True, gc=False):
    """A RECORD message; without a version the member is left out."""

    type: str
    stream: str
    record: Any
    version: int | None = None
    time_extracted: str | None = None


# What an expression of a stream map made may be of any type.
_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


def _escaped(value: Any) -> Any:
    """Return a value whose lone surrogates can be written: they are no UTF-8, but escaped they are read again.

    All else stays as it is; numbers keep their digits.
    """
    match value:
        case str():
            return value if _is_unicode(value) else msgspec.Raw(json.dumps(value).encode())
        case _Message():
            return msgspec.structs.replace(value, record=_escaped(value.record))
        case list() | tuple():
            return [_escaped(item) for item in value]
        case dict() | msgspec.Struct():
            members = {key: _escaped(item) for key, item in _as_dict(value).items()}
            if all(map(_is_unicode, members)):
                return members
            pairs = (json.dumps(key).encode() + b":" + _encoder.encode(item) for key, item in members.items())
            return msgspec.Raw(b"{" + b",".join(pairs) + b"}")
    return value


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _as_dict(record: Any) -> dict[str, Any]:
    """Return a record as a dictionary, under the names that JSON has."""
    if isinstance(record, msgspec.Struct):
        return dict(zip(record.__struct_encode_fields__, msgspec.structs.astuple(record), strict=True))
    return dict(record)


def plain(records: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the records with their raw JSON decoded."""
    return [_plain(record) for record in records]


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return decoded(value)
    if isinstance(value, msgspec.Struct):
        value = _as_dict(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
