"""Types of values: what a value must be to pass, and how one that is nearly so is converted.

A type is compiled into a function. What does not fit goes to ``Misfit``, with the path of the field, the value and
the words for what was wanted; it raises, or returns what stands in for the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import InvalidOperation
from typing import Any

Misfit = Callable[[str, Any, str], Any]
Cast = Callable[[Any], Any]
Read = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value; ``read`` converts it or raises ValueError. ``schema`` is without null."""

    words: str
    schema: Mapping[str, Any]
    read: Read
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Anything:
    """A value that passes as it is."""

    nullable: bool = True


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array."""

    item: Type
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with free keys."""

    key: Scalar
    value: Type
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with known members.

    ``complete`` gives members that the value lacks a null. ``rest`` is the type of unknown members, which are left out
    where it is None.
    """

    members: Mapping[str, Type] = field(default_factory=dict)
    complete: bool = False
    rest: Type | None = None
    required: frozenset[str] = frozenset()
    nullable: bool = True


Type = Scalar | Anything | ListOf | MapOf | Fields


def compiled(kind: Type, misfit: Misfit, at: str = "") -> Cast:
    """Compile a type; ``at`` is the path of the field."""
    match kind:
        case Anything():
            inner: Cast = _same
            words = "value"
        case Scalar():
            inner, words = _scalar(kind, misfit, at), kind.words
        case ListOf():
            inner, words = _list(kind, misfit, at), "array"
        case MapOf():
            inner, words = _map(kind, misfit, at), "map"
        case Fields():  # pragma: no branch - the last of the kinds
            inner, words = _fields(kind, misfit, at), "object"

    def cast(value: Any) -> Any:
        if value is not None:
            return inner(value)
        return None if kind.nullable else misfit(at, None, words)

    return cast


def _same(value: Any) -> Any:
    return value


def _scalar(kind: Scalar, misfit: Misfit, at: str) -> Cast:
    def cast(value: Any) -> Any:
        try:
            return kind.read(value)
        except (ValueError, OverflowError, InvalidOperation):
            return misfit(at, value, kind.words)

    return cast


def _list(kind: ListOf, misfit: Misfit, at: str) -> Cast:
    item = compiled(kind.item, misfit, f"{at}[]")
    return lambda value: [item(member) for member in value] if isinstance(value, list) else misfit(at, value, "array")


def _map(kind: MapOf, misfit: Misfit, at: str) -> Cast:
    key = compiled(kind.key, misfit, f"{at} (key)")
    member = compiled(kind.value, misfit, f"{at}.*")

    def cast(value: Any) -> Any:
        if not isinstance(value, dict):
            return misfit(at, value, "map")
        return {name: member(item) for name, item in value.items() if key(name) is not None}

    return cast


def _fields(kind: Fields, misfit: Misfit, at: str) -> Cast:
    def path(name: str) -> str:
        return f"{at}.{name}" if at else name

    members = {name: compiled(member, misfit, path(name)) for name, member in kind.members.items()}
    rest = None if kind.rest is None else compiled(kind.rest, misfit, path("*"))

    def cast(value: Any) -> Any:
        if not isinstance(value, dict):
            return misfit(at, value, "object")
        found = {
            name: member(value.get(name))
            for name, member in members.items()
            if name in value or kind.complete or name in kind.required
        }
        if rest is not None:
            found |= {name: rest(item) for name, item in value.items() if name not in members}
        return found

    return cast


def schema_of(kind: Type) -> dict[str, Any]:
    """Return the JSON schema of a type."""
    match kind:
        case Anything():
            return {}
        case Scalar():
            found = dict(kind.schema)
        case ListOf():
            found = {"type": "array", "items": schema_of(kind.item)}
        case MapOf():
            found = {"type": "object", "additionalProperties": schema_of(kind.value)}
        case Fields():  # pragma: no branch - the last of the kinds
            found = {"type": "object", "properties": {name: schema_of(inner) for name, inner in kind.members.items()}}
    if kind.nullable and found["type"] != "null":
        found["type"] = [found["type"], "null"]
    return found
