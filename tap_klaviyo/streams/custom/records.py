"""Records of a custom stream, cast and projected, ready to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.records.flatten import retyping
from tap_klaviyo.records.jsonapi import decoded
from tap_klaviyo.records.rows import Rows
from tap_klaviyo.streams.custom.schema import MisfitError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from tap_klaviyo.records.columns import Chosen
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.records.record_format import RecordFormat
    from tap_klaviyo.records.record_selector import Context
    from tap_klaviyo.streams.custom.types import Cast


@dataclass(frozen=True, slots=True)
class RecordMaker:
    """Makes records of what a parser found, and pages of records.

    ``until`` is the end of what is read: a row that is dated ahead of it is written, and says nothing of the past.
    ``chosen`` are the selected columns and ``unselected`` the names of the others; what has no column, in a stream
    without a schema, passes.
    """

    stream: str
    cast: Cast
    chosen: Sequence[Chosen]
    unselected: frozenset[str]
    primary_keys: Sequence[str]
    replication_key: str | None
    until: datetime
    record_format: RecordFormat
    odd: Callable[[str], None]
    """Is told of a column whose value does not fit the type that the catalog gives it."""
    _within: Mapping[str, Any] = field(init=False)
    _retyping: Mapping[str, Callable[[Any], Any]] = field(init=False)

    def __post_init__(self) -> None:
        within = {choice.column.name: choice.within for choice in self.chosen if choice.within is not None}
        converting = {choice.column.name: retyping(choice, self.odd) for choice in self.chosen}
        object.__setattr__(self, "_within", within)
        object.__setattr__(self, "_retyping", {name: convert for name, convert in converting.items() if convert})

    def rows(self, document: Document, context: Context) -> Rows:
        """Return the records of a response; ``context`` holds the columns that the request says."""
        records = [self._record(resource.attributes or {}, context) for resource in document.data]
        return Rows(records, [self._instant(record) for record in records])

    def _record(self, found: Mapping[str, Any], context: Context) -> dict[str, Any]:
        if self.replication_key is not None and self.replication_key not in found:
            msg = (
                f"a record of '{self.stream}' has no '{self.replication_key}', its replication_key; choose a field at "
                "the top level of the records (flatten_attributes moves attributes there)"
            )
            raise MisfitError(msg)
        record = {**self.cast(found), **context}
        for key in self.primary_keys:
            if record.get(key) is None:
                msg = f"a record of '{self.stream}' has no '{key}', one of its primary_keys; choose others"
                raise MisfitError(msg)
        for name in self.unselected:
            record.pop(name, None)
        for name, within in self._within.items():
            if name in record:
                record[name] = projected(record[name], within)
        for name, convert in self._retyping.items():
            if name in record:
                record[name] = convert(decoded(record[name]))
        return record

    def _instant(self, record: Mapping[str, Any]) -> datetime | None:
        value = record.get(self.replication_key) if self.replication_key else None
        instant = parse_instant(value) if isinstance(value, str) else None
        return instant if instant is None or instant <= self.until else None

    def page(self, rows: Rows) -> Page:
        """Turn rows into something to write."""
        return self.record_format.page(rows)


def projected(value: Any, within: Mapping[str, Any] | None) -> Any:
    """Return an object with the chosen members alone; all of it where ``within`` is None."""
    if within is None or not isinstance(value, dict):
        return value
    return {name: projected(value[name], inner) for name, inner in within.items() if name in value}
