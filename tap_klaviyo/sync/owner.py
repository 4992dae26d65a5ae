"""Whose rows a state is of: the key that they were read with, and the account that it belongs to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.errors import PermissionDeniedError
from tap_klaviyo.sync.account import UnknownAccountError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_klaviyo.config.settings import Settings
    from tap_klaviyo.pagination.chain import Makes
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.page import Page
    from tap_klaviyo.records.record_selector import Context
    from tap_klaviyo.records.rows import Rows
    from tap_klaviyo.sync.account import Account

ACCOUNT, KEY = "account", "auth_token"
_BYTES = 4  # of a hash: a change goes unnoticed once in four billion


def fingerprint(value: Any) -> str:
    """Return a short hash of one part of a question; the order of an object's members makes no difference."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=_BYTES).hexdigest()


def key_of(settings: Settings) -> str | None:
    """Return a short hash of the key; None for OAuth, whose tokens change while the account stays."""
    key = settings.auth_token or settings.api_key or settings.private_key
    return fingerprint(" ".join(key.split())) if key else None


class Owner:
    """Tells whether a stream's part of the state is of this account.

    A run with the key of the last one asks nothing. Another key is asked once whose it is; where Klaviyo does not say
    (the key lacks `accounts:read`), or an earlier run did not learn it, another key counts as another account.
    """

    def __init__(self, account: Account, key: str | None) -> None:
        self._account = account
        self._key = key

    def changed(self, then: Mapping[str, str], now: dict[str, str | None]) -> list[str]:
        """Add what is known of key and account to the hashes of this run, and name those that belong to another one.

        Args:
            then: The hashes of the last run.
            now: Those of this run; the account's follows when it becomes known.

        Raises:
            KlaviyoError: Klaviyo does not answer whose the key is.
        """
        known_key, known_account = then.get(KEY), then.get(ACCOUNT)
        other_key = None not in (self._key, known_key) and self._key != known_key
        account = self._asked() if other_key else self._account.known()
        hashed = fingerprint(account) if account is not None else None
        if self._key or known_key:
            now[KEY] = self._key or known_key
        if hashed or known_account or KEY in now:
            now[ACCOUNT] = hashed or (None if other_key else known_account)
            self._account.when_known(lambda found: _complete(now, found))
        if hashed and known_account:
            return [ACCOUNT] if hashed != known_account else []
        return [KEY] if other_key else []

    def _asked(self) -> str | None:
        try:
            return self._account.id()
        except (PermissionDeniedError, UnknownAccountError):
            return None


def _complete(question: dict[str, str | None], account: str) -> None:
    if question[ACCOUNT] is None:  # the member is there: a state that is being written must not change its size
        question[ACCOUNT] = fingerprint(account)


@dataclass(frozen=True, slots=True)
class Telling:
    """A maker of pages that tells the ids of what it makes them of."""

    maker: Makes
    tell: Callable[[str], None]

    def rows(self, document: Document, context: Context) -> Rows:
        """Return the records of a response."""
        for resource in document.data:
            self.tell(resource.id)
        return self.maker.rows(document, context)

    def page(self, rows: Rows) -> Page:
        """Turn rows into something to write."""
        return self.maker.page(rows)
