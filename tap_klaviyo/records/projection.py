"""The fast way from a response to records: a page at a time, column by column, by types compiled once per stream.

It gives the same records as `records.Flattener`, and only for responses in which every value has the type that its
schema promises; any other page, and any stream with a kind of column that is not known here, is left to the
flattener. Free-form objects are passed on as the bytes that Klaviyo sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from tap_klaviyo.records import checks, lenient_json
from tap_klaviyo.records.checks import OddPageError
from tap_klaviyo.records.coerce import conformer
from tap_klaviyo.records.columns import (
    Attribute,
    Chosen,
    Constant,
    Id,
    Lifted,
    Linked,
    Property,
    RelatedAttribute,
    RelatedLinked,
)
from tap_klaviyo.records.decoder import NULL, SCALARS, CompiledLinkage, Linkages, document, struct
from tap_klaviyo.records.exact import exact
from tap_klaviyo.records.flatten import is_open_object
from tap_klaviyo.records.jsonapi import Document, decoded
from tap_klaviyo.records.links import at_places, followed, linked_id, linked_ids
from tap_klaviyo.records.property_path import follow

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.records.record_selector import Lookup

Values = Iterable[Any]


@dataclass(slots=True)
class _Page:
    """The resources of a response, and what several columns are made of.

    ``members`` has the decoded values by free-form attribute and member, ``linked`` the ids by to-one relationship, and
    ``links`` by to-many relationship those of each resource that has any, by its position.
    """

    document: Document
    context: Mapping[str, Any]
    attributes: list[Any]
    members: dict[str, dict[str, list[Any]]]
    linked: dict[str, list[str | None]]
    links: dict[str, dict[int, list[str]]]


Read = Callable[[_Page], Values]


class Projection:
    """Reads responses, and makes records of the chosen columns."""

    def __init__(self, chosen: Sequence[Chosen], replication_key: str | None, lookup: Lookup | None = None) -> None:
        self._replication_key = replication_key
        self._lookup = lookup
        self._chosen = chosen
        self._attributes: dict[str, Any] = {}
        self._members: dict[str, dict[str, Any]] = {}
        self._relationships: dict[str, Any] = {}
        self._one: dict[str, int] = {}
        self._many: dict[str, int] = {}
        self._readers = [self._reader(choice) for choice in chosen]
        self._record = struct("Record", {choice.column.name: Any for choice in chosen})
        kinds = {name: struct("Members", keys) for name, keys in self._members.items()}
        self._decode_members = {name: msgspec.json.Decoder(kind).decode for name, kind in kinds.items()}
        self._resource, self._decode = document(self._attributes, self._relationships)

    @classmethod
    def of(
        cls, chosen: Sequence[Chosen], replication_key: str | None, lookup: Lookup | None = None
    ) -> Projection | None:
        """Compile the chosen columns; None if one of them is of a kind that only the flattener knows.

        ``lookup`` is the column, if any, that another list knows.
        """
        return cls(chosen, replication_key, lookup) if all(map(checks.is_compilable, chosen)) else None

    def parse(self, body: bytes) -> Document | None:
        """Read a response; None where it is not as its types promise."""
        try:
            raw, changes = lenient_json.decode(body, self._decode)
        except ValueError:
            return None
        return Document(
            data=raw.data,
            included={(item.type, item.id): item for item in raw.included or ()},
            next_link=(raw.links.next if raw.links else None) or None,
            body=body,
            changes=changes,
        )

    def reads(self, document: Document) -> bool:
        """Tell whether a response was read by these types."""
        return bool(document.data) and type(document.data[0]) is self._resource

    def records(self, document: Document, context: Mapping[str, Any]) -> list[Any]:
        """Return the records, as structs that encode as the flattener's dictionaries do.

        Raises:
            OddPageError: A value is not as its schema promises.
        """
        attributes = [resource.attributes for resource in document.data]
        members = {name: self._decoded_members(name, attributes) for name in self._members}
        linked = {name: linked_id(document.data, position) for name, position in self._one.items()}
        links = {name: linked_ids(document.data, position) for name, position in self._many.items()}
        page = _Page(document, context, attributes, members, linked, links)
        try:
            return list(map(self._record, *(read(page) for read in self._readers)))
        except (ValueError, TypeError):
            raise OddPageError from None

    def instants(self, records: Sequence[Any]) -> list[datetime | None]:
        """Return the replication values of records.

        Raises:
            OddPageError: One of them is no date-time.
        """
        return checks.instants_of(records, [choice.column.name for choice in self._chosen], self._replication_key)

    def _decoded_members(self, name: str, attributes: Iterable[Any]) -> dict[str, list[Any]]:
        try:
            found = list(map(self._decode_members[name], map(self._attribute(name, Raw), attributes)))
        except msgspec.DecodeError:
            raise OddPageError from None
        return {key: list(map(attrgetter(f"f{place}"), found)) for place, key in enumerate(self._members[name])}

    # Columns to readers; a reader gives the column's values for the whole page

    def _attribute(self, name: str, kind: Any) -> Callable[[Any], Any]:
        self._attributes.setdefault(name, kind)
        return attrgetter(f"f{list(self._attributes).index(name)}")

    def _reader(self, choice: Chosen) -> Read:
        column = choice.column
        match column.source:
            case Id():
                identifier = attrgetter("id")
                return lambda page: map(identifier, page.document.data)
            case Constant():
                return self._constant(column.name)
            case Attribute(name=name):
                return self._attribute_reader(choice, name)
            case Linked(relationship=relationship, many=many):
                return self._linked_many(relationship) if many else self._linked(relationship)
            case RelatedAttribute() | RelatedLinked():
                return self._related_reader(column.source, choice)
            case Lifted() | Property():
                return self._member_reader(column.source, choice)
        raise OddPageError  # pragma: no cover - a projection is compiled only of columns that are compilable

    def _constant(self, name: str) -> Read:
        lookup, identifier = self._lookup, attrgetter("id")
        if lookup is not None and lookup.column == name:
            return lambda page: map(lookup.find().get, map(identifier, page.document.data))
        return lambda page: repeat(page.context.get(name), len(page.document.data))

    def _attribute_reader(self, choice: Chosen, name: str) -> Read:
        if is_open_object(choice.column):
            raw = self._attribute(name, Raw)
            # Where members of it were decoded, that has shown it to be an object.
            return lambda page: map(
                raw if name in page.members else lambda item: checks.object_or_null(raw(item)), page.attributes
            )
        if checks.scalar_of(choice) not in SCALARS:
            return self._nested_reader(choice, name)
        get = self._attribute(name, SCALARS[checks.scalar_of(choice)][0])
        if choice.column.schema.get("format") == "date-time":
            # The instants of the replication key are parsed anyway, so the usual shape of it need not be here.
            checked = choice.column.name == self._replication_key
            return lambda page: checks.date_times(list(map(get, page.attributes)), checked=checked)
        return lambda page: map(get, page.attributes)

    def _nested_reader(self, choice: Chosen, name: str) -> Read:
        """Pass on the bytes of what is as its schema wants it; convert the rest one by one."""
        raw, fits = self._attribute(name, Raw), exact(choice.column.schema)
        conform = conformer(choice.column.schema, None, checks.refuse)
        return lambda page: [value if fits(value) else conform(decoded(value)) for value in map(raw, page.attributes)]

    def _relationship(self, name: str, kind: Any) -> int:
        self._relationships.setdefault(name, kind)
        return list(self._relationships).index(name)

    def _linked(self, relationship: str) -> Read:
        self._one[relationship] = self._relationship(relationship, CompiledLinkage)
        return lambda page: page.linked[relationship]

    def _linked_many(self, relationship: str) -> Read:
        self._many[relationship] = self._relationship(relationship, Linkages)
        return lambda page: at_places(page.links[relationship], len(page.document.data))

    def _related_linked(self, source: RelatedLinked) -> Read:
        self._linked_many(source.relationship)
        return lambda page: at_places(
            followed(page.links[source.relationship], page.document.included, source), len(page.document.data)
        )

    def _related_reader(self, source: RelatedAttribute | RelatedLinked, choice: Chosen) -> Read:
        if isinstance(source, RelatedLinked):
            return self._related_linked(source)
        convert = checks.converting(choice)
        linked = self._linked(source.relationship)

        def read(page: _Page) -> Values:
            values = {
                identifier: convert(msgspec.json.decode((item.attributes or {}).get(source.attribute, NULL)))
                for (kind, identifier), item in page.document.included.items()
                if kind == source.type
            }
            return map(values.get, linked(page))

        return read

    def _member_reader(self, source: Lifted | Property, choice: Chosen) -> Read:
        attribute = source.attribute
        if isinstance(source, Property):
            first, rest = str(source.path[0]), source.path[1:]
            self._decode_too(attribute, [first], Any)
            return lambda page: [source.read(follow(one, rest)) for one in page.members[attribute][first]]
        # Text is checked as it is decoded; an amount may come as a string.
        kind, usual = SCALARS[checks.scalar_of(choice)]
        self._decode_too(attribute, source.keys, kind if checks.scalar_of(choice) == "string" else Any)
        convert = checks.converting(choice)

        def read(page: _Page) -> Values:
            values = list(source.lift(*map(page.members[attribute].get, source.keys)))
            return values if usual.issuperset(map(type, values)) else map(convert, values)

        return read

    def _decode_too(self, attribute: str, keys: Iterable[str], kind: Any) -> None:
        """Have members of a free-form attribute decoded; what a member was first wanted as, it stays."""
        self._attribute(attribute, Raw)
        self._members[attribute] = {**dict.fromkeys(keys, kind), **self._members.get(attribute, {})}
