"""The short form of a schema: field names and type names, nested as the records are.

``{fields: {id: string, attributes: {name: string, price: "decimal(10,2)", tags: "array<string>"}}}``
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tap_klaviyo.config.errors import suggestion
from tap_klaviyo.streams.custom import scalars
from tap_klaviyo.streams.custom.types import Fields, ListOf, MapOf, Scalar, Type

_PLAIN = {
    "string": scalars.STRING,
    "boolean": Scalar("boolean", {"type": "boolean"}, scalars.boolean),
    "float": Scalar("float", {"type": "number"}, scalars.floating),
    "double": Scalar("double", {"type": "number"}, scalars.floating),
    "date": Scalar("date", {"type": "string", "format": "date"}, scalars.day),
    "time": Scalar("time", {"type": "string", "format": "time"}, scalars.time_of_day),
    "timestamp": scalars.TIMESTAMP,
    "bytes": Scalar("bytes", {"type": "string", "contentEncoding": "base64"}, scalars.base64_text),
    "null": Scalar("null", {"type": "null"}, scalars.nothing),
    **{
        name: Scalar(
            name,
            {"type": "integer", "minimum": -(1 << (bits - 1)), "maximum": (1 << (bits - 1)) - 1},
            scalars.integer_of(bits),
        )
        for name, bits in (("tinyint", 8), ("smallint", 16), ("int", 32), ("bigint", 64))
    },
}
_DECIMAL = re.compile(r"decimal\s*\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)", re.ASCII)
_GENERIC = re.compile(r"(array|map)\s*<(.*)>", re.DOTALL)
_MOST_DIGITS = 38
_DEEPEST = 20
_NAMES = (*_PLAIN, "decimal(p,s)", "array<…>", "map<…,…>")


class ShortFormError(ValueError):
    """A short form that cannot be read; the message names the field."""


def parse(fields: Any, at: str = "schema.fields") -> Fields:
    """Return the type of a record; ``at`` is the field of the settings that says it.

    Raises:
        ShortFormError: A type that is not known, or something else than names and types.
    """
    return _object(fields, at, 0)


def _object(fields: Any, at: str, depth: int) -> Fields:
    if not isinstance(fields, Mapping) or not fields:
        raise ShortFormError(_said(at, "must be an object of field names and types"))
    if depth > _DEEPEST:
        raise ShortFormError(_said(at, "is nested too deeply"))
    members = {}
    for name, kind in fields.items():
        if not isinstance(name, str) or not name:
            raise ShortFormError(_said(at, "has a field without a name"))
        members[name] = _type(kind, f"{at}.{name}", depth + 1)
    return Fields(members, complete=True)


def _type(kind: Any, at: str, depth: int) -> Type:
    if isinstance(kind, Mapping):
        return _object(kind, at, depth)
    if isinstance(kind, list):
        if len(kind) != 1:
            raise ShortFormError(_said(at, "is a list; it must contain exactly one type, that of its items"))
        return ListOf(_type(kind[0], f"{at}[]", depth + 1))
    if kind is None:  # a bare `null` in YAML
        return _PLAIN["null"]
    if not isinstance(kind, str):
        raise ShortFormError(_said(at, "must be the name of a type"))
    return _named(kind.strip().lower(), at, depth)


def _named(name: str, at: str, depth: int) -> Type:
    if name in _PLAIN:
        return _PLAIN[name]
    if found := _DECIMAL.fullmatch(name):
        precision, scale = int(found[1]), int(found[2])
        if not (1 <= precision <= _MOST_DIGITS and scale <= precision):
            raise ShortFormError(_said(at, f"decimal(p,s) needs 1 <= p <= {_MOST_DIGITS} and 0 <= s <= p"))
        return Scalar(f"decimal({precision},{scale})", {"type": "number"}, scalars.decimal_of(precision, scale))
    if (generic := _GENERIC.fullmatch(name)) and depth <= _DEEPEST:
        return _generic(generic[1], generic[2], at, depth)
    raise ShortFormError(_said(at, f"has the unknown type '{name[:40]}'; {suggestion(name, _NAMES)}"))


def _generic(name: str, inside: str, at: str, depth: int) -> Type:
    if name == "array":
        return ListOf(_named(inside.strip(), f"{at}[]", depth + 1))
    key, comma, value = _split(inside)
    if not comma:
        raise ShortFormError(_said(at, "map<…,…> needs the type of its keys and the type of its values"))
    kind = _named(key.strip(), f"{at} (key)", depth + 1)
    if not isinstance(kind, Scalar):
        raise ShortFormError(_said(at, "the keys of a map must have a plain type"))
    return MapOf(kind, _named(value.strip(), f"{at}.*", depth + 1))


def _split(text: str) -> tuple[str, str, str]:
    """Split at the first comma outside of brackets: ``decimal(10,2),int`` is two types."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            return text[:position], ",", text[position + 1 :]
    return text, "", ""


def _said(at: str, problem: str) -> str:
    return f"{at} {problem}"
