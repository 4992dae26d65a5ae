"""Tells, without taking raw JSON apart, that it is as its schema wants it, so that its bytes can be passed on.

A yes means that `coerce` would return an equal value; a no means nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tap_klaviyo.records.decoder import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from msgspec import Raw

_CLOCK = r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\+00:00"
_DAY = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"  # a 29th is left to a closer look
)
_DATE_TIME = Annotated[str, msgspec.Meta(pattern=rf"^[12][0-9]{{3}}-{_DAY}{_CLOCK}\Z")]
_SCALARS: Mapping[str, Any] = {"string": str, "integer": WHOLE, "number": int | float, "boolean": bool}


def exact(schema: Mapping[str, Any]) -> Callable[[Raw], bool]:
    """Compile a schema into a function that tells whether raw JSON fits it as it stands."""
    known = msgspec.json.Decoder(_type_of(schema, closed=True)).decode
    fitting = msgspec.json.Decoder(_type_of(schema, closed=False)).decode

    def fits(raw: Raw) -> bool:
        try:
            known(raw)
        except (ValueError, RecursionError):  # a DecodeError too
            pass
        else:
            return True
        try:
            fitting(raw)
            # What the schema does not know was passed over: a number that no float holds is text everywhere else.
            msgspec.json.decode(raw)
        except (ValueError, RecursionError):
            return False
        return True

    return fits


def _type_of(schema: Mapping[str, Any], *, closed: bool) -> Any:
    """Return the type of a schema; a ``closed`` one has no members that the schema does not know."""
    types = schema.get("type", ())
    wanted = [name for name in ([types] if isinstance(types, str) else types) if name != "null"]
    found: Any = None
    for name in wanted:
        found |= _named(name, schema if len(wanted) == 1 else {}, closed=closed)
    return found if wanted else Any


def _named(name: str, schema: Mapping[str, Any], *, closed: bool) -> Any:
    """Return a type by its name in JSON; of one type among several `coerce` looks no deeper, so the schema is empty."""
    if name == "string":
        return _DATE_TIME if schema.get("format") == "date-time" else str
    if name == "array":
        return list[_type_of(schema.get("items", {}), closed=closed)]  # type: ignore[misc]
    if name == "object":
        members = schema.get("properties", {})
        return _object(members, closed=closed) if members else dict[str, Any]
    return _SCALARS[name]


def _object(members: Mapping[str, Mapping[str, Any]], *, closed: bool) -> type[msgspec.Struct]:
    """Return a struct of the members, each of which may be absent."""
    kinds = [(f"f{index}", _type_of(member, closed=closed), None) for index, member in enumerate(members.values())]
    names = {f"f{index}": name for index, name in enumerate(members)}
    return msgspec.defstruct("Object", kinds, rename=names, forbid_unknown_fields=closed, gc=False)
