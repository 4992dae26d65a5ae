"""A stream of one of Klaviyo's resources: what its class declares, and how it is read follows from that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from tap_klaviyo import contract
from tap_klaviyo.config.stream_options import parse_options
from tap_klaviyo.pagination.link import Link
from tap_klaviyo.records.build_columns import Columns, Variant, build, offer
from tap_klaviyo.records.flatten import Flattener
from tap_klaviyo.records.projection import Projection
from tap_klaviyo.records.record_selector import Member, Shape
from tap_klaviyo.records.row_maker import RowMaker
from tap_klaviyo.records.stream_options import StreamOptions
from tap_klaviyo.streams.base import BaseStream
from tap_klaviyo.streams.property_columns import with_property_columns
from tap_klaviyo.sync.changes import Childless
from tap_klaviyo.sync.parents import SpecListing
from tap_klaviyo.sync.plan import Plan
from tap_klaviyo.sync.policy import ACTIVE, Policy, with_full_reads
from tap_klaviyo.sync.range import Range, decide
from tap_klaviyo.sync.spec import Fallback, FallbackTo, LinkedFrom, Spec

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.contract import Contract, Endpoint
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.records.columns import Column
    from tap_klaviyo.sync.parents import Listing
    from tap_klaviyo.sync.saved import Saved
    from tap_klaviyo.sync.stream_sync import StreamSync

__all__ = ["Childless", "FallbackTo", "KlaviyoStream", "LinkedFrom", "Member", "Variant"]


class KlaviyoStream(BaseStream):
    """A stream of one endpoint. A subclass declares what it reads, in five to ten lines."""

    path: ClassVar[str]
    """The endpoint, as the contract names it."""
    revision: ClassVar[str | None] = None
    """The revision of Klaviyo's API that is asked, if it is not the newest."""

    id_column: ClassVar[str] = "id"
    """The name of the resource's id in the records; link tables name it after its type."""
    attributes: ClassVar[tuple[str, ...] | None] = None
    """The attributes that become columns; None is all of them."""
    additional_fields: ClassVar[tuple[str, ...]] = ()
    """Additional fields that are asked for unless `stream_options` names others."""
    linked: ClassVar[tuple[str, ...]] = ()
    """To-one relationships that come with their linkage, without an include."""
    unfolded: ClassVar[tuple[str, ...]] = ()
    """Members of attributes that become columns of their own, as paths in dots: `definition.name`."""
    extra_columns: ClassVar[tuple[Column, ...]] = ()

    variants: ClassVar[tuple[Variant, ...]] = (Variant(),)
    """The requests that together make up the stream."""
    parent: ClassVar[type[BaseStream] | None] = None
    """The stream whose ids fill the path: one chain of requests per parent."""
    parent_column: ClassVar[str | None] = None
    inherited_columns: ClassVar[tuple[str, ...]] = ()
    """Columns that the parent's own records say: the parent's parent."""
    via: ClassVar[str | None] = None
    """The include of the endpoint that carries the records, if they are not its primary data."""
    via_type: ClassVar[str | None] = None
    via_column: ClassVar[str | None] = None
    """The column that gets the id of the resource that carries the record."""
    via_timestamp: ClassVar[str | None] = None
    """The date-time of that resource which the records are dated by; it becomes a column of its name."""
    linkage_only: ClassVar[bool] = False
    """Whether the linkage is all that the records hold: a link table."""
    fallback: ClassVar[FallbackTo | None] = None
    member: ClassVar[Member | None] = None
    """Set if each object of a list inside an attribute is a record."""
    linked_from: ClassVar[LinkedFrom | None] = None
    paginator: ClassVar[type[Link]] = Link
    """How one page leads to the next."""

    cursor: ClassVar[str | None] = None
    """The field to filter and sort by, if it is not named like the replication key."""
    earliest: ClassVar[datetime | None] = None
    """The lower bound of a first sync, if the endpoint needs one."""
    windowed: ClassVar[bool] = False
    """Whether the range is read in windows, many at once."""
    undated: ClassVar[bool] = False
    """Whether rows without a replication value are expected, so that sweeps look for them."""
    new_by: ClassVar[str | None] = None
    """What sweeps find new rows without a replication value by, if no end of the order shows them."""
    future_dated: ClassVar[bool] = False
    late: ClassVar[bool] = False
    """Whether rows appear long after their own date, so that the lookback applies."""
    newest_first: ClassVar[bool] = False
    """Whether the endpoint can only be sorted, not filtered, by the replication key: read until the first old row."""

    swept: ClassVar[bool] = False
    """Whether rows change or appear without their date moving: then a sweep asks for everything, and between two sweeps
    what is known not to have changed is not asked for, nor children of parents that did not change."""
    unsettled: ClassVar[tuple[str, ...]] = ()
    """Filters for records whose children may change without the record's date moving: these are asked in every sync."""
    childless: ClassVar[Childless | None] = None
    """Which records are known to have no children."""

    # What the declaration comes to

    @cached_property
    def spec(self) -> Spec:
        """The declaration, resolved against the contract."""
        facts = contract.revision(self.revision) if self.revision else contract.newest()
        endpoint = facts.endpoint(self.path)
        fallback = Fallback(facts.endpoint(self.fallback.path), self.fallback.attribute) if self.fallback else None
        return Spec(
            name=self.name,
            columns=self._declared_columns(facts, endpoint, fallback),
            endpoint=endpoint,
            detail=facts.endpoints().get(("GET", f"{self.path}/{{id}}")),
            replication_key=self.declared_replication_key,
            cursor=self.cursor or self.declared_replication_key,
            variants=self.variants,
            parent=self.parent.name if self.parent else None,
            parent_column=self.parent_column,
            via_column=self.via_column,
            via_timestamp=self.via_timestamp,
            linkage_only=self.linkage_only,
            fallback=fallback,
            member=self.member,
            linked_from=self.linked_from,
            earliest=self.earliest,
            windowed=self.windowed,
            undated=self.undated,
            new_by=self.new_by,
            future_dated=self.future_dated,
            newest_first=self.newest_first,
            swept=self.swept,
            unsettled=self.unsettled,
            childless=self.childless,
            paginator=self.paginator,
        )

    def _declared_columns(self, facts: Contract, endpoint: Endpoint, fallback: Fallback | None) -> Columns:
        constants = [self.parent_column, *self.inherited_columns, self.via_column, self.via_timestamp]
        constants += self.member.columns if self.member else ()
        constants += [self.linked_from.column] if self.linked_from else []
        return Columns(
            contract=facts,
            record_type=self.via_type or str(endpoint.resource),
            id_column=self.id_column,
            keys=tuple(type(self).primary_keys),
            replication_key=self.declared_replication_key,
            constants=(*filter(None, constants), *dict.fromkeys(name for one in self.variants for name in one.columns)),
            attributes=self.attributes,
            linked=self.linked,
            unfolded=self.unfolded,
            extra=self.extra_columns,
            always=self.additional_fields,
            via=self.via,
            apart=fallback.endpoint if fallback else None,
        )

    @cached_property
    def options(self) -> StreamOptions:
        """What `stream_options` says of the stream.

        Raises:
            SettingsError: It says what the endpoint does not allow.
        """
        raw, spec = self.session.settings.stream_options.get(self.name), self.spec
        if raw is None:
            return StreamOptions()
        return parse_options(self.name, raw, offer(spec.columns, spec.endpoint, spec.detail), bounded=self.bounded)

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that is asked."""
        return self.spec.endpoint

    @property
    def fan_out(self) -> bool:
        """Whether the stream is read one parent at a time."""
        return self.parent is not None

    @property
    def parallel(self) -> bool:
        """Whether several requests may be in flight."""
        return self.windowed or self.fan_out or self.spec.detail is not None

    @property
    def filtered(self) -> bool:
        """Whether the settings leave rows out that are there."""
        return self.options.leave_rows_out

    def question(self) -> dict[str, str]:
        """Return what decides which rows there are."""
        return {"filter": self.options.filter} if self.options.filter else {}

    def build_columns(self) -> list[Column]:
        """Return the columns, keys first."""
        columns = build(self.spec.columns, self.spec.endpoint, self.spec.detail, self.options)
        return with_property_columns(columns, self.name, self.options)

    def policy(self) -> Policy:
        """Return how the stream is read incrementally, with the settings applied."""
        settings, retention = self.session.settings, self.endpoint.retention_days
        policy = Policy(
            start=(self.options.start_date or settings.start_date) if self.bounded else None,
            end=settings.end_date if self.bounded else None,
            open_first=not self.windowed,
            future_dated=self.future_dated,
            lookback=timedelta(days=settings.lookback_days) if self.late and settings.lookback_days else None,
            lookback_every=timedelta(hours=settings.lookback_every_hours),
            retention=timedelta(days=retention) if retention else None,
            sweep_every=timedelta(hours=settings.sweep_every_hours) if self.swept else None,
            sweeps_whole=not (self.windowed or (self.fan_out and self.late)),
            active_for=ACTIVE if self.fan_out and self.late and self.swept else None,
            by_parent=self.fan_out,
            keyed=self.declared_replication_key is not None,
            versioned=self.versioned,
        )
        return with_full_reads(policy, settings.stream_options, self.name, filtered=self.filtered)

    def range(self, saved: Saved, now: datetime) -> Range:
        """Return the range of this sync; while a fan-out is under way, its first run's."""
        return decide(saved, self.policy(), now)

    def segments(self, sync: StreamSync) -> list[Segment]:
        """Return what a sync reads, in the order of the records."""
        return self.plan(sync).segments()

    def plan(self, sync: StreamSync) -> Plan:
        """Return how the stream is read in a sync."""
        return Plan.of(self.spec, sync, self.options, lambda shape: self.row_maker(sync, shape))

    def row_maker(self, sync: StreamSync, shape: Shape) -> RowMaker:
        """Return what makes records of responses of a shape."""
        plain = sync.record_format.encoded and replace(shape, lookup=None) == Shape()
        return RowMaker(
            shape,
            Flattener(sync.chosen, self.session.sources.warn_odd(self.name)),
            self.declared_replication_key,
            sync.record_format,
            projection=Projection.of(sync.chosen, self.declared_replication_key, shape.lookup) if plain else None,
        )

    def listing(self) -> Listing:
        """Return what lists the ids, for the streams that are read one parent at a time."""
        return SpecListing(self.spec, self.session.sources, self.session.parent_ids)
