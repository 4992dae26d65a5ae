"""A request, and its response."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.contract import Endpoint, Limits

# What a caller may not set: the key is ours to send, and the rest belongs to the connection.
FORBIDDEN_HEADERS = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "host",
        "proxy-authorization",
        "transfer-encoding",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `url` is absolute and encoded, `limits` are the ones it is subject to, conditional ones included.

    `headers` win over the usual ones (a custom stream's own revision, say). With `text` the body of the response may be
    anything; otherwise one that is not JSON is a failed try. Raises ValueError for a header in `FORBIDDEN_HEADERS`.
    """

    endpoint: Endpoint
    url: str
    limits: Limits
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    text: bool = False

    def __post_init__(self) -> None:
        if refused := sorted(name for name in self.headers if name.strip().lower() in FORBIDDEN_HEADERS):
            message = f"the header {refused[0].strip()} cannot be set"
            raise ValueError(message)

    @property
    def method(self) -> str:
        """GET or POST."""
        return self.endpoint.method

    @property
    def label(self) -> str:
        """The request for a person's eyes: its path template, since the URL may hold an e-mail address in a filter."""
        return f"{self.endpoint.method} {self.endpoint.path}"

    def next(self, link: str) -> Request:
        """The same request for a next link, whose origin is checked when it is sent."""
        return replace(self, url=link)


@dataclass(frozen=True, slots=True)
class Response:
    """Status, whole decoded body, and headers (their names in any case)."""

    status: int
    body: bytes
    headers: Mapping[str, str]
