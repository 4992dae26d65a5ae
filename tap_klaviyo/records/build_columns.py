"""What a stream class declares, and the columns that follow from it and from the contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.personal import personal_attributes
from tap_klaviyo.records.columns import (
    DATE_TIME,
    KEY,
    STRING,
    STRINGS,
    Attribute,
    Column,
    Constant,
    Id,
    Lifted,
    Linked,
    MemberOf,
    Related,
    RelatedAttribute,
    RelatedLinked,
    Schema,
    id_column,
    ids_column,
    snake,
)
from tap_klaviyo.records.field_tree import described, is_open, members, narrowed, settled
from tap_klaviyo.records.stream_options import Offer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_klaviyo.contract import Contract, Endpoint
    from tap_klaviyo.records.stream_options import StreamOptions


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several requests that make up a stream: a filter, and the columns that it says the value of."""

    conditions: tuple[str, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)
    swept: bool = False
    """Whether sweeps alone read it, and whole: rows get here by a change that need not move their replication key."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What decides on the columns of a stream, as its class declares it."""

    contract: Contract
    record_type: str
    id_column: str = "id"
    keys: tuple[str, ...] = ("id",)
    replication_key: str | None = None
    constants: tuple[str, ...] = ()
    """Columns whose value the request says, or the place in the response: parents' ids, a channel."""
    attributes: tuple[str, ...] | None = None
    """The attributes that become columns; None is all of them."""
    linked: tuple[str, ...] = ()
    """To-one relationships whose linkage comes without an include."""
    unfolded: tuple[str, ...] = ()
    """Members of attributes that become columns of their own, as paths in dots; a column is named by the last part."""
    extra: tuple[Column, ...] = ()
    always: tuple[str, ...] = ()
    """Additional fields that come unless `stream_options` names others."""
    via: str | None = None
    """The include that carries the records, where they are not the primary data."""
    apart: Endpoint | None = None
    """The endpoint that gives such records with includes of their own, a parent at a time."""


def offer(declared: Columns, endpoint: Endpoint, detail: Endpoint | None) -> Offer:
    """Return what `stream_options` may ask of a stream."""
    own = declared.record_type
    volatile = declared.contract.volatile_attributes(own)
    additional = {*endpoint.additional_fields.get(own, ()), *_only_detail(declared, endpoint, detail), *volatile}
    fields = {kind: frozenset(names) for kind, names in endpoint.fields.items()}
    if detail is not None and own in fields:
        fields[own] |= {name for name in detail.fields.get(own, ()) if name.partition(".")[0] in additional}
    if declared.attributes is not None:
        additional &= {*declared.attributes}
        columns = {column.source.name for column in declared.extra if isinstance(column.source, Attribute)}
        unfolded = {path.partition(".")[0] for path in declared.unfolded}
        fields[own] = frozenset({"id", *columns, *unfolded, *declared.attributes})
    # Beside records that an include carries stand the other includes of what carries them, or their own elsewhere.
    relating = declared.apart or endpoint
    fields |= {kind: frozenset(names) for kind, names in relating.fields.items() if kind not in fields}
    lifted = {
        column.source.type for column in declared.extra if isinstance(column.source, RelatedAttribute | RelatedLinked)
    }
    return Offer(
        record_type=own,
        types=frozenset({own, *lifted}),
        fields=fields,
        additional_fields=frozenset(additional),
        always=declared.always,
        include={name: relating.relationships[name].type for name in relating.include if name != declared.via},
        filters=endpoint.filters,
        page_size=endpoint.page_size,
        free_form=tuple(
            name
            for name, schema in _schemas(declared.contract, own, endpoint).items()
            if is_open(schema) and name not in additional and name in fields.get(own, {name})
        ),
    )


def build(declared: Columns, endpoint: Endpoint, detail: Endpoint | None, options: StreamOptions) -> list[Column]:
    """Return the columns of a stream, keys first."""
    columns = [
        Column(declared.id_column, KEY, Id()),
        *(Column(name, _constant(name, declared), Constant()) for name in declared.constants),
        *_attributes(declared, endpoint, detail, options),
        *_unfolded(declared, endpoint, options),
        *_linked(declared, declared.apart or endpoint, options),
        *(column for column in declared.extra if _is_wanted(column, declared, options)),
        *_related(declared, declared.apart or endpoint, options),
    ]
    by_name = {column.name: column for column in columns}
    rest = [name for name in by_name if name not in declared.keys]
    return [_as_key(by_name[name]) for name in declared.keys] + [by_name[name] for name in rest]


def _constant(name: str, declared: Columns) -> Schema:
    return DATE_TIME if name == declared.replication_key else STRING


def _as_key(column: Column) -> Column:
    types = column.schema["type"]
    kept = types if isinstance(types, str) else [name for name in types if name != "null"]
    one = kept[0] if len(kept) == 1 else kept  # some targets take no list of a single type
    return Column(column.name, {**column.schema, "type": one}, column.source)


