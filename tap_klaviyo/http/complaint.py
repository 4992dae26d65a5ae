"""What Klaviyo says is wrong with a request, in its JSON:API errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from tap_klaviyo.http.redact import brief

if TYPE_CHECKING:
    from tap_klaviyo.http.request import Request

_INVALID_ID = re.compile(
    r"\b(?:invalid|malformed|not a valid)\b[^.]*\bids?\b|\bids?\b[^.]*\b(?:invalid|malformed|not valid)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a JSON:API error says, cleaned; empty strings if it says nothing."""

    code: str = ""
    detail: str = ""
    parameter: str | None = None

    @property
    def complete(self) -> bool:
        """Whether it has what every error of Klaviyo has; gateways send lists of `errors` too."""
        return bool(self.code and self.detail)


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


def about_key(complaint: Complaint) -> bool:
    """Klaviyo responds to a wrong or missing key with 400 as well as with 401."""
    detail = complaint.detail.lower()
    return "api key" in detail and any(word in detail for word in ("invalid", "missing", "incorrect", "required"))


def about_id(request: Request, complaint: Complaint) -> bool:
    """Whether the id in the path is what is wrong: an id of an odd form gets a 400, in several wordings.

    An invalid cursor has the same code and blames the same `/data/`, so the words have to name the id.
    """
    template = request.endpoint.path.split("/")
    parts = urlsplit(request.url)
    ids = {
        name[1:-1]: unquote(value)
        for name, value in zip(template, parts.path.split("/"), strict=False)
        if name[:1] == "{"
    }
    blamed = (complaint.parameter or "").strip("/").rpartition("/")[2]
    if not ids or blamed in dict(parse_qsl(parts.query, keep_blank_values=True)):
        return False
    return (
        blamed in {"id", *ids}
        or any(brief(value) in complaint.detail for value in ids.values() if value)
        or bool(_INVALID_ID.search(complaint.detail))
    )


def _text(value: object) -> str:
    return brief(value) if isinstance(value, str) else ""
