"""Rows without a replication value: no filter brings them, and they stand at one end of the order."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tap_klaviyo.pagination.reader import Segment, Step
from tap_klaviyo.records.record_format import plain
from tap_klaviyo.records.rows import Rows

if TYPE_CHECKING:
    from tap_klaviyo.pagination.chain import Makes
    from tap_klaviyo.pagination.link import Link
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.records.record_selector import Context

# More rows without a date than this may come twice: what is remembered of them has a bound.
_REMEMBERED = 100_000


class Once:
    """A maker of pages that lets each row without a replication value through once, whoever reads it first.

    No bound can be held against such a row: where Klaviyo sends one without its attributes, it may be in the
    listing without a filter, in two windows whose filters overlap, and at the end of a page that is read again.
    """

    def __init__(self, maker: Makes) -> None:
        self._maker = maker
        self._seen: set[bytes] = set()
        self._lock = threading.Lock()

    def rows(self, document: Document, context: Context) -> Rows:
        """Return the records of a response."""
        return self._maker.rows(document, context)

    def page(self, rows: Rows) -> Page:
        """Turn rows into something to write, but for those that have been."""
        if all(rows.instants):
            return self._maker.page(rows)
        kept = [
            index
            for index, instant in enumerate(rows.instants)
            if instant is not None or self._is_new(rows.records[index])
        ]
        return self._maker.page(Rows([rows.records[index] for index in kept], [rows.instants[index] for index in kept]))

    def _is_new(self, record: Any) -> bool:
        try:
            content = msgspec.json.encode(record)
        except UnicodeEncodeError:  # a lone surrogate
            content = json.dumps(plain([record])).encode()
        digest = hashlib.blake2b(content, digest_size=16).digest()
        with self._lock:
            if digest in self._seen:
                return False
            if len(self._seen) < _REMEMBERED:
                self._seen.add(digest)
            return True


@dataclass(slots=True)
class Undated(Segment):
    """The rows without a replication value at the beginning of an unfiltered, sorted listing.

    Klaviyo does not say at which end of an order it puts them: where they are not at this one, ``other_end`` is the
    listing in the opposite order.
    """

    source: Source
    maker: Makes
    link: Link
    context: Context
    other_end: Undated | None = None

    def read(self) -> Step:
        """Read one page; go on only while there is nothing but such rows."""
        document, following = self.link.read(self.source)
        rows = self.maker.rows(document, self.context)
        page = self.maker.page(rows.where(lambda _: False))
        if following is not None and all(instant is None for instant in rows.instants):
            other_end = None if rows.instants else self.other_end
            return Step(page, [Undated(self.source, self.maker, following, self.context, other_end)])
        found = bool(rows.instants) and rows.instants[0] is None
        return Step(page, [self.other_end] if self.other_end is not None and not found else [])