def _attributes(
    declared: Columns, endpoint: Endpoint, detail: Endpoint | None, options: StreamOptions
) -> Iterator[Column]:
    asked = declared.always if options.additional_fields is None else options.additional_fields
    additional = {*endpoint.additional_fields.get(declared.record_type, ())}
    only_detail = _only_detail(declared, endpoint, detail)
    # A value that differs in every response makes every run update every row: it comes only if it is asked for.
    optional = additional | only_detail | {*declared.contract.volatile_attributes(declared.record_type)}
    unlisted = declared.contract.unlisted_attributes(declared.record_type)
    schemas = _schemas(declared.contract, declared.record_type, endpoint)
    given = {*schemas}
    if declared.attributes is not None:
        given &= {*declared.attributes}
    elif endpoint.resource == declared.record_type:
        given &= {*endpoint.attributes, *only_detail, *unlisted}
    kept = options.tree(declared.record_type)
    for name, schema in schemas.items():
        if name not in given or (name in optional and name not in asked):
            continue
        source = Attribute(name, additional=name in additional, detail=name in only_detail)
        if kept is None or name == declared.replication_key:
            yield Column(name, schema, source)
        elif name in kept:
            within = settled(schema, kept[name])
            yield Column(name, narrowed(schema, within), source, within)


def _unfolded(declared: Columns, endpoint: Endpoint, options: StreamOptions) -> Iterator[Column]:
    schemas = _schemas(declared.contract, declared.record_type, endpoint) if declared.unfolded else {}
    for path in declared.unfolded:
        attribute, *inner = path.split(".")
        schema = schemas[attribute]
        for name in inner:
            schema = members(schema)[name]
        column = Column(inner[-1], schema, MemberOf(attribute, tuple(inner)))
        if _is_wanted(column, declared, options):
            yield column


def _only_detail(declared: Columns, endpoint: Endpoint, detail: Endpoint | None) -> set[str]:
    """Return the attributes that only the endpoint of one object gives."""
    if detail is None or endpoint.resource != declared.record_type:
        return set()
    return {*detail.attributes} - {*endpoint.attributes}


def _is_wanted(column: Column, declared: Columns, options: StreamOptions) -> bool:
    """Tell whether `fields` leaves in what a column is made of."""
    match column.source:
        case Attribute(name=name):
            kind = declared.record_type
        case Lifted(attribute=name) | MemberOf(attribute=name):
            kind = declared.record_type
        case RelatedAttribute(type=kind, attribute=name) | RelatedLinked(type=kind, linked=name):
            pass
        case Linked(type=kind, rare=True):
            name = "id"
        case _:
            return True
    kept = options.tree(kind)
    return kept is None or name in kept or name == declared.replication_key


def _linked(declared: Columns, endpoint: Endpoint, options: StreamOptions) -> Iterator[Column]:
    own = declared.contract.relationships(declared.record_type)
    for name in declared.linked:
        yield Column(id_column(name), STRING, Linked(name, own[name].type))
    for name, relationship in endpoint.relationships.items():
        if relationship.many:
            if name in options.include:
                yield Column(ids_column(name), STRINGS, Linked(name, relationship.type, many=True, include=True))
        elif name in declared.linked or id_column(name) in declared.constants:
            continue
        elif name in (options.include if declared.via else endpoint.include):
            yield Column(id_column(name), STRING, Linked(name, relationship.type, include=True))


def _related(declared: Columns, endpoint: Endpoint, options: StreamOptions) -> Iterator[Column]:
    for name in options.include:
        relationship = endpoint.relationships[name]
        kind = relationship.type
        offered = endpoint.fields.get(kind)
        kept = options.tree(kind)
        # As of the records themselves, a value that differs in every response comes only if it is asked for.
        volatile = {*declared.contract.volatile_attributes(kind)} - {*(kept or ())}
        attributes = {
            attribute: schema
            for attribute, schema in _schemas(declared.contract, kind, endpoint).items()
            # What only some other endpoint gives has no sparse name here.
            if (offered is None or attribute in offered) and attribute not in volatile
        }
        # A resource without attributes (an attribution) is what it links to.
        linked = () if attributes else tuple(declared.contract.relationships(kind))
        schemas = {"id": STRING, **attributes, **{id_column(other): STRING for other in linked}}
        schema = _object_schema(schemas, many=relationship.many)
        within = None if kept is None else settled(schema, {"id": None, **kept})
        source = Related(name, kind, relationship.many, attributes, linked)
        yield Column(snake(name), narrowed(schema, within), source, within)


def _object_schema(properties: Mapping[str, Schema], *, many: bool) -> Schema:
    if many:
        return {"type": ["array", "null"], "items": {"type": "object", "properties": dict(properties)}}
    return {"type": ["object", "null"], "properties": dict(properties)}


def _schemas(facts: Contract, resource_type: str, endpoint: Endpoint) -> dict[str, Schema]:
    """Return the schemas of a type's attributes, as an endpoint gives them."""
    properties: dict[str, Schema] = facts.schema(facts.schema_name(resource_type, endpoint))["properties"]
    marks = personal_attributes(resource_type)
    return {name: described(schema, marks.get(name)) for name, schema in properties.items() if name != "id"}
