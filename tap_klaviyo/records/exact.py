"""Tells, without taking raw JSON apart, that it is as its schema wants it, so that its bytes can be passed on.

A yes means that `coerce` would return an equal value; a no means nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

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
_SCALARS: Mapping[str, Any] = {"string": str, "integer": int, "number": int | float, "boolean": bool}


def exact(schema: Mapping[str, Any]) -> Callable[[Raw], bool]:
    """Compile a schema into a function that tells whether raw JSON fits it as it stands."""
    decode = msgspec.json.Decoder(_type_of(schema)).decode

    def fits(raw: Raw) -> bool:
        try:
            decode(raw)
        except (ValueError, RecursionError):  # a DecodeError too
            return False
        return True

    return fits


def _type_of(schema: Mapping[str, Any]) -> Any:
    types = schema.get("type", ())
    wanted = [name for name in ([types] if isinstance(types, str) else types) if name != "null"]
    found: Any = None
    for name in wanted:
        found |= _named(name, schema, only=len(wanted) == 1)
    return found if wanted else Any


def _named(name: str, schema: Mapping[str, Any], *, only: bool) -> Any:
    if name == "string":
        return _DATE_TIME if only and schema.get("format") == "date-time" else str
    if name == "array":
        return list[_type_of(schema.get("items", {}))] if only else list[Any]  # type: ignore[misc]
    if name == "object":
        members = schema.get("properties", {})
        return _object(members) if only and members else dict[str, Any]
    return _SCALARS[name]


def _object(members: Mapping[str, Mapping[str, Any]]) -> type[msgspec.Struct]:
    """Return a struct of the members, each of which may be absent; one that is not known is a no.

    What lies in it would pass unread, and a number that no float holds has to be text as it is elsewhere.
    """
    kinds = [(f"f{index}", _type_of(member), None) for index, member in enumerate(members.values())]
    names = {f"f{index}": name for index, name in enumerate(members)}
    return msgspec.defstruct("Object", kinds, rename=names, forbid_unknown_fields=True, gc=False)
