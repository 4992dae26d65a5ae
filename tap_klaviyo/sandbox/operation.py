"""One method of one path, as Klaviyo's document has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_FIELDS = re.compile(r"fields\[(.+)\]")
_ADDITIONAL = re.compile(r"additional-fields\[(.+)\]")
_RELATIONSHIPS = "/relationships/"
_OWN = 3  # slashes in /api/plural/{id}


@dataclass(frozen=True)
class Shape:
    """What a resource of one type looks like in one answer.

    ``attributes`` is None where the answer holds linkages alone; ``relationships`` maps a name to the type it
    leads to and whether it leads to many.
    """

    type: str
    attributes: frozenset[str] | None
    relationships: dict[str, tuple[str, bool]]


@dataclass(frozen=True)
class Operation:
    """One method of one path, with the facts of the document about it."""

    method: str
    path: str
    parameters: dict[str, dict[str, Any]]
    filters: dict[str, dict[str, Any]]
    filter_requires: tuple[str, ...]
    page_size: int | None
    page_default: int | None
    burst: int
    steady: int
    daily: int | None
    conditional_limits: tuple[tuple[str, str, int, int], ...]
    scopes: tuple[str, ...]
    newest_first: bool
    collection: bool
    nullable: bool
    shape: Shape
    included: dict[str, Shape]

    @property
    def linkages(self) -> bool:
        """Whether the answer holds identifiers only."""
        return _RELATIONSHIPS in self.path

    @property
    def related(self) -> bool:
        """Whether the answer is what a relationship of another resource leads to."""
        return self.path.count("/") > _OWN

    @property
    def segments(self) -> list[str]:
        """The path template after ``/api/``, split, without ``relationships``."""
        return [part for part in self.path.split("/")[2:] if part != "relationships"]

    def choices(self, parameter: str) -> tuple[str, ...] | None:
        """Return the values that ``parameter`` takes, or None where it is free."""
        schema = self.parameters[parameter]
        enum = schema.get("items", schema).get("enum")
        return None if enum is None else tuple(enum)

    def additional(self, resource_type: str) -> tuple[str, ...]:
        """Return the attributes of ``resource_type`` that are in the answer only when asked for."""
        name = f"additional-fields[{resource_type}]"
        return (self.choices(name) or ()) if name in self.parameters else ()


def fields_type(parameter: str) -> str | None:
    """Return the resource type of a ``fields[type]`` parameter, None for any other."""
    match = _FIELDS.fullmatch(parameter)
    return match[1] if match else None


def additional_type(parameter: str) -> str | None:
    """Return the resource type of an ``additional-fields[type]`` parameter, None for any other."""
    match = _ADDITIONAL.fullmatch(parameter)
    return match[1] if match else None
