"""Where a custom stream reads: a path under the origin of `api_url`, and never anything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tap_klaviyo import contract
from tap_klaviyo.http import Origin
from tap_klaviyo.http.origin import KLAVIYO_URL

if TYPE_CHECKING:
    from tap_klaviyo.config.entries import Entry
    from tap_klaviyo.contract import Endpoint

KLAVIYO = Origin.of(KLAVIYO_URL)

_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}|\{[A-Za-z_]\w*\})+", re.ASCII)
PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}", re.ASCII)


def location(entry: Entry, origin: Origin) -> tuple[str, dict[str, str]]:
    """Return the path of an entry, and the parameters that its `url` has.

    The host of a `url` is only compared, never used: requests are built from the origin of `api_url`.

    Raises:
        SettingsError: There is neither path nor url, or one that leads elsewhere.
    """
    path, url = entry.string("path"), entry.string("url")
    if (path is None) == (url is None):
        entry.fail("set either path or url")
    if path is not None:
        if "?" in path or "#" in path:
            entry.fail("path must not have a query; put it into params")
        return _checked(entry, path), {}
    return _of_url(entry, str(url), origin)


def _of_url(entry: Entry, url: str, origin: Origin) -> tuple[str, dict[str, str]]:
    if not origin.owns(url) and not (origin.sandbox and KLAVIYO.owns(url)):
        home = f"{KLAVIYO} (or {origin})" if origin.sandbox else str(origin)
        entry.fail(f"url must begin with {home}: the key is sent nowhere else")
    parts = urlsplit(url)
    if parts.fragment or "#" in url:
        entry.fail("url must not have a fragment (#)")
    params: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in params:
            entry.fail(f"url has the parameter '{name[:40]}' twice")
        params[name] = value
    return _checked(entry, parts.path), params


def _checked(entry: Entry, path: str) -> str:
    if not path.startswith("/api/"):
        entry.fail("path must begin with /api/")
    bare = path.removesuffix("/")
    for segment in bare.split("/")[1:]:
        if not _SEGMENT.fullmatch(segment) or unquote(segment) in {".", ".."}:
            entry.fail("path has an empty segment, a segment of dots, or a character that must be percent-encoded")
    return bare if find_endpoint("GET", bare) or find_endpoint("POST", bare) else path


def find_endpoint(method: str, path: str) -> Endpoint | None:
    """Return the contract's endpoint that a path, with ids or placeholders in it, is one of."""
    parts = path.split("/")
    fitting = [
        endpoint
        for (known, template), endpoint in contract.newest().endpoints().items()
        if known == method and _fits(template.split("/"), parts)
    ]
    # `/api/x/y` is itself before it is `/api/x/{id}`.
    return min(fitting, key=lambda endpoint: endpoint.path.count("{"), default=None)


def _fits(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        want == got or want.startswith("{") for want, got in zip(template, parts, strict=True)
    )


def placeholders(value: Any) -> set[str]:
    """Return the names of the placeholders in a string, or in the strings inside an object or list."""
    if isinstance(value, str):
        return set(PLACEHOLDER.findall(value))
    if isinstance(value, Mapping):
        return {name for inner in value.values() for name in placeholders(inner)}
    if isinstance(value, list | tuple):
        return {name for inner in value for name in placeholders(inner)}
    return set()
