"""What each fault does to an answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from tap_klaviyo.sandbox.errors import RefusedError
from tap_klaviyo.sandbox.faults import REPLACING, WIRE
from tap_klaviyo.sandbox.paging import another
from tap_klaviyo.sandbox.responses import CONTENT_TYPE, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_klaviyo.sandbox.faults import Fault

FOREIGN = "http://elsewhere.invalid"
_HTML = (
    b"<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head>"
    b"<body><h1>Sorry, you have been blocked</h1><p>Cloudflare Ray ID: 8f00ba4</p></body></html>"
)
_CODES = {401: "authentication_failed", 403: "permission_denied", 404: "not_found", 410: "gone", 429: "throttled"}
_DEEP, _PADDING = 200, 10_000
_OK = 200
_CURSOR = "page[cursor]"


def replacement(faults: Iterable[Fault], target: str) -> Response | None:
    """Return what is answered in place of the answer, None where no fault replaces it."""
    for fault in faults:
        if fault.kind in REPLACING:
            return _REPLACE[fault.kind](fault.value, target)
    return None


def _throttle(value: Any, target: str) -> Response:
    del target
    refused = RefusedError(429, "throttled", "Request was throttled.")
    return Response(
        429, {"Content-Type": CONTENT_TYPE, "Retry-After": str(1 if value is None else value)}, refused.body()
    )


def _throttle_words(value: Any, target: str) -> Response:
    del target
    detail = f"Request was throttled. Expected available in {1 if value is None else value} seconds."
    return Response(429, {"Content-Type": CONTENT_TYPE}, RefusedError(429, "throttled", detail).body())


def _error(value: Any, target: str) -> Response:
    del target
    status = 503 if value is None else int(value)
    refused = RefusedError(status, _CODES.get(status, "error"), "Something went wrong.")
    return Response(status, {"Content-Type": CONTENT_TYPE}, refused.body())


def _html(value: Any, target: str) -> Response:
    del target
    headers = {"Content-Type": "text/html; charset=UTF-8", "Server": "cloudflare", "CF-Ray": "8f00ba4"}
    return Response(403 if value is None else int(value), headers, _HTML)


def _redirect(value: Any, target: str) -> Response:
    return Response(302, {"Location": f"{value or FOREIGN}{_without_origin(target)}"})


_REPLACE: dict[str, Callable[[Any, str], Response]] = {
    "throttle": _throttle,
    "throttle-words": _throttle_words,
    "error": _error,
    "html": _html,
    "redirect": _redirect,
}


def spoiled(response: Response, faults: Iterable[Fault]) -> Response:
    """Return ``response`` with the faults that change it; only an answer with rows is changed."""
    if response.status != _OK:
        return response
    for fault in faults:
        if fault.kind in WIRE:
            response = replace(response, wire=fault.kind)
        elif fault.kind == "broken-json":
            response = replace(response, body=response.body[:-2] + b",]")
        elif fault.kind in _SPOIL:
            document = json.loads(response.body)
            _SPOIL[fault.kind](document, fault.value)
            response = replace(response, body=_dumped(document))
    return response


def _dumped(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    data = document["data"]
    return data if isinstance(data, list) else [data] if data else []


def _attributes(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [row["attributes"] for row in _rows(document) if row.get("attributes")]


def _next_repeats(document: dict[str, Any], _: Any) -> None:
    if document["links"].get("next"):
        document["links"]["next"] = document["links"]["self"]


def _next_first(document: dict[str, Any], value: Any) -> None:
    del value
    if document["links"].get("next"):
        here, _, query = document["links"]["self"].partition("?")
        kept = "&".join(part for part in query.split("&") if not unquote(part).startswith(_CURSOR))
        document["links"]["next"] = f"{here}?{kept}" if kept else here


def _next_foreign(document: dict[str, Any], value: Any) -> None:
    links = document["links"]
    links["next"] = f"{value or FOREIGN}{_without_origin(links.get('next') or links['self'])}"


def _empty_page(document: dict[str, Any], _: Any) -> None:
    # the rows are not lost: the link leads to them, by another cursor where there are cursors
    document["data"] = []
    document.pop("included", None)
    links = document["links"]
    links["next"] = _once_more(links["self"]) if "next" in links else links["self"]


def _once_more(url: str) -> str:
    here, _, query = url.partition("?")
    parts = {unquote(part.partition("=")[0]): part for part in query.split("&") if part}
    cursor = parts.pop(_CURSOR, None)
    others = "&".join(parts.values())
    found = another(cursor and unquote(cursor.partition("=")[2]), urlsplit(url).path, others)
    return f"{here}?{others}{'&' if others else ''}{quote(_CURSOR)}={found}"


def _missing_relationships(document: dict[str, Any], _: Any) -> None:
    for row in _rows(document):
        row.pop("relationships", None)


def _null_attributes(document: dict[str, Any], _: Any) -> None:
    for attributes in _attributes(document):
        attributes.update(dict.fromkeys(attributes))


def _unknown_attributes(document: dict[str, Any], _: Any) -> None:
    asked = unquote(document["links"]["self"])
    for row in _rows(document):
        # a sparse fieldset leaves out what nobody knew when it was written
        if f"fields[{row['type']}]" not in asked and row.get("attributes"):
            row["attributes"]["brand_new"] = {"since": "2027-01-15"}


def _numbers_as_text(document: dict[str, Any], _: Any) -> None:
    for attributes in _attributes(document):
        for name, value in attributes.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                attributes[name] = str(value)


def _missing_definition(document: dict[str, Any], _: Any) -> None:
    for row in document.get("included", ()):
        if row["type"] == "campaign-message":
            row["attributes"].pop("definition", None)


def _deep(document: dict[str, Any], value: Any) -> None:
    nested: Any = "bottom"
    for _ in range(int(value or _DEEP)):
        nested = {"down": nested}
    for attributes in _attributes(document):
        for name in attributes:
            if name.endswith("properties"):
                attributes[name] = nested


def _padded(document: dict[str, Any], value: Any) -> None:
    for attributes in _attributes(document):
        for name in attributes:
            if name.endswith("properties"):
                attributes[name] = {"padding": "x" * int(value or _PADDING)}


_SPOIL: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "next-repeats": _next_repeats,
    "next-first": _next_first,
    "next-foreign": _next_foreign,
    "empty-page": _empty_page,
    "missing-relationships": _missing_relationships,
    "null-attributes": _null_attributes,
    "unknown-attributes": _unknown_attributes,
    "numbers-as-text": _numbers_as_text,
    "missing-definition": _missing_definition,
    "deep": _deep,
    "padded": _padded,
}


def _without_origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
