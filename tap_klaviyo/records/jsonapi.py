"""JSON:API documents as Klaviyo sends them, read no deeper than needed.

Attributes and relationships stay raw JSON until a column wants them: most of a response is passed on untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

from tap_klaviyo.records.lenient_json import Changes, decode, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Linkage = list[tuple[str, str]]


class UnreadableBodyError(ValueError):
    """A body that is no JSON document; reading it again may help."""


class Resource(Struct):
    """One resource; the values of ``attributes`` and ``relationships`` are raw JSON when they come from a response."""

    id: str
    type: str = ""
    attributes: Mapping[str, Any] | None = None
    relationships: Mapping[str, Any] | None = None


class Document(Struct):
    """A response: its primary resources, the included ones by type and id, and the next link."""

    data: list[Resource]
    included: dict[tuple[str, str], Resource]
    next_link: str | None
    body: bytes = b""
    """The response itself, where `data` was decoded by compiled types and may have to be read again."""
    changes: Changes = Changes()

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


def parse_document(body: bytes) -> Document:
    """Read a response; one of another form (an attribute that is no object, say) as far as it makes sense.

    Raises:
        UnreadableBodyError: The body is no JSON object, says nothing of `data`, or has a next link that is no string.
    """
    try:
        raw, changes = decode(body, _decode_raw)
    except ValueError:  # DecodeError too
        return _tolerant(body)
    if raw.data is msgspec.UNSET:
        raise UnreadableBodyError  # a response without `data` is no empty page
    data = raw.data if isinstance(raw.data, list) else [raw.data] if raw.data else []
    return Document(
        data=data,  # type: ignore[arg-type]  # the same fields, only typed more narrowly
        included={(resource.type, resource.id): resource for resource in raw.included or ()},  # type: ignore[misc]
        next_link=(raw.links.next if raw.links else None) or None,
        changes=changes,
    )


_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode


def _tolerant(body: bytes) -> Document:
    try:
        content, changes = decode(body, _decode_object)
    except ValueError:
        raise UnreadableBodyError from None
    if bytes(content.get("data", _NEITHER))[:1] not in {b"[", b"{", b"n"}:
        raise UnreadableBodyError
    following = decoded(_object(content.get("links")).get("next"))
    if following is not None and not isinstance(following, str):
        raise UnreadableBodyError  # neither a way on nor an end
    return Document(
        data=list(_resources(content["data"])),
        included={(resource.type, resource.id): resource for resource in _resources(content.get("included"))},
        next_link=following or None,
        changes=changes,
    )


_NEITHER = Raw(b"0")


def _resources(data: Raw | None) -> Iterator[Resource]:
    if data is None:
        return
    for raw in _decode_list(data) if bytes(data)[:1] == b"[" else [data]:
        item = _object(raw)
        identifier = decoded(item.get("id"))
        if identifier is not None:
            yield Resource(
                id=str(identifier),
                type=str(decoded(item.get("type")) or ""),
                attributes=_object(item.get("attributes")),
                relationships=_object(item.get("relationships")),
            )


def _object(raw: Raw | None) -> dict[str, Raw]:
    return _decode_object(raw) if raw is not None and bytes(raw)[:1] == b"{" else {}


def decoded(value: Any) -> Any:
    """Return a value of ``attributes`` or ``relationships`` as Python objects."""
    if not isinstance(value, Raw):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):  # a number that no float holds, an endless nest
        return read(bytes(value))[0]


def linkage(resource: Resource, relationship: str) -> Linkage | None:
    """Return the (type, id) pairs that a relationship names; None where the response carries no linkage for it."""
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
