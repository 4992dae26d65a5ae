"""JSON:API resources to flat records, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Raw

from tap_klaviyo.records.coerce import conformer
from tap_klaviyo.records.columns import (
    Attribute,
    Chosen,
    Column,
    Constant,
    Id,
    Lifted,
    Linked,
    MemberOf,
    Property,
    Related,
    RelatedAttribute,
    RelatedLinked,
    Unfit,
    id_column,
)
from tap_klaviyo.records.field_tree import is_open
from tap_klaviyo.records.jsonapi import Resource, decoded, linkage
from tap_klaviyo.records.property_path import follow

Included = Mapping[tuple[str, str], Resource]
Context = Mapping[str, Any]
Record = dict[str, Any]
Read = Callable[[Resource, Included, Context], Any]


class Flattener:
    """Makes flat records of the chosen columns.

    Values of open objects stay raw JSON. ``odd`` is called with the column's name for each value that does not fit
    its schema; the value is null then.
    """

    def __init__(self, chosen: Sequence[Chosen], odd: Callable[[str], None]) -> None:
        self._readers = [(choice.column.name, _retyping(choice, _reader(choice, odd), odd)) for choice in chosen]

    def record(self, resource: Resource, included: Included, context: Context) -> Record:
        """Return the record of one resource; a column without a value is null."""
        return {name: read(resource, included, context) for name, read in self._readers}


def is_open_object(column: Column) -> bool:
    """Tell whether a column is free-form JSON that is passed on as it is."""
    return is_open(column.schema)


def retyping(choice: Chosen, odd: Callable[[str], None]) -> Callable[[Any], Any] | None:
    """Return what makes of a column's value what the catalog wants; None if it wants nothing else."""
    if choice.retyped is None:
        return None
    name = choice.column.name
    return conformer(choice.retyped, None, lambda at: odd(f"{name}.{at}" if at else name))


def _retyping(choice: Chosen, read: Read, odd: Callable[[str], None]) -> Read:
    convert = retyping(choice, odd)
    if convert is None:
        return read

    def reread(resource: Resource, included: Included, context: Context) -> Any:
        value = read(resource, included, context)
        return value if isinstance(value, Unfit) else convert(decoded(value))

    return reread


def _reader(choice: Chosen, odd: Callable[[str], None]) -> Read:  # noqa: PLR0911 - one return a kind of source
    column = choice.column
    source = column.source
    name = column.name
    conform = conformer(column.schema, choice.within, lambda at: odd(f"{name}.{at}" if at else name))
    match source:
        case Id():
            return lambda resource, _included, _context: resource.id
        case Constant():
            return lambda _resource, _included, context: context.get(name)
        case Attribute():
            return _open_object(source.name, odd, name) if is_open_object(column) else _attribute(source.name, conform)
        case Lifted():
            return _lifted(source, conform)
        case MemberOf() | Property():
            return _member_of(source, source.read if isinstance(source, Property) else conform)
        case Linked():
            return _linked(source)
        case RelatedAttribute():
            return _related_attribute(source, conform)
        case RelatedLinked():
            return _related_linked(source)
    return _related(source, conform)


def _attribute(name: str, conform: Callable[[Any], Any]) -> Read:
    return lambda resource, _included, _context: conform(decoded((resource.attributes or {}).get(name)))


def _open_object(name: str, odd: Callable[[str], None], column: str) -> Read:
    def read(resource: Resource, _included: Included, _context: Context) -> Any:
        value = (resource.attributes or {}).get(name)
        fits = bytes(value)[:1] == b"{" if isinstance(value, Raw) else isinstance(value, dict)
        if fits:
            return value
        if decoded(value) is not None:
            odd(column)
        return None

    return read


def _lifted(source: Lifted, conform: Callable[[Any], Any]) -> Read:
    def read(resource: Resource, _included: Included, _context: Context) -> Any:
        found = decoded((resource.attributes or {}).get(source.attribute))
        members = found if isinstance(found, dict) else {}
        [value] = source.lift(*([members.get(key)] for key in source.keys))
        return conform(value)

    return read


def _member_of(source: MemberOf | Property, convert: Callable[[Any], Any]) -> Read:
    def read(resource: Resource, _included: Included, _context: Context) -> Any:
        return convert(follow(decoded((resource.attributes or {}).get(source.attribute)), source.path))

    return read


def _linked(source: Linked) -> Read:
    def read(resource: Resource, _included: Included, _context: Context) -> Any:
        if not source.many:
            return _linked_id(resource, source.relationship)
        found = linkage(resource, source.relationship)
        return None if found is None or (source.rare and not found) else [identifier for _, identifier in found]

    return read


def _related_resources(resource: Resource, relationship: str, included: Included) -> list[Resource] | None:
    found = linkage(resource, relationship)
    # A related resource that is not in the response (deleted, or no scope for it) is at least its id.
    return None if found is None else [included.get(key) or Resource(id=key[1], type=key[0]) for key in found]


def _related_attribute(source: RelatedAttribute, conform: Callable[[Any], Any]) -> Read:
    def read(resource: Resource, included: Included, _context: Context) -> Any:
        linked = _linked_id(resource, source.relationship)
        related = None if linked is None else included.get((source.type, linked))
        return conform(decoded((related.attributes or {}).get(source.attribute))) if related else None

    return read


def _related_linked(source: RelatedLinked) -> Read:
    def read(resource: Resource, included: Included, _context: Context) -> Any:
        found = linkage(resource, source.relationship)
        related = included.get((source.type, found[0][1])) if found else None
        return _linked_id(related, source.linked) if related else None

    return read


def _related(source: Related, conform: Callable[[Any], Any]) -> Read:
    def as_object(related: Resource) -> Record:
        attributes = related.attributes or {}
        return {
            "id": related.id,
            **{name: decoded(attributes.get(name)) for name in source.attributes},
            **{id_column(name): _linked_id(related, name) for name in source.linked},
        }

    def read(resource: Resource, included: Included, _context: Context) -> Any:
        related = _related_resources(resource, source.relationship, included)
        if source.many:
            return None if related is None else conform([as_object(item) for item in related])
        return conform(as_object(related[0])) if related else None

    return read


def _linked_id(resource: Resource, relationship: str) -> str | None:
    found = linkage(resource, relationship)
    return found[0][1] if found else None
