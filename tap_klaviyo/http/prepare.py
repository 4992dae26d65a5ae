"""Requests as the library wants them: prepared once for all that differ in their URLs alone."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

# A URL of these is written as it stands; for any other one, with a space or a % that is no escape, the library knows
# what to make of it.
_PLAIN = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*+")
_MOST = 64  # streams differ in few headers, and a token lasts an hour


class Preparer:
    """Prepares the requests to one origin; any thread may ask it."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._prepared: dict[tuple[tuple[str, str], ...], requests.PreparedRequest] = {}

    def prepare(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> requests.PreparedRequest:
        """A request that can be sent; raises ValueError for a header or a URL that cannot."""
        if body is not None or not self._is_plain(url):
            return requests.Request(method, url, headers=dict(headers), data=body).prepare()
        key = (("", method), *headers.items())
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = requests.Request(method, url, headers=dict(headers)).prepare()
            if len(self._prepared) >= _MOST:
                self._prepared.clear()
            self._prepared[key] = prepared
        another = copy.copy(prepared)
        another.url = url
        return another

    def _is_plain(self, url: str) -> bool:
        """Whether the library would leave the URL as it is."""
        begin = len(self._origin)
        return url.startswith(self._origin) and _PLAIN.fullmatch(url, begin) is not None and "/." not in url
