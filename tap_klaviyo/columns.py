"""The columns of a stream: where each value comes from, and what has to be asked for it.

A column is a name, a JSON schema and a source. Sources are data; `records` reads them, `selection` turns the
selected ones into request parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Schema = dict[str, Any]

STRING: Schema = {"type": ["string", "null"]}
KEY: Schema = {"type": "string"}
DATE_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
STRINGS: Schema = {"type": ["array", "null"], "items": {"type": "string"}}


@dataclass(frozen=True, slots=True)
class Id:
    """The id of the resource."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the resource.

    ``additional`` ones come only when ``additional-fields`` asks for them, ``detail`` ones only from the endpoint of
    one object.
    """

    name: str
    additional: bool = False
    detail: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """The id, or the ids, of a relationship; ``include`` where only an include loads the linkage."""

    relationship: str
    type: str
    many: bool = False
    include: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """The related resource itself as an object, or as an array of objects; schemas of its attributes by name."""

    relationship: str
    type: str
    many: bool
    attributes: Mapping[str, Schema]


@dataclass(frozen=True, slots=True)
class RelatedAttribute:
    """One attribute of a to-one related resource, lifted into a column of its own."""

    relationship: str
    type: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that the request already says: a parent's id, a campaign's channel, the account."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A value computed from members of a free-form attribute: ``lift`` gets them in the order of ``keys``."""

    attribute: str
    keys: tuple[str, ...]
    lift: Callable[..., Any]


Source = Id | Attribute | Linked | Related | RelatedAttribute | Constant | Lifted


@dataclass(frozen=True, slots=True)
class Column:
    """One property of a stream's records."""

    name: str
    schema: Schema
    source: Source


@dataclass(frozen=True, slots=True)
class Chosen:
    """A selected column; ``within`` maps the chosen members of an object that is selected in part."""

    column: Column
    within: Mapping[str, Any] | None = field(default=None)


# When a profile came into a list or segment: an attribute that profiles have only in that context.
JOINED = Column("joined_group_at", DATE_TIME, Attribute("joined_group_at"))


def snake(name: str) -> str:
    """Turn Klaviyo's spelling of a type or relationship into a column name."""
    return name.replace("-", "_")


def related_schema(attributes: Mapping[str, Schema], *, many: bool) -> Schema:
    """Return the schema of a related resource: an object, or an array of objects."""
    properties = {"id": STRING, **attributes}
    if many:
        return {"type": ["array", "null"], "items": {"type": "object", "properties": properties}}
    return {"type": ["object", "null"], "properties": properties}
