"""What can go wrong between this tap and Klaviyo, each with one line that a person can act on.

KlaviyoError
├── BadApiUrlError          the setting `api_url` cannot be used
├── BadBundleError          the CA bundle of the environment cannot be used
├── UnauthorizedError       the key or token is not accepted
├── PermissionDeniedError   the key lacks a scope, or the account a feature
├── NotFoundError           the object is not there (any more), in Klaviyo's own words
├── BadRequestError         Klaviyo refuses what was asked
│   └── MalformedIdError    the id in the path cannot belong to any object
├── RevisionGoneError       the API revision has been retired
├── QuotaExhaustedError     the quota reopens later than a request waits
├── UnreachableError        no usable response after the last try
├── TokenFileBusyError      another process holds the `token_file`
├── ForeignLinkError        a link or redirect leads away from the origin of `api_url`
├── TooLargeError           the body is over the bound
└── StoppedError            the caller asked to stop

`BrokenBodyError` and `FailedTryError` stay inside: the first is for a caller's parser to raise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class KlaviyoError(Exception):
    """A request that did not end well.

    `status` is the HTTP status if there was one, `label` the method and path template, `parameter` what Klaviyo
    blamed. The message is one line, and holds neither a secret nor a part of the response that was not cleaned.
    """

    def __init__(
        self, message: str, *, label: str = "", status: int | None = None, parameter: str | None = None
    ) -> None:
        super().__init__(message)
        self.label = label
        self.status = status
        self.parameter = parameter


class BadApiUrlError(KlaviyoError):
    """The setting `api_url` names no origin that a key may go to."""


class BadBundleError(KlaviyoError):
    """The environment names a CA bundle that is not there."""


class UnauthorizedError(KlaviyoError):
    """Klaviyo does not accept the key or the token."""


class PermissionDeniedError(KlaviyoError):
    """The key lacks a scope, or the account a feature (`reason` says which).

    `scopes` are all that the request needs: the endpoint's own, and those of the types that it includes.
    """

    def __init__(self, message: str, *, label: str, scopes: tuple[str, ...], reason: str | None) -> None:
        super().__init__(message, label=label, status=403)
        self.scopes = scopes
        self.reason = reason


class NotFoundError(KlaviyoError):
    """Klaviyo itself says that what the path names is not there; a 404 of a gateway is never this."""


class BadRequestError(KlaviyoError):
    """Klaviyo refuses the request as it stands: `code` and `detail` are its words, cleaned."""

    def __init__(  # noqa: PLR0913 - what Klaviyo says of a bad request
        self, message: str, *, label: str, status: int, parameter: str | None, code: str, detail: str
    ) -> None:
        super().__init__(message, label=label, status=status, parameter=parameter)
        self.code = code
        self.detail = detail


class MalformedIdError(BadRequestError):
    """The id in the path has a form that no object's id has: for that one object as good as a 404."""


class RevisionGoneError(KlaviyoError):
    """Klaviyo has retired the API revision, or this endpoint of it."""


class QuotaExhaustedError(KlaviyoError):
    """The endpoint's quota is used up until `reopens_at`, which is later than a request waits."""

    def __init__(self, message: str, *, label: str, reopens_at: datetime) -> None:
        super().__init__(message, label=label, status=429)
        self.reopens_at = reopens_at


class UnreachableError(KlaviyoError):
    """No usable response came, and the tries are used up; `reason` names the last failure."""

    def __init__(self, message: str, *, label: str, status: int | None, reason: str) -> None:
        super().__init__(message, label=label, status=status)
        self.reason = reason


class TokenFileBusyError(KlaviyoError):
    """Another process holds the `token_file` for longer than a token takes."""


class ForeignLinkError(KlaviyoError):
    """A next link or a redirect leads to another origin; nothing was sent there."""


class TooLargeError(KlaviyoError):
    """The body is larger than a page may be; a smaller page may fit."""


class StoppedError(KlaviyoError):
    """The caller asked to stop before a response came."""


class BrokenBodyError(Exception):
    """For a parser to raise: the body is not what it should be, retry.

    `reason` says in a few words what is wrong, with nothing of the body in it.
    """

    def __init__(self, reason: str = "broken JSON") -> None:
        super().__init__(reason)
        self.reason = reason


class FailedTryError(Exception):
    """One try that failed in a way that may pass: `reason` in a few words, `retry_after` in seconds if told.

    `advice` says what a person can do if it does not pass.
    """

    def __init__(
        self,
        reason: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        advice: str = "run again later",
    ) -> None:
        super().__init__(reason)
        self.advice = advice
        self.reason = reason
        self.status = status
        self.retry_after = retry_after
