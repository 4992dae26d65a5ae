"""How streams refer to each other, read from their declarations: what a diagram or a database's tests are made of."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tap_klaviyo import contract
from tap_klaviyo.records.columns import Linked, id_column, snake
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.tap import TapKlaviyo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_klaviyo.records.columns import Column
    from tap_klaviyo.streams.base import BaseStream

_ID = "_id"
# In every recorded row of a values report it equals `campaign_id`, which is what joins.
_NOT_JOINED = frozenset({("campaign_values_report", "campaign_message_id")})


@dataclass(frozen=True)
class Reference:
    """A column that holds the id of another stream's record.

    ``inherent``: the record was read by way of that other record, so the two come together. Otherwise the other may be
    gone by now (events outlive profiles), or not have been read yet.
    """

    column: str
    stream: str
    inherent: bool


@dataclass(frozen=True)
class Table:
    """A stream as a table: its key, its columns by name, and what they refer to; `group` is its API category."""

    name: str
    group: str
    description: str
    keys: tuple[str, ...]
    columns: Mapping[str, dict[str, Any]]
    references: tuple[Reference, ...]
    on_by_default: bool

    @property
    def headline(self) -> str:
        """The first sentence of the description: what one record is."""
        return self.description.partition(". ")[0].partition("\n")[0].removesuffix(".") + "."


@cache
def tables() -> dict[str, Table]:
    """Return all streams that there are without a setting, by name."""
    tap = TapKlaviyo(config={}, parse_env_config=False, validate_config=False)
    streams = {stream.name: stream for stream in tap.klaviyo_streams()}
    singulars = _singulars(streams)
    return {
        stream.name: Table(
            stream.name,
            _group(stream),
            inspect.getdoc(type(stream)) or "",
            tuple(stream.primary_keys),
            {column.name: column.schema for column in stream.columns},
            tuple(_references(stream, singulars)),
            stream.selected_by_default,
        )
        for stream in streams.values()
    }


def _group(stream: BaseStream) -> str:
    """Return the name of the module that declares the stream, or of its package if it has one of its own."""
    return type(stream).__module__.removeprefix("tap_klaviyo.streams.").partition(".")[0]


def _singulars(streams: Mapping[str, BaseStream]) -> dict[str, str]:
    """Return streams by what one record is; of two models of campaigns the older one, which events and reports name."""
    found: dict[str, str] = {}
    for facts in map(contract.revision, contract.revisions()):
        for kind in facts.types():
            if facts.schema_name(kind) in streams:
                found.setdefault(snake(kind), facts.schema_name(kind))
    return found


def _references(stream: BaseStream, singulars: Mapping[str, str]) -> Iterator[Reference]:
    inherent: set[str | None] = set()
    if isinstance(stream, KlaviyoStream):
        inherent = {stream.parent_column, stream.via_column, *stream.inherited_columns}
    for column in stream.columns:
        found = _referred(stream, column, singulars)
        if found is not None:
            yield Reference(column.name, found, column.name in inherent)


def _referred(stream: BaseStream, column: Column, singulars: Mapping[str, str]) -> str | None:
    """Return the stream whose ids a column holds; ``conversion_metric_id`` ends in the name of what it refers to."""
    if isinstance(stream, KlaviyoStream):
        carrier = stream.spec.columns.contract.schema_name(stream.endpoint.resource) if stream.via else None
        inherent = {stream.parent_column: stream.spec.parent, stream.via_column: carrier}
        if stream.linked_from is not None:
            inherent[stream.linked_from.column] = stream.linked_from.stream
        if column.name in inherent:
            return inherent[column.name]
        # Under a name of its own a column follows that name: attributions name campaigns of the older model.
        if isinstance(column.source, Linked) and column.name == id_column(column.source.relationship):
            return None if column.source.many else stream.spec.columns.contract.schema_name(column.source.type)
    if (stream.name, column.name) in _NOT_JOINED or not column.name.endswith(_ID):
        return None
    words = column.name.removesuffix(_ID).split("_")
    endings = ("_".join(words[start:]) for start in range(len(words)))
    return next((singulars[ending] for ending in endings if ending in singulars), None)
