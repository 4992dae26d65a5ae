"""What the token endpoint says: a token, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tap_klaviyo.http.auth import token
from tap_klaviyo.http.errors import KlaviyoError, UnauthorizedError

if TYPE_CHECKING:
    from tap_klaviyo.http.request import Response

_REFUSALS = {400, 401, 403}
_MOST_WORDS = 10_000  # bytes; an error is shorter


class Granted(msgspec.Struct):
    """A token; `expires_in` in seconds, `refresh_token` if it was replaced."""

    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None


class _Refused(msgspec.Struct):
    error: str = ""


def granted_by(answer: Response) -> Granted:
    """The token in a good response; raises `UnauthorizedError` if there is none that a header can hold."""
    try:
        granted = msgspec.json.decode(answer.body, type=Granted, strict=False)
        token(granted.access_token, "access_token")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, UnauthorizedError):
        granted = None
    if granted is None:
        message = "Klaviyo's token endpoint responded without an access token: run again later"
        raise UnauthorizedError(message, label="POST /oauth/token", status=answer.status)
    return msgspec.structs.replace(granted, access_token=granted.access_token.strip())


def grant_refused(answer: Response) -> bool:
    """Whether the refresh token is what is refused; the code comes as JSON of several shapes, and as plain text."""
    return answer.status in _REFUSALS and b"invalid_grant" in answer.body[:_MOST_WORDS].lower()


def final(answer: Response) -> bool:
    """Whether the token endpoint itself refuses, so that a retry would change nothing."""
    return grant_refused(answer) or (answer.status in _REFUSALS and bool(_error(answer)))


def _error(answer: Response) -> str:
    """The standard's code for what is wrong; empty if the body is something else."""
    try:
        return msgspec.json.decode(answer.body, type=_Refused).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def grant_refusal(answer: Response) -> KlaviyoError:
    """The error that a grant_refusal stands for."""
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
