"""What a stream class declares, and the columns that follow from it and from the contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo import contract
from tap_klaviyo.columns import (
    DATE_TIME,
    KEY,
    STRING,
    STRINGS,
    Attribute,
    Column,
    Constant,
    Id,
    Linked,
    Related,
    Schema,
    related_schema,
    snake,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.options import StreamOptions


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several requests that make up a stream: a filter, and the columns that it says the value of."""

    conditions: tuple[str, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Columns:
    """What decides on the columns of a stream, as its class declares it."""

    record_type: str
    id_column: str = "id"
    keys: tuple[str, ...] = ("id",)
    replication_key: str | None = None
    constants: tuple[str, ...] = ()
    """Columns whose value the request says, or the place in the answer: parents' ids, a channel."""
    attributes: tuple[str, ...] | None = None
    """The attributes that become columns; None is all of them."""
    linked: tuple[str, ...] = ()
    """To-one relationships whose linkage comes without an include."""
    extra: tuple[Column, ...] = ()
    always: tuple[str, ...] = ()
    """Additional fields that come unless `stream_options` names others."""


def build(declared: Columns, endpoint: Endpoint, detail: Endpoint | None, options: StreamOptions) -> list[Column]:
    """Return the columns of a stream, keys first."""
    schema = contract.schema(contract.schema_name(declared.record_type))["properties"]
    columns = [
        Column(declared.id_column, KEY, Id()),
        *(Column(name, _constant(name, declared), Constant()) for name in declared.constants),
        *_attributes(declared, schema, endpoint, detail, options),
        *_linked(declared, endpoint, options),
        *declared.extra,
        *_related(endpoint, options),
    ]
    by_name = {column.name: column for column in columns}
    rest = [name for name in by_name if name not in declared.keys]
    return [_as_key(by_name[name]) for name in declared.keys] + [by_name[name] for name in rest]


def _constant(name: str, declared: Columns) -> Schema:
    return DATE_TIME if name == declared.replication_key else STRING


def _as_key(column: Column) -> Column:
    types = column.schema["type"]
    kept = types if isinstance(types, str) else [name for name in types if name != "null"]
    return Column(column.name, {**column.schema, "type": kept}, column.source)


def _attributes(
    declared: Columns, schema: Mapping[str, Schema], endpoint: Endpoint, detail: Endpoint | None, options: StreamOptions
) -> Iterator[Column]:
    asked = declared.always if options.additional_fields is None else options.additional_fields
    additional = set(endpoint.additional_fields.get(declared.record_type, ()))
    primary = endpoint.resource == declared.record_type
    only_detail = detail_attributes(endpoint, detail) if primary else set()
    given = set(endpoint.attributes) if primary else None
    for name, attribute in schema.items():
        if name == "id" or (name in additional | only_detail and name not in asked):
            continue
        if declared.attributes is None:
            wanted = given is None or name in given or name in only_detail
        else:
            wanted = name in declared.attributes
        if wanted and options.keeps(declared.record_type, name, declared.replication_key):
            yield Column(name, attribute, Attribute(name, additional=name in additional, detail=name in only_detail))


def detail_attributes(endpoint: Endpoint, detail: Endpoint | None) -> set[str]:
    """Return the attributes that only the endpoint of one object gives."""
    return set(detail.attributes) - set(endpoint.attributes) if detail else set()


def _linked(declared: Columns, endpoint: Endpoint, options: StreamOptions) -> Iterator[Column]:
    primary = endpoint.resource == declared.record_type
    for name, relationship in endpoint.relationships.items() if primary else ():
        if f"{snake(name)}_id" in declared.constants:
            continue
        if not relationship.many and (name in endpoint.include or name in declared.linked):
            included = name in endpoint.include
            yield Column(f"{snake(name)}_id", STRING, Linked(name, relationship.type, include=included))
        elif relationship.many and name in options.include:
            yield Column(
                f"{_singular(snake(name))}_ids", STRINGS, Linked(name, relationship.type, many=True, include=True)
            )
    if not primary:
        for name in declared.linked:
            yield Column(f"{snake(name)}_id", STRING, Linked(name, name))


def _singular(name: str) -> str:
    return name.removesuffix("ies") + "y" if name.endswith("ies") else name.removesuffix("s")


def _related(endpoint: Endpoint, options: StreamOptions) -> Iterator[Column]:
    for name in options.include:
        relationship = endpoint.relationships[name]
        additional = endpoint.additional_fields.get(relationship.type, ())
        attributes = {
            attribute: schema
            for attribute, schema in _schema_of(relationship.type).items()
            if attribute != "id"
            and attribute not in _only_on_request(relationship.type)
            and attribute not in additional
            and options.keeps(relationship.type, attribute, None)
        }
        source = Related(name, relationship.type, relationship.many, attributes)
        yield Column(snake(name), related_schema(attributes, many=relationship.many), source)


def _schema_of(resource_type: str) -> Mapping[str, Schema]:
    properties: Mapping[str, Schema] = contract.schema(contract.schema_name(resource_type))["properties"]
    return properties


def _only_on_request(resource_type: str) -> set[str]:
    """Attributes of a type that no include brings: some endpoint gives them as additional fields alone."""
    return {
        name for endpoint in contract.endpoints().values() for name in endpoint.additional_fields.get(resource_type, ())
    }
