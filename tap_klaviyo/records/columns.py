"""The columns of a stream: where each value comes from, and what has to be asked for it.

A column is a name, a JSON schema and a source. Sources are data; `records` reads them, `selection` turns the
selected ones into request parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_klaviyo.records.field_tree import Within

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
    """The id, or the ids, of a relationship; ``include`` where only an include loads the linkage.

    ``rare`` if most resources are linked to none: an empty list is null then, as a missing relationship is.
    """

    relationship: str
    type: str
    many: bool = False
    include: bool = False
    rare: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """The related resource itself as an object, or as an array of objects.

    ``attributes`` are the schemas of its attributes by name, ``linked`` its own relationships whose ids it carries.
    """

    relationship: str
    type: str
    many: bool
    attributes: Mapping[str, Schema]
    linked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RelatedAttribute:
    """One attribute of a to-one related resource, lifted into a column of its own."""

    relationship: str
    type: str
    attribute: str


@dataclass(frozen=True, slots=True)
class RelatedLinked:
    """The id that the first related resource of a to-many relationship links to in its turn: ``linked`` of it."""

    relationship: str
    type: str
    linked: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that the request already says: a parent's id, a campaign's channel, the account."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A value computed from members of a free-form attribute: ``lift`` gets them in the order of ``keys``."""

    attribute: str
    keys: tuple[str, ...]
    lift: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class MemberOf:
    """A member inside an attribute, by its path from there: ``("send_options", "send_time")``."""

    attribute: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unfit:
    """A value with null in the place of what did not fit."""

    value: Any


@dataclass(frozen=True, slots=True)
class Property:
    """A value inside a free-form attribute, by names and positions in lists.

    ``read`` makes it fit; what it cannot make fit is returned as `Unfit`, to be counted once the row is written.
    """

    attribute: str
    path: tuple[str | int, ...]
    read: Callable[[Any], Any]


ColumnSource = (
    Id | Attribute | Linked | Related | RelatedAttribute | RelatedLinked | Constant | Lifted | MemberOf | Property
)


@dataclass(frozen=True, slots=True)
class Mask:
    """What hides a column, or what ``path`` leads to inside it; lists on the way are gone through.

    ``salt`` returns what is hashed in front of the value; without it the value becomes null.
    """

    path: tuple[str, ...] = ()
    salt: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One property of a stream's records; ``within`` are the members that `stream_options` leaves of an object.

    ``schema`` is that of the value as it is read, before ``masks`` hide it or parts of it.
    """

    name: str
    schema: Schema
    source: ColumnSource
    within: Within | None = None
    masks: tuple[Mask, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A selected column; ``within`` maps the chosen members of an object that is selected in part.

    ``retyped`` is what a catalog makes of the column, if its values have to be converted for that.
    """

    column: Column
    within: Within | None = None
    retyped: Schema | None = None


# When a profile came into a list or segment: an attribute that profiles have only in that context.
JOINED = Column("joined_group_at", DATE_TIME, Attribute("joined_group_at"))


def snake(name: str) -> str:
    """Turn Klaviyo's spelling of a type or relationship into a column name."""
    return name.replace("-", "_")


def id_column(relationship: str) -> str:
    """Return the column of a to-one relationship."""
    return f"{snake(relationship)}_id"


def ids_column(relationship: str) -> str:
    """Return the column of a to-many relationship: ``campaign-messages`` is ``campaign_message_ids``."""
    name = snake(relationship)
    singular = name.removesuffix("ies") + "y" if name.endswith("ies") else name.removesuffix("s")
    return f"{singular}_ids"
