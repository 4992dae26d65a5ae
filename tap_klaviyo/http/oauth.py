"""OAuth: an access token that is renewed in time, and a refresh token that may change each time."""

from __future__ import annotations

import base64
import logging
import math
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tap_klaviyo.http.auth import token
from tap_klaviyo.http.grants import grant_refusal, grant_refused, granted_by
from tap_klaviyo.http.redact import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_klaviyo.http.auth import Tokens
    from tap_klaviyo.http.request import Response
    from tap_klaviyo.http.token_file import TokenFile

logger = logging.getLogger(__name__)

_EARLY = 60.0  # seconds before its end that a token is renewed; half its life, if that is shorter
_LIFE = 3600.0  # seconds, where the response does not say
_OK = 200
_GLANCE = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class _Access:
    header: Secret
    renew_at: float


class OAuth:
    """Client id, client secret and refresh token, for any number of threads.

    A refresh token in `token_file` wins over the setting, since Klaviyo may have replaced the setting's since; if it is
    refused, the setting's is tried, since somebody may have authorized the app again. The file is read before each use,
    and locked until the new token is in it, since other processes may share it. Without a file a replaced token serves
    for the run only, and the user is told so once.
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
        self._stored: Secret | None = None
        self._access: _Access | None = None
        self._told = False

    def header(self, tokens: Tokens) -> str:
        """The Authorization header, renewed first if it is about to end."""
        access = self._access
        if access is None or self._clock() >= access.renew_at:
            with self._turn(tokens):
                access = self._access
                if access is None or self._clock() >= access.renew_at:
                    access = self._renewed(tokens)
        return access.header.reveal()

    def renew(self, refused: str | None, tokens: Tokens) -> bool:
        """Replace the token that was refused, unless another thread has done so already."""
        with self._turn(tokens):
            if self._access is None or self._access.header.reveal() == refused:
                self._renewed(tokens)
        return True

    @contextmanager
    def _turn(self, tokens: Tokens) -> Iterator[None]:
        """Hold the lock; whoever waits for it can be told to stop, while another thread's request gets no response."""
        while not self._lock.acquire(blocking=False):
            tokens.rest(_GLANCE)
        try:
            yield
        finally:
            self._lock.release()

    def _renewed(self, tokens: Tokens) -> _Access:
        with self._file.held(tokens.rest) if self._file else nullcontext():
            answer, used = self._asked(tokens)
            if answer.status != _OK:
                raise grant_refusal(answer)
            granted = granted_by(answer)
            header = Secret(f"Bearer {granted.access_token}")
            self._refresh = self._kept(used, granted.refresh_token)
        life = granted.expires_in
        if life is None or not math.isfinite(life) or life <= 0:
            life = _LIFE
        self._access = _Access(header, self._clock() + life - min(_EARLY, life / 2))
        return self._access

    def _asked(self, tokens: Tokens) -> tuple[Response, Secret]:
        """The response to the first refresh token that is accepted, or to the last one there is; and that token."""
        for used in (candidates := self._candidates()):  # pragma: no branch - the last one ends it
            form = urlencode({"grant_type": "refresh_token", "refresh_token": used.reveal()})
            answer = tokens.post(form.encode(), self._basic)
            if used is candidates[-1] or not grant_refused(answer):
                break
        return answer, used

    def _candidates(self) -> list[Secret]:
        """Refresh tokens, the likeliest one first.

        Another process may have replaced the file's since; where this one could not write, its own is the newer.
        """
        stored = self._file.read() if self._file else None
        changed = stored is not None and (self._stored is None or stored.reveal() != self._stored.reveal())
        self._stored = stored
        order = (stored, self._refresh, self._given) if changed else (self._refresh, stored, self._given)
        return list({secret.reveal(): secret for secret in order if secret is not None}.values())

    def _kept(self, used: Secret, rotated: str | None) -> Secret:
        if not rotated or rotated == used.reveal():
            return used
        fresh = Secret(rotated)
        if self._file is not None:
            if self._file.write(fresh):
                self._stored = fresh
        elif not self._told:
            self._told = True
            logger.warning(
                "Klaviyo rotated the OAuth refresh token; set token_file, or the new one is lost when this run ends"
            )
        return fresh
