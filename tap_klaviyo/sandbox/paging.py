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


def cursor_of(position: Position, path: str, others: str) -> str:
    """Return the cursor for the page after ``position`` of the request ``path?others``."""
    payload = json.dumps(position, separators=(",", ":")).encode()
    sealed = _seal(payload, _request(path, others)) + payload
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def position_of(cursor: str, path: str, others: str) -> Position:
    """Return where ``cursor`` points to; a 400 for one that was edited or belongs to another request."""
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refused() from None
    payload = sealed[_SEAL:]
    if sealed[:_SEAL] != _seal(payload, _request(path, others)):
        raise _refused()
    (rank, value), row_id = json.loads(payload)
    return (rank, value), row_id


def _refused() -> RefusedError:
    return invalid("Invalid cursor provided.", "page[cursor]")
