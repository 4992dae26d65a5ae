"""Whose rows a state is of: the key that they were read with, and the account that it belongs to."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.errors import PermissionDeniedError
from tap_klaviyo.sync.account import UnknownAccountError

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from tap_klaviyo.config.settings import Settings
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
        """Add the hashes of this run's key and account to those in a stream's state.

        The account's follows when a response says it.
        """
        if self._key:
            question[KEY] = self._key
        if self._account.known() is not None or self._key:
            question.setdefault(ACCOUNT, None)
            self._account.when_known(lambda account: _complete(question, account))

    def _asked(self) -> str | None:
        try:
            return self._account.id()
        except (PermissionDeniedError, UnknownAccountError):
            return None


def _complete(question: MutableMapping[str, str | None], account: str) -> None:
    if question[ACCOUNT] is None:  # the member is there: a state that is being written must not change its size
        question[ACCOUNT] = fingerprint(account)
