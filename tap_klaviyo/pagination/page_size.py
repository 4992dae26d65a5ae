"""How many rows a page is asked for, once a page of the usual size has failed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import KlaviyoError, TooLargeError, UnreachableError
from tap_klaviyo.http.network_errors import UNFINISHED

if TYPE_CHECKING:
    from tap_klaviyo.http.request import Request

_SIZE = re.compile(r"(?<=[?&])(page(?:\[|%5B)size(?:\]|%5D)=)(\d{1,9})(?=&|$)", re.IGNORECASE)
# The body of a query says it beside its cursor.
_SIZE_IN_BODY = re.compile(rb'("page_size"\s*:\s*)(\d{1,9})(?=\s*[,}])')
# Metric aggregates, whose body it is, refuse fewer (recorded from live accounts; the document does not say so).
_LEAST_IN_BODY = 500
# 503 is not among them: it says that the server rests, whatever is asked.
_OVERBURDENED = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}


def too_heavy(error: KlaviyoError) -> bool:
    """Tell whether fewer rows may help: the server broke, or its response did not come to an end."""
    if isinstance(error, TooLargeError):
        return True
    if not isinstance(error, UnreachableError):
        return False
    return error.status in _OVERBURDENED or (error.status is None and error.reason in UNFINISHED)


def page_size_of(request: Request) -> int | None:
    """Return how many rows a request asks for; None if it does not say."""
    found = _SIZE.search(request.url) or _SIZE_IN_BODY.search(request.body or b"")
    return int(found[2]) if found else None


def least_page_size_of(request: Request) -> int:
    """Return how few rows may be asked for in place of what a request asks for."""
    found = None if _SIZE.search(request.url) else _SIZE_IN_BODY.search(request.body or b"")
    return _LEAST_IN_BODY if found and int(found[2]) >= _LEAST_IN_BODY else 1


def with_page_size(request: Request, size: int | None) -> Request:
    """Return the request for so many rows, or the fewest that it takes.

    It stays as it stands if ``size`` is None, or if it says nothing of rows.
    """
    if size is None:
        return request
    rows = max(size, least_page_size_of(request))
    url = _SIZE.sub(lambda found: f"{found[1]}{rows}", request.url)
    body = request.body and _SIZE_IN_BODY.sub(lambda found: found[1] + str(rows).encode(), request.body)
    return replace(request, url=url, body=body)


@dataclass(frozen=True, slots=True)
class PageSizes:
    """The rows to ask for in a chain in which a page has failed for its size: halves of what failed, down to one."""

    wanted: int | None = None
    """Rows of the next page; None for as many as its request says."""
    usual: int | None = None
    """What was asked for before anything failed."""
    bound: bool = False
    """Whether cursors hold for the page size that they came with alone."""

    def after_failure(self, request: Request) -> PageSizes | None:
        """Return what to ask for after a failure for size; None if it cannot be less."""
        failed = self.wanted or page_size_of(request)
        least = least_page_size_of(request)
        if failed is None or failed <= least:
            return None
        return replace(self, wanted=max(failed // 2, least), usual=self.usual or failed)

    def after_skip(self) -> PageSizes:
        """Return what to ask for behind the row that was the reason."""
        return replace(self, wanted=self.usual)

    def shrinks(self, request: Request) -> bool:
        """Tell whether a request is sent for fewer rows than its cursor came with."""
        given = page_size_of(request)
        return self.wanted is not None and given is not None and self.wanted < given
