"""Attributes that Klaviyo sends and the contract does not know: said once, and left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo import contract
from tap_klaviyo.records.jsonapi import UnreadableBodyError, parse_document
from tap_klaviyo.records.lenient_json import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.records.jsonapi import Document, Resource
    from tap_klaviyo.records.lenient_json import Changes


def newcomers(resources: Iterable[Resource], endpoint: Endpoint) -> dict[str, set[str]]:
    """Return by type the attributes that neither the type's schema nor the endpoint knows."""
    found: dict[str, set[str]] = {}
    facts = contract.contract_of(endpoint)
    for resource in resources:
        kind = resource.type
        known = {*endpoint.fields.get(kind, ()), *(endpoint.attributes if kind == endpoint.resource else ())}
        try:
            known |= facts.schema(facts.schema_name(kind, endpoint))["properties"].keys()
        except contract.UnknownSchemaError:
            continue
        unknown = set(resource.attributes or ()) - known
        if unknown:
            found.setdefault(kind, set()).update(unknown)
    return found


def warn_changes(stream: str, changes: Changes, warn_once: Callable[[str, str], None]) -> None:
    """Say what had to be changed in a response before it could be read."""
    if changes.replaced:
        warn_once(
            f"replaced {stream}",
            f"{stream}: a response contains an invalid Unicode character (a lone surrogate, or bytes that are not "
            "UTF-8); it was replaced by U+FFFD",
        )
    if changes.cut:
        warn_once(
            f"deep {stream}",
            f"{stream}: a response is nested too deeply; everything below level {DEEPEST} was set to null",
        )


def watching(
    stream: str, endpoint: Endpoint, parse: Callable[[bytes], Document], warn_once: Callable[[str, str], None]
) -> Callable[[bytes], Document]:
    """Return ``parse``, with a look at the first resource of each type in the first response that has any.

    A new attribute is in every resource, so one of a type is enough.
    """
    looked = False

    def parsed(body: bytes) -> Document:
        nonlocal looked
        document = parse(body)
        if not looked and document.data:
            looked = True
            _look(body)
        warn_changes(stream, document.changes, warn_once)
        return document

    def _look(body: bytes) -> None:
        try:
            document = parse_document(body)  # a compiled type would leave out what it does not know
        except UnreadableBodyError:
            return  # the page was read, and a look at it does not undo that
        first = {resource.type: resource for resource in [*document.included.values(), *document.data[:1]]}
        for kind, names in sorted(newcomers(first.values(), endpoint).items()):
            listed = ", ".join(sorted(names))
            warn_once(
                f"new {kind} {listed}",
                f"{stream}: Klaviyo sent fields of {kind} that this version does not know, which are not loaded: "
                f"{listed}; upgrade tap-klaviyo to load them",
            )

    return parsed
