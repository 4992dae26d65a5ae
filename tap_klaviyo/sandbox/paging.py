"""Cursors: opaque, good only for the request that made them, and by key, so that they survive moving rows."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from tap_klaviyo.sandbox.errors import RefusedError, invalid

_SECRET = b"made-up shop"
_SEAL = 8

# where a page ended: the sort key of its last row, and that row's id
Position = tuple[tuple[int, Any], str]


def _seal(payload: bytes, request: str) -> bytes:
    return hashlib.blake2b(payload + b"\0" + request.encode(), digest_size=_SEAL, key=_SECRET).digest()


def _request(path: str, others: str) -> str:
    return path + "?" + "&".join(sorted(others.split("&")))


def cursor_of(position: Position | None, path: str, others: str, *, again: int = 0) -> str:
    """Return the cursor for the page after ``position`` of the request ``path?others``; None is the first page.

    ``again`` tells cursors apart that lead to one page.
    """
    payload = json.dumps((position, again), separators=(",", ":")).encode()
    sealed = _seal(payload, _request(path, others)) + payload
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def position_of(cursor: str, path: str, others: str) -> Position | None:
    """Return where ``cursor`` points to; a 400 for one that was edited or belongs to another request."""
    position, _ = _opened(cursor, path, others)
    return position


def offset_of(cursor: str | None, path: str, others: str) -> int:
    """Return how many rows come before the page that ``cursor`` leads to, where rows are counted; None is 0."""
    position = None if cursor is None else position_of(cursor, path, others)
    return 0 if position is None else int(position[0][1])


def another(cursor: str | None, path: str, others: str) -> str:
    """Return one more cursor for the page that ``cursor`` leads to; None is the first page."""
    position, again = (None, 0) if cursor is None else _opened(cursor, path, others)
    return cursor_of(position, path, others, again=again + 1)


def _opened(cursor: str, path: str, others: str) -> tuple[Position | None, int]:
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refused() from None
    payload = sealed[_SEAL:]
    if sealed[:_SEAL] != _seal(payload, _request(path, others)):
        raise _refused()
    position, again = json.loads(payload)
    if position is None:
        return None, again
    (rank, value), row_id = position
    return ((rank, value), row_id), again


def _refused() -> RefusedError:
    return invalid("Invalid cursor provided.", "page[cursor]")
