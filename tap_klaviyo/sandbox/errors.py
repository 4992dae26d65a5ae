"""Refusals, in the JSON:API error envelope that Klaviyo uses."""

from __future__ import annotations

import json
import uuid
from typing import Any

_TITLES = {
    "invalid": "Invalid input.",
    "not_authenticated": "Authentication credentials were not provided.",
    "authentication_failed": "Incorrect authentication credentials.",
    "permission_denied": "You do not have permission to perform this action.",
    "not_found": "Not found.",
    "method_not_allowed": "Method not allowed.",
    "gone": "The requested revision is no longer available.",
    "unsupported_media_type": "Unsupported media type.",
    "throttled": "Request was throttled.",
}


class RefusedError(Exception):
    """An answer other than 2xx: ``status``, a Klaviyo ``code``, a ``detail``, and what was at fault.

    ``parameter`` names a query parameter or header, ``pointer`` a place in a request body.
    """

    def __init__(  # noqa: PLR0913 (the parts of the envelope)
        self,
        status: int,
        code: str,
        detail: str,
        *,
        parameter: str | None = None,
        pointer: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.parameter = parameter
        self.pointer = pointer
        self.headers = headers or {}

    def body(self) -> bytes:
        """Return the error document."""
        source: dict[str, Any] = {}
        if self.parameter is not None:
            source["parameter"] = self.parameter
        if self.pointer is not None:
            source["pointer"] = self.pointer
        error = {
            # derived from the refusal, so that two runs of one request answer with the same bytes
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.status}|{self.code}|{self.detail}|{self.parameter}")),
            "status": self.status,
            "code": self.code,
            "title": _TITLES.get(self.code, "Error."),
            "detail": self.detail,
            "source": source,
            "links": {},
            "meta": {},
        }
        return json.dumps({"errors": [error]}).encode()


def invalid(detail: str, parameter: str) -> RefusedError:
    """Return a 400 that names a query parameter or header."""
    return RefusedError(400, "invalid", detail, parameter=parameter)


def not_found(what: str) -> RefusedError:
    """Return a 404 for ``what``."""
    return RefusedError(404, "not_found", f"{what} does not exist.")
