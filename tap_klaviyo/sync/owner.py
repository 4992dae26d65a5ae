"""Whose rows a state is of: the key that they were read with, and the account that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import PermissionDeniedError
from tap_klaviyo.sync.account import UnknownAccountError
from tap_klaviyo.sync.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from tap_klaviyo.config.settings import Settings
    from tap_klaviyo.sync.account import Account

ACCOUNT, KEY = "account", "auth_token"


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

    def changed(self, then: Mapping[str, str]) -> list[str]:
        """Name what of the hashes of the last run belongs to another key or account.

        Raises:
            KlaviyoError: Klaviyo does not answer whose the key is.
        """
        other_key = None not in (self._key, then.get(KEY)) and self._key != then.get(KEY)
        account, known = self._asked() if other_key else self._account.known(), then.get(ACCOUNT)
        if account is not None and known:
            return [ACCOUNT] if fingerprint(account) != known else []
        return [KEY] if other_key else []

    def sign(self, question: MutableMapping[str, str | None]) -> None:
        """Add the hashes of this run's key and account, as far as they are known, to those in a stream's state."""
        if self._key:
            question[KEY] = self._key
        account = self._account.known()
        if account is not None:
            question[ACCOUNT] = fingerprint(account)

    def _asked(self) -> str | None:
        try:
            return self._account.id()
        except (PermissionDeniedError, UnknownAccountError):
            return None
