"""What a sample of free-form properties shows: where values are, of which type, how often, and what they look like."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.streams.custom import scalars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_klaviyo.records.property_path import Step

    Path = tuple[Step, ...]


_DEEPEST = 4
_LONGEST = 24
_SMALL = 10**6  # a longer number may be a phone's, or somebody's
_UNFIT = re.compile(r'["@]')  # no path can name it, or it is an address itself
_PERSONAL = re.compile(
    r"mail|phone|mobile|name|addr|street|city|zip|post|region|country|lat|lon|\bip\b|birth|age|gender|ssn|tax|pass|token",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Found:
    """The values at one path, and how many samples have one; 0 if only Klaviyo says that there are any."""

    path: Path
    values: list[Any] = field(default_factory=list)
    type: str = ""

    @property
    def count(self) -> int:
        """In how many samples there is a value."""
        return len(self.values)


def found_in(samples: Iterable[Mapping[str, Any]]) -> list[Found]:
    """Return what is in samples: the paths of single values, and of lists of them, most frequent first.

    Of a list of objects the members of the first one count.
    """
    known: dict[Path, Found] = {}
    for sample in samples:
        for path, value in _leaves(sample, ()):
            known.setdefault(path, Found(path)).values.append(value)
    for one in known.values():
        one.type = type_of(one.values)
    return sorted(known.values(), key=lambda one: -one.count)


def _leaves(value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and len(at) < _DEEPEST:
        for name, member in value.items():
            if name and not _UNFIT.search(name):
                yield from _leaves(member, (*at, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict) and len(at) < _DEEPEST:
        yield from _leaves(value[0], (*at, 0))
    elif at and value is not None and value not in ("", []) and not isinstance(value, dict):
        yield at, value


def type_of(values: Sequence[Any]) -> str:
    """Return the narrowest type that all values fit as they are; numbers in strings count if they have a point."""
    if all(isinstance(value, list) for value in values):
        items = [item for value in values for item in value if item is not None]
        plain = [item for item in items if not isinstance(item, dict | list)]
        return f"array<{type_of(plain)}>" if plain and len(plain) == len(items) else "string"
    return next((name for name, fits in _NARROW if all(map(fits, values))), "string")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reads(read: Callable[[Any], Any], value: Any) -> bool:
    try:
        read(value)
    except (ValueError, OverflowError):
        return False
    return True


_NARROW: Sequence[tuple[str, Callable[[Any], bool]]] = (
    ("boolean", lambda value: isinstance(value, bool)),
    ("bigint", lambda value: isinstance(value, int) and _reads(scalars.integer_of(64), value)),
    # Codes and numbers of orders are strings of digits, which may begin with zeros; amounts have a point.
    ("double", lambda value: (_is_number(value) or "." in str(value)) and _reads(scalars.floating, value)),
    ("date", lambda value: len(str(value)) == len("2026-01-01") and _reads(scalars.day, value)),
    ("timestamp", lambda value: _reads(scalars.timestamp, value)),
)
"""Types from narrow to wide, and whether a value is of them as it stands."""


def example(found: Found) -> str:
    """Return what a value looks like: letters as x and digits as 9, since any string may be personal.

    A small number, true and false stand as they are, unless the property's name says that they are of a person.
    """
    value: Any = found.values[0] if found.values else ""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    personal = any(isinstance(step, str) and _PERSONAL.search(step) for step in found.path)
    if isinstance(value, bool) or (_is_number(value) and abs(value) < _SMALL and not personal):
        return str(value).lower()
    text = "".join(_shape(character) for character in str(value)[:_LONGEST])
    return f"{text}…" if len(str(value)) > _LONGEST else text


def _shape(character: str) -> str:
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return "9" if character.isdigit() else character if character.isprintable() else " "
