"""Who may ask: keys, tokens, scopes and the revision header."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.errors import RefusedError, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_klaviyo.sandbox.document import Document, Operation
    from tap_klaviyo.sandbox.oauth import OAuth

_KEY, _BEARER = "klaviyo-api-key", "bearer"
_STABLE = (
    *("2022-10-17", "2023-01-24", "2023-02-22", "2023-06-15", "2023-07-15", "2023-08-15", "2023-09-15", "2023-10-15"),
    *("2023-12-15", "2024-02-15", "2024-05-15", "2024-06-15", "2024-07-15", "2024-10-15"),
    *("2025-01-15", "2025-04-15", "2025-07-15", "2025-10-15", "2026-01-15", "2026-04-15", "2026-07-15"),
)
_YEARS_OF_LIFE = 2


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

    def check(self, headers: Mapping[str, str], document: Document, now: datetime) -> str:
        """Return the caller's key; raise the refusal that Klaviyo would answer with."""
        key = self._key(headers.get("authorization"))
        _check_revision(headers.get("revision"), document, now)
        return key

    def check_scopes(self, key: str, operation: Operation, include: tuple[str, ...], document: Document) -> None:
        """Raise a 403 where ``key`` lacks a scope of the operation or of what it includes."""
        if operation.path.startswith("/api/webhook") and key in self.without_webhooks:
            raise RefusedError(403, "permission_denied", "You must have Advanced KDP enabled")
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


def _check_revision(revision: str | None, document: Document, now: datetime) -> None:
    if revision is None:
        raise invalid("The revision header is required.", "revision")
    if revision not in {*_STABLE, document.revision}:
        raise invalid(f"'{revision}' is not a valid revision.", "revision")
    released = date.fromisoformat(revision)
    if released.replace(year=released.year + _YEARS_OF_LIFE) <= now.date():
        raise RefusedError(410, "gone", f"Revision {revision} has been retired.", parameter="revision")
