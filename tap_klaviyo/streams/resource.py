"""What a stream class declares, and what its declaration comes to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.streams.core import Stream

from tap_klaviyo import contract
from tap_klaviyo.records.build_columns import Columns, Variant, build, offer
from tap_klaviyo.records.columns import KEY, Column, Constant
from tap_klaviyo.records.stream_options import StreamOptions, parse_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.records.record_selector import Member
    from tap_klaviyo.records.selection import Node
    from tap_klaviyo.streams.base import KlaviyoStream
    from tap_klaviyo.tap import TapKlaviyo

ACCOUNT_ID = "account_id"
FULL_TABLE = "FULL_TABLE"


@dataclass(frozen=True, slots=True)
class FallbackTo:
    """The endpoint that is asked a parent at a time where an include lacks an attribute."""

    path: str
    attribute: str


@dataclass(frozen=True, slots=True)
class LinkedFrom:
    """A column that only another stream's list can fill: the id of the resource whose relationship names the record."""

    column: str
    stream: type[KlaviyoStream]
    relationship: str


class Declared(Stream):
    """A stream as its class declares it, and the columns that follow from that."""

    # Records are conformed already; the SDK's own conformance stumbles over free-form objects inside arrays.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    path: ClassVar[str]
    """The endpoint, as the contract names it."""
    primary_keys: Sequence[str] = ("id",)
    replication_key: str | None = None
    is_sorted = False
    """Whether the answers ascend by the replication key, so that the bookmark may follow the rows.

    Only where a listing is long enough to be broken off: order that fails to be kept costs rows then.
    """

    id_column: ClassVar[str] = "id"
    """The name of the resource's id in the records; link tables name it after its type."""
    attributes: ClassVar[tuple[str, ...] | None] = None
    """The attributes that become columns; None is all of them."""
    additional_fields: ClassVar[tuple[str, ...]] = ()
    """Additional fields that are asked for unless `stream_options` names others."""
    linked: ClassVar[tuple[str, ...]] = ()
    """To-one relationships that come with their linkage, without an include."""
    extra_columns: ClassVar[tuple[Column, ...]] = ()

    variants: ClassVar[tuple[Variant, ...]] = (Variant(),)
    """The requests that together make up the stream."""
    parent: ClassVar[type[KlaviyoStream] | None] = None
    """The stream whose ids fill the path: one chain of requests a parent."""
    parent_column: ClassVar[str | None] = None
    inherited_columns: ClassVar[tuple[str, ...]] = ()
    """Columns that the parent's own records say: the parent's parent."""
    via: ClassVar[str | None] = None
    """The include of the endpoint that carries the records, where they are not its primary data."""
    via_type: ClassVar[str | None] = None
    via_column: ClassVar[str | None] = None
    """The column that gets the id of the resource that carries the record."""
    linkage_only: ClassVar[bool] = False
    """Whether the linkage is all that the records hold: a link table."""
    fallback: ClassVar[FallbackTo | None] = None
    member: ClassVar[Member | None] = None
    """Where each object of a list inside an attribute is a record."""
    linked_from: ClassVar[LinkedFrom | None] = None

    cursor: ClassVar[str | None] = None
    """The field to filter and sort by, where it is not named like the replication key."""
    earliest: ClassVar[datetime | None] = None
    """The lower bound of a first sync, where the endpoint needs one."""
    windowed: ClassVar[bool] = False
    """Whether the range is read in windows, many at once."""
    bounded: ClassVar[bool] = False
    """Whether `start_date` and `end_date` apply; dimensions are read whole first."""
    undated: ClassVar[bool] = False
    """Whether rows without a replication value are expected, so that every sync looks for them."""
    future_dated: ClassVar[bool] = False
    late: ClassVar[bool] = False
    """Whether rows appear long after their own date, so that the lookback applies."""
    newest_first: ClassVar[bool] = False
    """Whether the endpoint can only be sorted, not filtered, by the replication key: read until the first old row."""

    _tap: TapKlaviyo
    _nodes: Mapping[str, Node] | None = None

    def __init__(self, tap: TapKlaviyo, name: str | None = None) -> None:
        self.declared_replication_key = self.replication_key
        self._account_column = bool(tap.config.get("include_account_id"))
        self.columns = self._build_columns(tap)
        if self._account_column:
            self.primary_keys = (ACCOUNT_ID, *self.primary_keys)
        super().__init__(tap, schema=self.record_schema(), name=name)

    # What the declaration comes to

    @cached_property
    def endpoint(self) -> Endpoint:
        """The contract's endpoint."""
        return contract.endpoint(self.path)

    @cached_property
    def detail_endpoint(self) -> Endpoint | None:
        """The endpoint of one object, where there is one."""
        return contract.endpoints().get(("GET", f"{self.path}/{{id}}"))

    @cached_property
    def record_type(self) -> str:
        """The JSON:API type that the records are made of."""
        return self.via_type or str(self.endpoint.resource)

    def _build_columns(self, tap: TapKlaviyo) -> list[Column]:
        constants = [self.parent_column, *self.inherited_columns, self.via_column]
        constants += self.member.columns if self.member else ()
        constants += [self.linked_from.column] if self.linked_from else []
        varying = dict.fromkeys(name for variant in self.variants for name in variant.columns)
        declared = Columns(
            record_type=self.record_type,
            id_column=self.id_column,
            keys=tuple(type(self).primary_keys),
            replication_key=self.declared_replication_key,
            constants=(*(name for name in constants if name), *varying),
            attributes=self.attributes,
            linked=self.linked,
            extra=self.extra_columns,
            always=self.additional_fields,
            via=self.via,
            apart=contract.endpoint(self.fallback.path) if self.fallback else None,
        )
        raw = (tap.config.get("stream_options") or {}).get(self.name)
        offered = offer(declared, self.endpoint, self.detail_endpoint)
        self.options = StreamOptions() if raw is None else parse_options(self.name, raw, offered)
        columns = build(declared, self.endpoint, self.detail_endpoint, self.options)
        return [Column(ACCOUNT_ID, KEY, Constant()), *columns] if self._account_column else columns

    def record_schema(self) -> dict[str, Any]:
        """Return the schema of the records."""
        return {"type": "object", "properties": {column.name: column.schema for column in self.columns}}
