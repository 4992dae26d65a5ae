"""Paths into free-form properties: ``$value``, ``Items[0].SKU``, ``Shipping."post.code"``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Step = str | int

_NAME = re.compile(r'"([^"]+)"|([^."\[\]]+)')
_INDEX = re.compile(r"\[(-?\d{1,6})\]", re.ASCII)


class PropertyPathError(ValueError):
    """A path that cannot be read; the message says where."""


def parse_path(text: str) -> tuple[Step, ...]:
    """Return the names and positions of a path; a name that holds dots, brackets or the like stands in double quotes.

    Raises:
        PropertyPathError: It is none.
    """
    found: list[Step] = []
    at = 0
    while at < len(text) or not found:
        index = _INDEX.match(text, at) if found else None
        if index:
            found.append(int(index[1]))
            at = index.end()
            continue
        begin = at + (bool(found) and text.startswith(".", at))
        name = _NAME.match(text, begin) if begin > at or not found else None
        if name is None:
            break
        found.append(name[1] or name[2])
        at = name.end()
    if not found or at < len(text):
        message = f'cannot be read from character {at + 1}; write it like $value, Items[0].SKU or "a.name".b'
        raise PropertyPathError(message)
    return tuple(found)


def written(path: Sequence[Step]) -> str:
    """Return a path as `parse_path` reads it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f"{'.' if text else ''}{step if _NAME.fullmatch(step) else chr(34) + step + chr(34)}"
    return text


def follow(value: Any, path: Sequence[Step]) -> Any:
    """Return what is at a path; null where it leads nowhere. A negative position counts from the end of the list."""
    for step in path:
        if isinstance(step, int):
            within = isinstance(value, list) and -len(value) <= step < len(value)
            value = value[step] if within else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
