"""What the setting `stream_options` says of a stream, and what it may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.records.field_tree import tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_klaviyo.contract import FilterField
    from tap_klaviyo.records.field_tree import Within


@dataclass(frozen=True, slots=True)
class Offer:
    """What a stream's options may ask for.

    ``fields`` are the names by type; ``types`` those types that come without being included on request; ``include``
    leads from an include to its type; ``always`` are additional fields that come unless others are named.
    """

    record_type: str
    types: frozenset[str]
    fields: Mapping[str, frozenset[str]]
    additional_fields: frozenset[str]
    always: tuple[str, ...]
    include: Mapping[str, str]
    filters: Mapping[str, FilterField]
    page_size: int | None
    free_form: tuple[str, ...] = ()
    """Attributes that hold what users put there."""


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What `stream_options` says of one stream."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    additional_fields: tuple[str, ...] | None = None
    filter: str | None = None
    metrics: tuple[str, ...] = ()
    """The ids or names of metrics whose events are read; empty where all are."""
    exclude_metrics: tuple[str, ...] = ()
    page_size: int | None = None
    start_date: datetime | None = None
    """In place of the setting of that name."""
    free_form: str = ""
    """The attribute that ``property_columns`` are made of."""
    property_columns: Mapping[str, Any] = field(default_factory=dict)
    """As they were written: by the name of the column, what it is made of."""

    @property
    def leave_rows_out(self) -> bool:
        """Whether rows that are there are not read."""
        return bool(self.filter or self.metrics or self.exclude_metrics)

    def tree(self, resource_type: str) -> Within | None:
        """Return the attributes of a type that `fields` leaves in, and the members of them; None where all stay."""
        names = self.fields.get(resource_type)
        return None if names is None else tree(names)
