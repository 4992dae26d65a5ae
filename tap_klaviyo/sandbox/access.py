"""Who may ask: keys, tokens and scopes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.sandbox.document import Document
    from tap_klaviyo.sandbox.oauth import OAuth
    from tap_klaviyo.sandbox.operation import Operation

_KEY, _BEARER = "klaviyo-api-key", "bearer"
_NEEDS_KDP = "/api/webhook"


@dataclass(frozen=True)
class Caller:
    """Who asks: the key or token (empty: none), and whether it is a private key."""

    key: str
    private: bool


@dataclass
class Access:
    """What the sandbox knows about its callers; change it in a test.

    ``require_key``: refuse a request without a key. ``wrong_keys``: refused with 401. ``scopes``: key to the
    scopes that it has; a key that is not here has all. ``oauth``: the app whose access tokens are the only good
    ones; None: any is. ``without_webhooks``: keys whose account lacks what Klaviyo wants for webhooks.
    """

    require_key: bool = False
    wrong_keys: set[str] = field(default_factory=set)
    scopes: dict[str, set[str]] = field(default_factory=dict)
    oauth: OAuth | None = None
    without_webhooks: set[str] = field(default_factory=set)

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Return who sent these headers (lower case); raise the 401 that Klaviyo would answer with."""
        header = headers.get("authorization")
        return Caller(self._key(header), (header or "").lower().startswith(_KEY))

    def check_webhooks(self, caller: Caller, operation: Operation, *, advanced_kdp: bool) -> None:
        """Raise a 403 for webhooks where the account lacks what they take; ``advanced_kdp``: no private key has it."""
        lacking = caller.key in self.without_webhooks or (advanced_kdp and caller.private)
        if lacking and operation.path.startswith(_NEEDS_KDP):
            raise RefusedError(403, "permission_denied", "You must have Advanced KDP enabled")

    def check_scopes(self, key: str, operation: Operation, include: tuple[str, ...], document: Document) -> None:
        """Raise a 403 where ``key`` lacks a scope of the operation or of what it includes."""
        if key not in self.scopes:
            return
        wanted = set(operation.scopes)
        for name in include:
            wanted |= document.scopes_of(operation.shape.relationships[name][0])
        missing = sorted(wanted - self.scopes[key])
        if missing:
            detail = f"Your API key is missing the required scopes: {', '.join(missing)}."
            raise RefusedError(403, "permission_denied", detail)

    def _key(self, header: str | None) -> str:
        if not header:
            if self.require_key:
                raise RefusedError(401, "not_authenticated", "Missing or invalid authorization scheme.")
            return ""
        scheme, _, key = header.partition(" ")
        known = scheme.lower() in {_KEY, _BEARER} and key and key == key.strip() and " " not in key
        if scheme.lower() == _BEARER and self.oauth is not None and not self.oauth.knows(key):
            known = False
        if not known or key in self.wrong_keys:
            raise RefusedError(401, "authentication_failed", "Incorrect authentication credentials.")
        return key
