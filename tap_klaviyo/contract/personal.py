"""Which attributes hold personal data; facts that are kept by hand, in ``personal.json``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

PERSONAL = "Personal data."
FREE = "May hold personal data: free-form."


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The attributes of a type that are personal data, and those in which users write what they like."""

    personal: tuple[str, ...] = ()
    free: tuple[str, ...] = ()


@cache
def _types() -> Mapping[str, _Names]:
    content = Path(__file__).with_suffix(".json").read_bytes()
    return MappingProxyType(msgspec.json.decode(content, type=dict[str, _Names]))


@cache
def personal_attributes(resource_type: str) -> Mapping[str, str]:
    """Return the attributes of a type that hold personal data, each with the words that its column is marked by."""
    names = _types().get(resource_type, _Names())
    return MappingProxyType({**dict.fromkeys(names.personal, PERSONAL), **dict.fromkeys(names.free, FREE)})
