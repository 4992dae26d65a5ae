"""How a request shows who asks: a private key, OAuth, or nothing (the sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tap_klaviyo.http.errors import UnauthorizedError
from tap_klaviyo.http.key_hints import describe
from tap_klaviyo.http.redact import Secret

if TYPE_CHECKING:
    from tap_klaviyo.http.request import Response


_SCHEMES = ("klaviyo-api-key", "bearer", "basic", "authorization:")


class Tokens(Protocol):
    """The token endpoint, for who needs a token."""

    def post(self, form: bytes, basic: Secret) -> Response:
        """The response to a form, retried like any request; `basic` is the client's id and secret in base64."""

    def rest(self, seconds: float) -> None:
        """Wait for so long, or until there is a reason to stop."""


class Auth(Protocol):
    """What `Http` asks for. `setting` names the setting that a refusal is about."""

    setting: str

    @property
    def hint(self) -> str:
        """What is wrong with refused credentials, as far as they show it, and what to do; nothing of their value."""

    def header(self, tokens: Tokens) -> str | None:
        """The value of the Authorization header, as good as new."""

    def renew(self, refused: str | None, tokens: Tokens) -> bool:
        """Replace the refused header; False where there is nothing to replace it with."""


class NoAuth:
    """Sends no Authorization."""

    setting = "auth_token"
    hint = "no key was sent: set a private key"

    def header(self, tokens: Tokens) -> None:
        """Nothing."""

    def renew(self, refused: str | None, tokens: Tokens) -> bool:  # noqa: ARG002 - the protocol's
        """There is nothing to renew."""
        return False


class ApiKeyAuth:
    """A private API key; raises `UnauthorizedError` for one that no header can hold."""

    setting = "auth_token"

    def __init__(self, key: str) -> None:
        value = " ".join(key.split())
        for scheme in _SCHEMES:
            if value.lower().startswith(f"{scheme} "):
                message = f"the setting auth_token begins with the word '{scheme}': set the key alone, without it"
                raise UnauthorizedError(message)
        self._key = Secret(token(key, "auth_token"))

    @property
    def hint(self) -> str:
        """The form of the key and the usual mistake that fits."""
        return describe(self._key.reveal())

    def header(self, tokens: Tokens) -> str:  # noqa: ARG002 - the protocol's
        """The key."""
        return f"Klaviyo-API-Key {self._key.reveal()}"

    def renew(self, refused: str | None, tokens: Tokens) -> bool:  # noqa: ARG002 - the protocol's
        """A key stays what it is."""
        return False


def token(value: str, setting: str) -> str:
    """The value without the blanks around it, if it can stand in a header; an error of the socket would quote it."""
    text = value.strip().strip("\ufeff").strip()  # a file that an editor saved may begin with the mark
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        message = f"the setting {setting} does not hold a key: it is empty, or has blanks or odd characters in it"
        raise UnauthorizedError(message)
    return text
