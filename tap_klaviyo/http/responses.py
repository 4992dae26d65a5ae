"""Reads an answer that is not a success: does it pass, or what is wrong with the request?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec

from tap_klaviyo import contract
from tap_klaviyo.http.errors import (
    BadRequestError,
    FailedTryError,
    KlaviyoError,
    NotFoundError,
    PermissionDeniedError,
    RevisionGoneError,
    UnauthorizedError,
)
from tap_klaviyo.http.redact import brief
from tap_klaviyo.http.retry import retry_after

if TYPE_CHECKING:
    from tap_klaviyo.http.request import Answer, Request

_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_REDIRECTS = {301, 302, 303, 307, 308}
_SAME_METHOD = {307, 308}
_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a JSON:API error says, cleaned; empty strings where it says nothing."""

    code: str = ""
    detail: str = ""
    parameter: str | None = None


def redirect(request: Request, answer: Answer) -> str | None:
    """Where the answer points to, if the same request may be sent there; nobody has looked at the origin yet."""
    location = answer.headers.get("Location")
    if location is None or not (
        answer.status in _SAME_METHOD or (answer.status in _REDIRECTS and request.method == "GET")
    ):
        return None
    try:
        return urljoin(request.url, location)
    except ValueError:  # not a URL; whoever checks the origin refuses it
        return location


def failed_try(answer: Answer, *, text: bool = False) -> FailedTryError | None:
    """The answer as a failed try, if it is one that may be better next time."""
    if reason := _reason(answer, text=text):
        wait = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
        return FailedTryError(reason, status=answer.status, retry_after=wait)
    return None


def refusal(request: Request, answer: Answer, *, setting: str, revision: str) -> KlaviyoError:
    """The error that a final answer stands for; `setting` holds the credentials that were sent."""
    label, status = request.label, answer.status
    complaint = complaint_of(answer.body) or Complaint()
    if status == HTTPStatus.UNAUTHORIZED or (status == HTTPStatus.BAD_REQUEST and _about_key(complaint)):
        message = f"Klaviyo does not accept the {setting} ({status}, {label}): check that setting"
        return UnauthorizedError(message, label=label, status=status)
    if status == HTTPStatus.FORBIDDEN:
        return _denied(request, complaint)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(f"Klaviyo has nothing at {label} (404)", label=label, status=status)
    if status == HTTPStatus.GONE:
        message = f"Klaviyo has removed API revision {revision} ({status}, {label}): set revision to a newer one"
        return RevisionGoneError(message, label=label, status=status)
    blamed = f", parameter {complaint.parameter}" if complaint.parameter else ""
    message = f"Klaviyo refuses {label} ({status}{blamed}): {complaint.detail or 'no reason given'}"
    return BadRequestError(
        message,
        label=label,
        status=status,
        parameter=complaint.parameter,
        code=complaint.code,
        detail=complaint.detail,
    )


def complaint_of(body: bytes) -> Complaint | None:
    """The first JSON:API error of a body; None if the body is something else."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return None
    first = errors[0]
    source = first.get("source")
    blamed = (source.get("parameter") or source.get("pointer")) if isinstance(source, dict) else None
    return Complaint(
        code=_text(first.get("code")),
        detail=_text(first.get("detail")) or _text(first.get("title")),
        parameter=_text(blamed) or None,
    )


def _reason(answer: Answer, *, text: bool) -> str | None:
    status = answer.status
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"HTTP {status}"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        if text or status == HTTPStatus.NO_CONTENT or _json(answer.body):
            return None
        return "HTML instead of JSON" if _html(answer) else "broken JSON"
    if status == HTTPStatus.GONE or status in _REDIRECTS:
        return None
    # A page of the network in front of Klaviyo says nothing about the key or the request. So does a 403 in any other
    # words than Klaviyo's own.
    if _html(answer) or (status == HTTPStatus.FORBIDDEN and complaint_of(answer.body) is None):
        return f"HTTP {status} that is not Klaviyo's own"
    return None


def _json(body: bytes) -> bool:
    """Whether the ends of the body are those of a JSON object or array; a parser finds the rest."""
    ends = body[:64].lstrip(_SPACE)[:1] + body[-64:].rstrip(_SPACE)[-1:]
    return ends in {b"{}", b"[]"}


def _html(answer: Answer) -> bool:
    return "html" in answer.headers.get("Content-Type", "").lower() or answer.body[:256].lstrip().startswith(b"<")


def _about_key(complaint: Complaint) -> bool:
    """Klaviyo answers a wrong or missing key with 400 as well as with 401."""
    detail = complaint.detail.lower()
    return "api key" in detail and any(word in detail for word in ("invalid", "missing", "incorrect", "required"))


def _denied(request: Request, complaint: Complaint) -> PermissionDeniedError:
    scopes = _scopes(request)
    # An account without Advanced KDP is refused so, whatever the scopes of its key.
    if "advanced kdp" in complaint.detail.lower():
        why = "the account lacks Advanced KDP"
    elif scopes:
        why = f"the key needs the scope {', '.join(scopes)}"
    else:
        why = "the key lacks a scope"
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


def _text(value: object) -> str:
    return brief(value) if isinstance(value, str) else ""
