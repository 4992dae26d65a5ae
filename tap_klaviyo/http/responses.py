"""Reads a response that is not a success: does it pass, or what is wrong with the request?"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urljoin, urlsplit

from tap_klaviyo import contract
from tap_klaviyo.http.complaint import Complaint, about_id, about_key, complaint_of
from tap_klaviyo.http.errors import (
    BadRequestError,
    FailedTryError,
    KlaviyoError,
    MalformedIdError,
    NotFoundError,
    PermissionDeniedError,
    RevisionGoneError,
    UnauthorizedError,
)
from tap_klaviyo.http.retry import retry_after, told_in_words

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.http.auth import Auth
    from tap_klaviyo.http.request import Request, Response

_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_REDIRECTS = {301, 302, 303, 307, 308}
_SAME_METHOD = {307, 308}
_SPACE = b" \t\r\n"


def redirect(request: Request, answer: Response) -> str | None:
    """Where the response points to, if the same request may be sent there; nobody has looked at the origin yet."""
    location = answer.headers.get("Location")
    if location is None or not (
        answer.status in _SAME_METHOD or (answer.status in _REDIRECTS and request.method == "GET")
    ):
        return None
    try:
        return urljoin(request.url, location)
    except ValueError:  # not a URL; whoever checks the origin refuses it
        return location


def failed_try(answer: Response, now: datetime, *, text: bool = False) -> FailedTryError | None:
    """The response as a failed try, if it is one that may be better next time; `now` is the server's time."""
    if reason := _reason(answer, text=text):
        wait = retry_after(answer.headers.get("Retry-After"), now)
        if wait is None and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = told_in_words(answer.body)
        return FailedTryError(reason, status=answer.status, retry_after=wait)
    return None


def refusal(request: Request, answer: Response, *, auth: Auth, revision: str) -> KlaviyoError:
    """The error that a final response stands for; `auth` gave the credentials that were sent."""
    label, status = request.label, answer.status
    complaint = complaint_of(answer.body) or Complaint()
    if status == HTTPStatus.UNAUTHORIZED or (status == HTTPStatus.BAD_REQUEST and about_key(complaint)):
        message = f"Klaviyo does not accept the {auth.setting} ({status}, {label}): {auth.hint}"
        return UnauthorizedError(message, label=label, status=status)
    if status == HTTPStatus.FORBIDDEN:
        return _denied(request, complaint)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(f"Klaviyo found nothing at {label} (404)", label=label, status=status)
    if status == HTTPStatus.GONE:
        message = (
            f"Klaviyo has retired API revision {revision} ({status}, {label}): upgrade tap-klaviyo; "
            "for a custom stream, set a newer revision"
        )
        return RevisionGoneError(message, label=label, status=status)
    blamed = f", parameter {complaint.parameter}" if complaint.parameter else ""
    message = f"Klaviyo refuses {label} ({status}{blamed}): {complaint.detail or 'no reason given'}"
    malformed = status == HTTPStatus.BAD_REQUEST and about_id(request, complaint)
    return (MalformedIdError if malformed else BadRequestError)(
        message,
        label=label,
        status=status,
        parameter=complaint.parameter,
        code=complaint.code,
        detail=complaint.detail,
    )


def broken_body(answer: Response, reason: str) -> FailedTryError:
    """A body that the parser refused, as a failed try: if it holds an error beside its good status, that is named."""
    complaint = complaint_of(answer.body)
    if complaint is not None:
        reason = f"an error inside a response with status {answer.status}: {complaint.detail or 'no reason given'}"
    return FailedTryError(reason, status=answer.status)


def _reason(answer: Response, *, text: bool) -> str | None:
    status = answer.status
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"HTTP {status}"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        if text or status == HTTPStatus.NO_CONTENT or _json(answer.body):
            return None
        return "HTML instead of JSON" if _html(answer) else "broken JSON"
    if status == HTTPStatus.GONE or status in _REDIRECTS:
        return None
    return f"HTTP {status} from a proxy or gateway, not from Klaviyo" if _foreign(answer) else None


def _foreign(answer: Response) -> bool:
    """Whether the network in front of Klaviyo sent a refusal, which says nothing about the key or the request.

    Taken for Klaviyo's own, a gateway's 404 would say that a parent has no children.
    """
    if _html(answer):
        return True
    complaint = complaint_of(answer.body)
    if answer.status == HTTPStatus.NOT_FOUND:
        return complaint is None or not complaint.complete
    return answer.status == HTTPStatus.FORBIDDEN and complaint is None


def _json(body: bytes) -> bool:
    """Whether the ends of the body are those of a JSON object or array; a parser finds the rest."""
    ends = body[:64].lstrip(_SPACE)[:1] + body[-64:].rstrip(_SPACE)[-1:]
    return ends in {b"{}", b"[]"}


def _html(answer: Response) -> bool:
    return "html" in answer.headers.get("Content-Type", "").lower() or answer.body[:256].lstrip().startswith(b"<")


def _denied(request: Request, complaint: Complaint) -> PermissionDeniedError:
    # Klaviyo serves webhooks to OAuth apps. It refuses every private key so, whatever its scopes.
    if "advanced kdp" in complaint.detail.lower():
        message = (
            f"Klaviyo refuses {request.label} (403): with a private key this needs an account with Advanced KDP; "
            "use OAuth, or deselect the stream"
        )
        return PermissionDeniedError(message, label=request.label, scopes=(), reason=complaint.detail)
    scopes = _scopes(request)
    why = f"the key needs the scope {', '.join(scopes)}" if scopes else "the key lacks a scope"
    detail = f" ({complaint.detail})" if complaint.detail else ""
    message = f"Klaviyo refuses {request.label} (403): {why}{detail}"
    return PermissionDeniedError(message, label=request.label, scopes=scopes, reason=complaint.detail or None)


def _scopes(request: Request) -> tuple[str, ...]:
    """The scopes of the endpoint, which do not name those of what it includes, and of the included types."""
    endpoint = request.endpoint
    asked = dict(parse_qsl(urlsplit(request.url).query)).get("include", "").split(",")
    kinds = [endpoint.relationships[name].type for name in asked if name in endpoint.relationships]
    facts = contract.contract_of(endpoint)
    return tuple(dict.fromkeys([*endpoint.scopes, *(scope for kind in kinds for scope in facts.scopes(kind))]))
