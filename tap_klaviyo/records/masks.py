"""Values that are hashed or made null before a record leaves, and the schema that follows from it."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from tap_klaviyo.records.columns import Property, Unfit
from tap_klaviyo.records.field_tree import members, with_members
from tap_klaviyo.records.jsonapi import decoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_klaviyo.records.columns import Column, Mask, Schema

Path = tuple[str, ...]
Change = Callable[[Any], Any]

# The same address has many spellings; a blank inside says that it is a sentence with an address in it.
_EMAIL = re.compile(r"\s*[^@\s]+@[^@\s]+\s*")
# What says of a schema which values it allows, beside its type.
_BOUNDS = frozenset({"const", "enum"})


def _change_of(mask: Mask) -> Change:
    if mask.salt is None:
        return _nothing
    salt = mask.salt().encode()
    return lambda value: hashed(value, salt)


def hashed(value: Any, salt: bytes) -> str | None:
    """Return the SHA-256 of salt and value in lower-case hex, null of null.

    An e-mail address counts without the blanks around it and in lower case; what is no string counts as its JSON, with
    the members of objects in alphabetical order.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    else:
        text = value.strip().lower() if _EMAIL.fullmatch(value) else value
    return hashlib.sha256(salt + text.encode("utf-8", "surrogatepass")).hexdigest()


def _nothing(_value: Any) -> None:
    return None


# Records


def masker(columns: Iterable[Column], odd: Callable[[str], None]) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """Return what hides values in copies of records, structs or dictionaries; None where there is nothing to do.

    ``odd`` is called with the column's name for each value of a property that did not fit.
    """
    changes = {column.name: change for column in columns if (change := _finishing(column, odd)) is not None}
    if not changes:
        return None

    def mask(records: Sequence[Any]) -> Sequence[Any]:
        copies = [copy.copy(record) for record in records]
        if copies and isinstance(copies[0], msgspec.Struct):
            places = {name: position for position, name in enumerate(copies[0].__struct_encode_fields__)}
            for name in changes.keys() & places.keys():
                field = copies[0].__struct_fields__[places[name]]
                _change_fields(copies, field, changes[name])
            return copies
        for record in copies:
            record.update({name: change(record[name]) for name, change in changes.items() if name in record})
        return copies

    return mask


def _change_fields(records: Iterable[Any], field: str, change: Change) -> None:
    for record in records:
        setattr(record, field, change(getattr(record, field)))


def _finishing(column: Column, odd: Callable[[str], None]) -> Change | None:
    hide = _of_column(column.masks) if column.masks else None
    if not isinstance(column.source, Property):
        return hide
    name = column.name

    def finish(value: Any) -> Any:
        if isinstance(value, Unfit):
            odd(name)
            value = value.value
        return value if hide is None else hide(value)

    return finish


def _of_column(masks: Sequence[Mask]) -> Change:
    whole = next((mask for mask in masks if not mask.path), None)
    if whole is not None:
        change = _change_of(whole)
        return lambda value: change(decoded(value))
    inner = [(mask.path, _change_of(mask)) for mask in masks]
    heads = [f'"{mask.path[0]}'.encode() for mask in masks]

    def changed(value: Any) -> Any:
        # A name that JSON does not escape stands there as it is: most values need not be taken apart.
        if isinstance(value, Raw) and b"\\" not in (text := bytes(value)) and not any(head in text for head in heads):
            return value
        found = decoded(value)
        for path, change in inner:
            found = _inside(found, path, change)
        return found

    return changed


def _inside(value: Any, path: Path, change: Change) -> Any:
    """Return a value with what is at a path changed; a name may hold dots, so both readings of them are tried."""
    if not path:
        return change(value)
    if isinstance(value, list):
        return [_inside(item, path, change) for item in value]
    if not isinstance(value, dict):
        return value
    found = dict(value)
    for end in range(1, len(path) + 1):
        name = ".".join(path[:end])
        if name in found:
            found[name] = _inside(found[name], path[end:], change)
    return found


# Schemas


def shown(column: Column) -> Schema:
    """Return the schema of a column as its values leave."""
    return masked_schema(column.schema, column.masks)


def masked_schema(schema: Schema, masks: Iterable[Mask]) -> Schema:
    """Return the schema of masked values: what is hashed is a string, and what is made null may be null.

    What was masked already stays as it is.
    """
    for mask in sorted(masks, key=lambda mask: len(mask.path), reverse=True):
        schema = _schema_inside(schema, mask.path, _hashed_schema if mask.salt else _redacted_schema)
    return schema


def _schema_inside(schema: Schema, path: Path, change: Callable[[Schema], Schema]) -> Schema:
    if not path:
        return change(schema)
    known = members(schema)
    for name, end in names_on(path):
        if isinstance(known.get(name), dict):
            return with_members(schema, {**known, name: _schema_inside(known[name], path[end:], change)})
    return schema


def names_on(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the names that a path may begin with, and how much of it each takes: ``a`` and ``a.b`` of ``a.b.c``."""
    return ((".".join(path[:end]), end) for end in range(1, len(path) + 1))


def _hashed_schema(schema: Schema) -> Schema:
    described = {"description": schema["description"]} if "description" in schema else {}
    return {"type": ["string", "null"], **described}


def _redacted_schema(schema: Schema) -> Schema:
    types = schema.get("type")
    if types is None:
        return schema
    named = [types] if isinstance(types, str) else list(types)
    kept: Mapping[str, Any] = {name: value for name, value in schema.items() if name not in _BOUNDS}
    return {**kept, "type": [*(name for name in named if name != "null"), "null"]}
