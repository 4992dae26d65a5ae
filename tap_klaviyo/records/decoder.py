"""Types that are compiled for what a stream reads, so that decoding checks a page as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Raw, Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

NULL = Raw(b"null")
WHOLE = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What targets take for a whole number; a larger one makes a page odd."""
SCALARS: Mapping[str, tuple[Any, frozenset[type]]] = {
    # by JSON type: what msgspec decodes, and the Python types of values that need no conversion
    "string": (str | None, frozenset({str, type(None)})),
    "integer": (WHOLE | None, frozenset({int, type(None)})),
    "number": (int | float | None, frozenset({int, float, type(None)})),
    "boolean": (bool | None, frozenset({bool, type(None)})),
}


class Identifier(Struct, gc=False):
    """What a linkage names."""

    id: str


class CompiledLinkage(Struct, frozen=True, gc=False):
    """A to-one relationship."""

    data: Identifier | None = None


class Linkages(Struct, frozen=True, gc=False):
    """A to-many relationship."""

    data: list[Identifier] | None = None


class CompiledIncluded(Struct, gc=False):
    """An included resource."""

    id: str
    type: str = ""
    attributes: dict[str, Raw] | None = None
    relationships: dict[str, Raw] | None = None


class Links(Struct):
    """The links of a response."""

    next: str | None = None


def struct(name: str, fields: Mapping[str, Any], default: Any = None) -> type[Struct]:
    """Define a struct whose fields are called as JSON calls them; reached by position, as `f0`, `f1`…."""
    defined = [(f"f{index}", kind, NULL if kind is Raw else default) for index, kind in enumerate(fields.values())]
    return msgspec.defstruct(name, defined, rename={f"f{index}": key for index, key in enumerate(fields)}, gc=False)


def document(attributes: Mapping[str, Any], relationships: Mapping[str, Any]) -> tuple[type[Struct], Any]:
    """Define a primary resource with these attributes and relationships; return it, and a decoder of responses."""
    resource = msgspec.defstruct(
        "Resource",
        [
            ("id", str),
            ("type", str),
            ("attributes", struct("Attributes", attributes)),
            ("relationships", struct("Relationships", relationships, CompiledLinkage()) | None, None),
        ],
        gc=False,
    )
    answer = msgspec.defstruct(
        "Document",
        [
            ("data", list[resource]),  # type: ignore[valid-type]
            ("included", list[CompiledIncluded] | None, None),
            ("links", Links | None, None),
        ],
    )
    return resource, msgspec.json.Decoder(answer).decode
