"""``POST /oauth/token``: refresh tokens in, access tokens out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from tap_klaviyo.sandbox.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH = "/oauth/token"
_FORM = "application/x-www-form-urlencoded"


class OAuth:
    """One app's install: its client, its refresh token, and the access tokens that are good.

    With ``rotates`` each refresh takes the refresh token out of use and gives another. ``expires_in``: seconds of
    life of an access token, by ``clock``. ``refreshed`` counts the refreshes. Thread-safe.
    """

    def __init__(  # noqa: PLR0913 (each is one setting of an install)
        self,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        *,
        expires_in: int = 3600,
        rotates: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.refresh_token = refresh_token
        self.refreshed = 0
        self.expires_in = expires_in
        self._client = f"{client_id}:{client_secret}"
        self._rotates = rotates
        self._clock = clock
        self._expires: dict[str, float] = {}
        self._lock = threading.Lock()

    def knows(self, token: str) -> bool:
        """Whether ``token`` is an access token that has not expired."""
        with self._lock:
            return self._expires.get(token, 0.0) > self._clock()

    def expire(self) -> None:
        """Let every access token expire now."""
        with self._lock:
            self._expires.clear()

    def revoke(self) -> None:
        """Uninstall the app: neither its refresh token nor its access tokens are good any more."""
        with self._lock:
            self._expires.clear()
            self.refresh_token = ""

    def token(self, method: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer a request for a token; header names in lower case."""
        if method != "POST":
            return _error(405, "invalid_request", "POST is the only method.")
        if self._credentials(headers.get("authorization", "")) != self._client:
            return _error(401, "invalid_client", "Client authentication failed.")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return _error(400, "invalid_request", f"The content type is not {_FORM}.")
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        form = dict(pairs)
        if len(form) < len(pairs) or set(form) != {"grant_type", "refresh_token"}:
            return _error(400, "invalid_request", "grant_type and refresh_token are wanted, once each.")
        if form["grant_type"] != "refresh_token":
            return _error(400, "unsupported_grant_type", "Only refresh_token.")
        return self._refresh(form["refresh_token"])

    def _refresh(self, given: str) -> Response:
        with self._lock:
            if not given or given != self.refresh_token:
                return _error(400, "invalid_grant", "The refresh token is expired or revoked.")
            self.refreshed += 1
            if self._rotates:
                self.refresh_token = self._made("refresh")
            access = self._made("access")
            self._expires[access] = self._clock() + self.expires_in
            answer = {
                "access_token": access,
                "refresh_token": self.refresh_token,
                "token_type": "bearer",
                "expires_in": self.expires_in,
                "scope": "",
            }
        return Response(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def _made(self, kind: str) -> str:
        digest = hashlib.blake2b(f"{self._client}:{kind}:{self.refreshed}".encode(), digest_size=16)
        return f"{kind}-{digest.hexdigest()}"

    @staticmethod
    def _credentials(header: str) -> str:
        scheme, _, encoded = header.partition(" ")
        try:
            return base64.b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
        except (binascii.Error, UnicodeDecodeError):
            return ""


def _error(status: int, code: str, description: str) -> Response:
    body = json.dumps({"error": code, "error_description": description}).encode()
    return Response(status, {"Content-Type": "application/json"}, body)
