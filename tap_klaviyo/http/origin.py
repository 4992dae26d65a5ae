"""Where the key may go: the origin of `api_url`, and the URLs on it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from tap_klaviyo.http.errors import BadApiUrlError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Value = str | int | bool | Sequence[str]

KLAVIYO_URL = "https://a.klaviyo.com"
SANDBOX = "sandbox"
_ODD = re.compile(r"[\x00-\x20\\]")
_PORTS = {"https": 443, "http": 80, SANDBOX: 0}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port, in the one spelling that can be compared."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, api_url: str) -> Origin:
        """The origin that the setting names; raises `BadApiUrlError`, which does not repeat the setting."""
        origin = _split(api_url)
        if origin is None:
            message = f"api_url must look like {KLAVIYO_URL}, with no user name or password in it"
            raise BadApiUrlError(message)
        parts = urlsplit(api_url)
        if parts.path.strip("/") or parts.query or parts.fragment or "?" in api_url or "#" in api_url:
            message = f"api_url must be an origin only, such as {KLAVIYO_URL}: remove the path and the query"
            raise BadApiUrlError(message)
        if origin.scheme == "http" and not _loopback(origin.host):
            message = (
                "api_url must begin with https:// (plain http is for localhost only, since the key would be readable)"
            )
            raise BadApiUrlError(message)
        return origin

    @property
    def sandbox(self) -> bool:
        """Whether the responses come from this process."""
        return self.scheme == SANDBOX

    def owns(self, url: str) -> bool:
        """Whether the URL stays here, so that the key may go with it."""
        return _split(url) == self

    def url(self, path: str, params: Mapping[str, Value] | None = None) -> str:
        """The absolute URL of an encoded path, with the parameters percent-encoded and in alphabetical order."""
        params = params or {}
        query = "&".join(f"{quote(name, safe='')}={quote(_text(params[name]), safe='')}" for name in sorted(params))
        return f"{self}{path}?{query}" if query else f"{self}{path}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def fill(template: str, ids: Mapping[str, str]) -> str:
    """The path with its `{placeholders}` filled: an id may hold any character, a slash too."""
    for name, value in ids.items():
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    return ",".join(value)


def _split(url: str) -> Origin | None:
    """The origin of a URL; None for one that is relative, odd, or carries a user name."""
    # A browser reads a backslash as a slash and drops control characters: two readers of such a URL may see two hosts.
    if _ODD.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme, (parts.hostname or "").rstrip(".")
    if scheme not in _PORTS or "@" in parts.netloc:
        return None
    if scheme == SANDBOX:
        return Origin(SANDBOX, "shop", 0) if host in {"", "shop"} and port is None else None
    return Origin(scheme, host, _PORTS[scheme] if port is None else port) if host else None


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
