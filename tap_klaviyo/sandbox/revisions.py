"""Which revisions there are, and which one answers a request.

The two whose documents ship with the package answer as themselves. An older one that is still alive is answered
from the older document, without the page sizes that it does not have yet. A retired one falls forward to the
oldest that is alive, unless the request opts out of that. Any other, betas too, is unknown.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.errors import RefusedError, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.sandbox.operation import Operation

DOCUMENTS = ("2026-07-15", "2026-10-15")
OPT_OUT = "x-klaviyo-revision-fall-forward-opt-out"
_STABLE = (
    *("2022-10-17", "2023-01-24", "2023-02-22", "2023-06-15", "2023-07-15", "2023-08-15", "2023-09-15", "2023-10-15"),
    *("2023-12-15", "2024-02-15", "2024-05-15", "2024-06-15", "2024-07-15", "2024-10-15"),
    *("2025-01-15", "2025-04-15", "2025-07-15", "2025-10-15", "2026-01-15", "2026-04-15", *DOCUMENTS),
)
_YEARS_OF_LIFE = 2
# the first revision that takes a page size there, by the beginning of the path
_PAGE_SIZES = {
    "/api/campaign": "2026-04-15",
    "/api/catalog": "2026-04-15",
    "/api/coupon": "2026-04-15",
    "/api/tag": "2026-04-15",
    "/api/events": "2026-01-15",
}


def answering(headers: Mapping[str, str], today: date) -> str:
    """Return the revision that answers a request with these headers (lower case); raise a 400 or a 410."""
    asked = headers.get("revision")
    if asked is None:
        raise invalid("The revision header is required.", "revision")
    if asked not in _STABLE:
        raise invalid(f"'{asked}' is not a valid revision.", "revision")
    alive = [one for one in _STABLE if _retired_on(one) > today]
    if asked in alive:
        return asked
    if headers.get(OPT_OUT) == "1" or not alive:
        raise RefusedError(410, "gone", f"Revision {asked} has been retired.", parameter="revision")
    return alive[0]


def document_of(revision: str | None) -> str:
    """Return the revision of the document that an answering revision is read from; the newest for None."""
    return max((one for one in DOCUMENTS if revision is None or one <= revision), default=DOCUMENTS[0])


def check_page_size(revision: str, operation: Operation, parameters: Mapping[str, str]) -> None:
    """Raise a 400 for a page size that ``revision`` does not know yet."""
    if "page[size]" not in parameters:
        return
    if any(operation.path.startswith(path) and revision < since for path, since in _PAGE_SIZES.items()):
        raise invalid("'page[size]' is not a valid query parameter for this endpoint.", "page[size]")


def _retired_on(revision: str) -> date:
    released = date.fromisoformat(revision)
    return released.replace(year=released.year + _YEARS_OF_LIFE)
