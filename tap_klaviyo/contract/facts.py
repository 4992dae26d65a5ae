"""The shapes of the contract's facts."""

from __future__ import annotations

from msgspec import Struct

_SLOW_STEADY = 150


class Limits(Struct, frozen=True):
    """Requests a second (burst), a minute (steady) and, where Klaviyo has such a quota, a day."""

    burst: int
    steady: int
    daily: int | None = None

    @property
    def slow(self) -> bool:
        """Whether they make a stream slow however small it is, so that it had better begin with the sync."""
        return self.steady <= _SLOW_STEADY


class ConditionalLimits(Struct, frozen=True):
    """The limits while ``parameter`` (``additional-fields[profile]``) names ``value`` (``predictive_analytics``)."""

    parameter: str
    value: str
    limits: Limits


class FilterField(Struct, frozen=True):
    """What a filter may do with one field.

    ``operators`` take one value, or none where ``type`` is ``none`` (``has(profile)``); ``list_operators`` take a list.
    """

    operators: tuple[str, ...]
    list_operators: tuple[str, ...]
    type: str
    format: str | None = None
    enum: tuple[str, ...] = ()


class Relationship(Struct, frozen=True):
    """What a relationship points to; ``linkage`` is false, and ``type`` empty, where responses hold links only."""

    type: str
    many: bool
    linkage: bool


class ResourceType(Struct, frozen=True):
    """What is known of one JSON:API type, wherever a response carries it.

    ``schema`` is its name as a stream and as a schema. ``scopes`` are those of its most direct endpoint, none if only
    other resources' responses carry it. ``unlisted_attributes`` come in every full response, and no sparse fieldset
    may name them; the value of ``volatile_attributes`` differs in every response although nothing has changed;
    ``omitted_attributes`` are missing where another resource includes the type, unless a sparse fieldset names them.
    """

    schema: str
    scopes: tuple[str, ...] = ()
    relationships: dict[str, Relationship] = {}
    unlisted_attributes: tuple[str, ...] = ()
    volatile_attributes: tuple[str, ...] = ()
    omitted_attributes: tuple[str, ...] = ()


class Report(Struct, frozen=True):
    """What one report, or the query for metric aggregates, may be asked.

    ``resource`` is the type of the request's data, ``attributes`` are all that it takes and ``required`` those that it
    must have. ``statistics`` (measurements of an aggregate) are by name the JSON type of their column.
    ``required_group_by`` must be in every ``group_by``, ``group_by_requires`` beside the grouping that they stand for;
    ``default_group_by`` is how rows are grouped where nothing is asked. ``timeframe_days`` is the longest time frame,
    ``interval_days`` the longest of an interval that allows less. ``earliest`` is the first day that has data.
    ``page_size`` is what a page holds unless the request says otherwise, None where it cannot say.
    """

    kind: str
    path: str
    resource: str
    attributes: tuple[str, ...]
    required: tuple[str, ...]
    statistics: dict[str, str]
    group_by: tuple[str, ...] = ()
    default_group_by: tuple[str, ...] = ()
    required_group_by: tuple[str, ...] = ()
    group_by_requires: dict[str, tuple[str, ...]] = {}
    intervals: tuple[str, ...] = ()
    interval_days: dict[str, int] = {}
    timeframes: tuple[str, ...] = ()
    timeframe_days: int | None = None
    earliest: str | None = None
    filters: dict[str, FilterField] = {}
    filter_list_maximum: int | None = None
    sort: tuple[str, ...] = ()
    refused_timezones: tuple[str, ...] = ()
    page_size: int | None = None
    cursor: bool = False


class Endpoint(Struct, frozen=True):
    """What one endpoint takes and gives.

    ``resource`` is the JSON:API type of the primary data, ``collection`` whether that is a list. ``page_size`` is the
    maximum of ``page[size]``, None where there is no such parameter; ``fixed_page_size`` what such an endpoint gives,
    where Klaviyo says so. ``filter_requires`` are fields of which a filter must name at least one. ``fields`` and
    ``additional_fields`` are by resource type; names may be dotted. ``attributes`` are all that the schema of the
    primary data has, additional ones too. ``schemas`` names the schema of each type that this endpoint gives another
    shape than the type's own stream has. ``revision`` is that of the contract that has the endpoint, and empty for an
    endpoint that a user names.
    """

    method: str
    path: str
    resource: str
    collection: bool
    scopes: tuple[str, ...]
    limits: Limits
    conditional_limits: tuple[ConditionalLimits, ...] = ()
    page_size: int | None = None
    fixed_page_size: int | None = None
    cursor: bool = False
    filters: dict[str, FilterField] = {}
    filter_required: bool = False
    filter_requires: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    fields: dict[str, tuple[str, ...]] = {}
    additional_fields: dict[str, tuple[str, ...]] = {}
    newest_first: bool = False
    retention_days: int | None = None
    attributes: tuple[str, ...] = ()
    relationships: dict[str, Relationship] = {}
    schemas: dict[str, str] = {}
    revision: str = ""

    @property
    def plain_attributes(self) -> tuple[str, ...]:
        """Attributes that come without being asked for."""
        asked = self.additional_fields.get(self.resource, ())
        return tuple(name for name in self.attributes if name not in asked)


class TypesFile(Struct, frozen=True):
    """The content of ``types.json``: what is known of each JSON:API type by its name."""

    types: dict[str, ResourceType]


class EndpointsFile(Struct, frozen=True):
    """The content of ``endpoints.json``."""

    endpoints: list[Endpoint]


class ReportsFile(Struct, frozen=True):
    """The content of ``reports.json``."""

    reports: list[Report]
