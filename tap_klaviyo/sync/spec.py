"""A stream's declaration, resolved against the contract: what it reads, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.pagination.link import Link
from tap_klaviyo.records.build_columns import Columns, Variant
from tap_klaviyo.records.record_selector import Shape

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.records.record_selector import Lookup, Member
    from tap_klaviyo.sync.changes import Childless


@dataclass(frozen=True, slots=True)
class FallbackTo:
    """The endpoint that is asked one parent at a time if an include lacks an attribute."""

    path: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """A `FallbackTo` with its endpoint."""

    endpoint: Endpoint
    attribute: str


@dataclass(frozen=True, slots=True)
class LinkedFrom:
    """A column that only another stream's list can fill: the id of the resource whose relationship names the record."""

    column: str
    stream: str
    relationship: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What one declared stream reads; the members are those of `KlaviyoStream`, with endpoints in place of paths."""

    name: str
    columns: Columns
    endpoint: Endpoint
    detail: Endpoint | None
    """The endpoint of one object, if there is one."""
    replication_key: str | None = None
    cursor: str | None = None
    """The field to filter and sort by."""
    variants: tuple[Variant, ...] = (Variant(),)
    parent: str | None = None
    parent_column: str | None = None
    via_column: str | None = None
    via_timestamp: str | None = None
    linkage_only: bool = False
    fallback: Fallback | None = None
    member: Member | None = None
    linked_from: LinkedFrom | None = None
    earliest: datetime | None = None
    windowed: bool = False
    undated: bool = False
    new_by: str | None = None
    future_dated: bool = False
    newest_first: bool = False
    swept: bool = False
    unsettled: tuple[str, ...] = ()
    childless: Childless | None = None
    paginator: type[Link] = Link

    @property
    def record_type(self) -> str:
        """The JSON:API type that the records are made of."""
        return self.columns.record_type

    @property
    def via(self) -> str | None:
        """The include that carries the records, if they are not the primary data."""
        return self.columns.via

    def shape(self, lookup: Lookup | None = None, handed_down: tuple[str, ...] = ()) -> Shape:
        """Return where the records are in a response."""
        return Shape(self.via, self.via_column, self.linkage_only, self.member, lookup, handed_down, self.via_timestamp)
