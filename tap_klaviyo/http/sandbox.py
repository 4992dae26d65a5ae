"""Requests that the embedded sandbox serves, in this process."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol, cast

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    from collections.abc import Mapping


class Shop(Protocol):
    """What responds: the sandbox, or a test's stand-in for it."""

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body for one request."""


class SandboxAdapter(BaseAdapter):
    """Mounted for `sandbox://`; the shop is made up when the first request comes."""

    def __init__(self, shop: Shop | None = None) -> None:
        super().__init__()
        self._shop = shop

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Respond as a server would, from status, headers and body."""
        if self._shop is None:  # only who asks for the sandbox loads it
            self._shop = cast("Shop", import_module("tap_klaviyo.sandbox").shared())
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        status, headers, content = self._shop.handle(request.method or "", request.url or "", request.headers, body)
        response = requests.Response()
        response.status_code = status
        response.headers = CaseInsensitiveDict(headers)
        response.url = request.url or ""
        response.request = request
        response.raw = urllib3.HTTPResponse(
            BytesIO(content), headers=dict(headers), status=status, preload_content=False
        )
        return response

    def close(self) -> None:
        """Nothing is open."""
