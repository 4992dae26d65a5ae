"""Where in a response the records of a stream are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.records.jsonapi import Document, Resource, decoded, linkage

Context = Mapping[str, Any]
Row = tuple[Resource, Context]


@dataclass(frozen=True, slots=True)
class Member:
    """Objects in a list deep inside an attribute, each of which is a record of its own.

    ``path`` leads there from the attributes, in dots; ``keys`` and ``timestamp`` are the members that become columns.
    Of several objects with the same keys the newest counts.
    """

    path: str
    keys: tuple[str, ...]
    timestamp: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a record gets from an object."""
        return (*self.keys, self.timestamp)

    def objects(self, resource: Resource) -> Iterable[Mapping[str, Any]]:
        """Return the columns of each record that a resource holds."""
        attribute, *inner = self.path.split(".")
        found = decoded((resource.attributes or {}).get(attribute))
        for name in inner:
            found = found.get(name) if isinstance(found, dict) else None
        newest: dict[tuple[str, ...], Mapping[str, Any]] = {}
        # An object in place of the list, as older revisions have it, is a list of one.
        for item in found if isinstance(found, list) else [found]:
            if not isinstance(item, dict):
                continue
            keys = tuple("" if item.get(name) is None else str(item[name]) for name in self.keys)
            row = {**dict(zip(self.keys, keys, strict=True)), self.timestamp: _date_time(item.get(self.timestamp))}
            if keys not in newest or (row[self.timestamp] or "") > (newest[keys][self.timestamp] or ""):
                newest[keys] = row
        return newest.values()


def _date_time(value: Any) -> str | None:
    try:
        return parse_instant(value).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Lookup:
    """A column that another list knows: the id of the resource that links to a record."""

    column: str
    find: Callable[[], Mapping[str, str]]
    """Returns the linking resource's id by the record's; called when the first response is there."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the records are.

    - by default each primary resource is a record
    - with ``via`` each resource that this relationship of a primary resource names is one: the included resource
      or, with ``linkage_only``, its id alone; ``parent_column`` gets the primary resource's id
    - with ``member`` each object of that list in a primary resource is one
    """

    via: str | None = None
    parent_column: str | None = None
    linkage_only: bool = False
    member: Member | None = None
    lookup: Lookup | None = None
    handed_down: tuple[str, ...] = ()
    """Relationships of the primary resource that the records it carries have columns of."""
    via_timestamp: str | None = None
    """The date-time of the primary resource that the records it carries are dated by."""

    def rows(self, document: Document, context: Context) -> Iterator[Row]:
        """Yield the resource and the context of each record, in the order of the response."""
        for primary in document.data:
            if self.via is not None:
                yield from self._children(primary, document, context)
            elif self.member is not None:
                for extra in self.member.objects(primary):
                    yield primary, {**context, **extra}
            elif self.lookup is not None:
                yield primary, {**context, self.lookup.column: self.lookup.find().get(primary.id)}
            else:
                yield primary, context

    def _children(self, primary: Resource, document: Document, context: Context) -> Iterator[Row]:
        inner = {**context, self.parent_column: primary.id} if self.parent_column else context
        if self.via_timestamp:
            found = decoded((primary.attributes or {}).get(self.via_timestamp))
            inner = {**inner, self.via_timestamp: _date_time(found)}
        for kind, identifier in linkage(primary, str(self.via)) or ():
            resource = document.included.get((kind, identifier))
            if resource is None or self.linkage_only:
                resource = Resource(id=identifier, type=kind)
            yield self._with_handed_down(primary, resource), inner

    def _with_handed_down(self, primary: Resource, child: Resource) -> Resource:
        if not self.handed_down:
            return child
        handed = {name: value for name, value in (primary.relationships or {}).items() if name in self.handed_down}
        return Resource(child.id, child.type, child.attributes, {**(child.relationships or {}), **handed})
