"""JSON:API documents as Klaviyo answers them, read no deeper than needed.

Attributes and relationships stay raw JSON until a column wants them: most of an answer is passed on untouched.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Linkage = list[tuple[str, str]]


class UnreadableBodyError(ValueError):
    """A body that is no JSON document; reading it again may help."""


class Resource(Struct):
    """One resource; the values of ``attributes`` and ``relationships`` are raw JSON, or decoded where that failed."""

    id: str
    type: str = ""
    attributes: Mapping[str, Any] | None = None
    relationships: Mapping[str, Any] | None = None


class Document(Struct):
    """An answer: its primary resources, the included ones by type and id, and the next link."""

    data: list[Resource]
    included: dict[tuple[str, str], Resource]
    next_link: str | None
    body: bytes = b""
    """The answer itself, where `data` was decoded by compiled types and may have to be read again."""

    def read_again(self) -> Document:
        """Return the same resources, read tolerantly."""
        wanted = {(resource.type, resource.id) for resource in self.data}
        found = parse_document(self.body)
        found.data = [resource for resource in found.data if (resource.type, resource.id) in wanted]
        return found


class _RawResource(Struct):
    id: str
    type: str = ""
    attributes: dict[str, Raw] | None = None
    relationships: dict[str, Raw] | None = None


class _Links(Struct):
    next: str | None = None


class _RawDocument(Struct):
    data: list[_RawResource] | _RawResource | msgspec.UnsetType | None = msgspec.UNSET
    included: list[_RawResource] | None = None
    links: _Links | None = None


_decode_raw = msgspec.json.Decoder(_RawDocument).decode


def clean_body(body: bytes) -> bytes:
    """Return the body as UTF-8 without line breaks, so that raw pieces of it can stand in a line of output."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            body = body.decode(errors="replace").encode()
    if b"\n" in body or b"\r" in body:
        try:
            body = msgspec.json.format(body, indent=-1)
        except msgspec.DecodeError:
            return body  # the tolerant parser will have to read it
    return body


def parse_document(body: bytes) -> Document:
    """Read an answer.

    What msgspec refuses (a lone surrogate, ``NaN``, an attribute that is no object) is read by the standard library
    and taken as far as it makes sense.

    Raises:
        UnreadableBodyError: The body is no JSON object, or says nothing of `data`.
    """
    try:
        raw = _decode_raw(clean_body(body))
    except (msgspec.DecodeError, RecursionError):
        return _tolerant(body)
    if raw.data is msgspec.UNSET:
        raise UnreadableBodyError  # an answer without `data` is no empty page
    data = raw.data if isinstance(raw.data, list) else [raw.data] if raw.data else []
    return Document(
        data=data,  # type: ignore[arg-type]  # the same fields, only typed more narrowly
        included={(resource.type, resource.id): resource for resource in raw.included or ()},  # type: ignore[misc]
        next_link=(raw.links.next if raw.links else None) or None,
    )


def _tolerant(body: bytes) -> Document:
    try:
        content = _loads(body)
    except ValueError:
        raise UnreadableBodyError from None
    if not isinstance(content, dict) or not isinstance(content.get("data", ""), list | dict | None):
        raise UnreadableBodyError
    links = content.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    return Document(
        data=list(_resources(content.get("data"))),
        included={(resource.type, resource.id): resource for resource in _resources(content.get("included"))},
        next_link=following if isinstance(following, str) and following else None,
    )


def _resources(data: Any) -> Iterator[Resource]:
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict) and item.get("id") is not None:
            yield Resource(
                id=str(item["id"]),
                type=str(item.get("type") or ""),
                attributes=_mapping(item.get("attributes")),
                relationships=_mapping(item.get("relationships")),
            )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def decoded(value: Any) -> Any:
    """Return a value of ``attributes`` or ``relationships`` as Python objects."""
    if not isinstance(value, Raw):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):  # a number that no float holds, an endless nest
        return _loads(bytes(value))


def _loads(text: bytes) -> Any:
    """Read JSON as the standard library does, with null for what is no JSON number.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return json.loads(
            text.decode(errors="replace"), parse_constant=_null, parse_float=_float, parse_int=_int, strict=False
        )
    except RecursionError:
        raise UnreadableBodyError from None


def _null(_constant: str) -> None:
    """Take the place of ``NaN`` and ``Infinity``."""


def _float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _int(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:  # more digits than Python reads
        return None


def linkage(resource: Resource, relationship: str) -> Linkage | None:
    """Return the (type, id) pairs that a relationship names; None where the answer carries no linkage for it."""
    found = decoded((resource.relationships or {}).get(relationship))
    if not isinstance(found, dict) or "data" not in found:
        return None
    data = found["data"]
    items = data if isinstance(data, list) else [data]
    return [
        (str(item.get("type") or ""), str(item["id"]))
        for item in items
        if isinstance(item, dict) and item.get("id") is not None
    ]
