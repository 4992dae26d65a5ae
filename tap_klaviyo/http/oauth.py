"""OAuth: an access token that is renewed in time, and a refresh token that may change each time."""

from __future__ import annotations

import base64
import logging
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from tap_klaviyo.http.auth import token
from tap_klaviyo.http.errors import KlaviyoError, UnauthorizedError
from tap_klaviyo.http.redact import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_klaviyo.http.auth import Post
    from tap_klaviyo.http.request import Answer
    from tap_klaviyo.http.token_file import TokenFile

logger = logging.getLogger(__name__)

_EARLY = 60.0  # seconds before its end that a token is renewed; half its life, if that is shorter
_LIFE = 3600.0  # seconds, where the answer does not say
_OK = 200
_REFUSALS = {400, 401, 403}
_MOST_WORDS = 10_000  # bytes; an error is shorter


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None


class _Refused(msgspec.Struct):
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Access:
    header: Secret
    renew_at: float


class OAuth:
    """Client id, client secret and refresh token, for any number of threads.

    A refresh token in `token_file` wins over the setting, since Klaviyo may have replaced the setting's since; if it is
    refused, the setting's is tried, since somebody may have authorised the app again. Without a file a replaced token
    serves for the run only, and the user is told so once.
    """

    setting = "refresh_token"
    hint = "a new access token was refused too: authorize the app again in Klaviyo, and set the new refresh_token"

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        token_file: TokenFile | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        pair = f"{token(client_id, 'client_id')}:{token(client_secret, 'client_secret')}"
        self._client_secret = Secret(client_secret.strip())
        self._basic = Secret(base64.b64encode(pair.encode()).decode())
        self._given = Secret(token(refresh_token, "refresh_token"))
        self._file = token_file
        self._clock = clock
        self._lock = threading.Lock()
        self._refresh: Secret | None = None
        self._access: _Access | None = None
        self._told = False

    def header(self, post: Post) -> str:
        """The Authorization header, renewed first if it is about to end."""
        access = self._access
        if access is None or self._clock() >= access.renew_at:
            with self._lock:
                access = self._access
                if access is None or self._clock() >= access.renew_at:
                    access = self._renewed(post)
        return access.header.reveal()

    def renew(self, refused: str | None, post: Post) -> bool:
        """Replace the token that was refused, unless another thread has done so already."""
        with self._lock:
            if self._access is None or self._access.header.reveal() == refused:
                self._renewed(post)
        return True

    def _renewed(self, post: Post) -> _Access:
        # Read once a run: from then on the newest token is the one at hand.
        stored = self._file.read() if self._file and self._refresh is None else None
        refresh = self._refresh or stored or self._given
        answer = self._ask(refresh, post)
        if answer.status != _OK and refresh is stored and grant_refused(answer):
            refresh = self._given
            answer = self._ask(refresh, post)
        if answer.status != _OK:
            raise _refusal(answer)
        try:
            granted = msgspec.json.decode(answer.body, type=_Granted, strict=False)
            header = f"Bearer {token(granted.access_token, 'access_token')}"
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, UnauthorizedError):
            granted = None
        if granted is None:
            message = "Klaviyo's token endpoint gave an answer without an access token"
            raise UnauthorizedError(message, label="POST /oauth/token", status=answer.status)
        self._refresh = self._kept(refresh, granted.refresh_token)
        life = granted.expires_in
        if life is None or not math.isfinite(life) or life <= 0:
            life = _LIFE
        self._access = _Access(Secret(header), self._clock() + life - min(_EARLY, life / 2))
        return self._access

    def _ask(self, refresh: Secret, post: Post) -> Answer:
        form = urlencode({"grant_type": "refresh_token", "refresh_token": refresh.reveal()})
        return post(form.encode(), self._basic)

    def _kept(self, used: Secret, rotated: str | None) -> Secret:
        if not rotated or rotated == used.reveal():
            return used
        fresh = Secret(rotated)
        if self._file is not None:
            self._file.write(fresh)
        elif not self._told:
            self._told = True
            logger.warning(
                "Klaviyo replaced the OAuth refresh token; without a token_file the new one serves for this run only"
            )
        return fresh


def grant_refused(answer: Answer) -> bool:
    """Whether the refresh token is what is refused; the code comes as JSON of several shapes, and as plain text."""
    return answer.status in _REFUSALS and b"invalid_grant" in answer.body[:_MOST_WORDS].lower()


def final(answer: Answer) -> bool:
    """Whether the token endpoint itself refuses, so that a retry would change nothing."""
    return grant_refused(answer) or (answer.status in _REFUSALS and bool(_error(answer)))


def _error(answer: Answer) -> str:
    """The standard's code for what is wrong; empty if the body is something else."""
    try:
        return msgspec.json.decode(answer.body, type=_Refused).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _refusal(answer: Answer) -> KlaviyoError:
    error = _error(answer)
    if grant_refused(answer):
        message = (
            "Klaviyo no longer accepts the refresh_token (invalid_grant): authorize the app again in Klaviyo, and set "
            "the new refresh_token"
        )
    elif error == "invalid_client" or answer.status in {401, 403}:
        message = f"Klaviyo does not accept client_id and client_secret ({answer.status}): check both settings"
    else:
        message = f"Klaviyo's token endpoint refuses the request ({answer.status}): check the three OAuth settings"
    return UnauthorizedError(message, label="POST /oauth/token", status=answer.status)
