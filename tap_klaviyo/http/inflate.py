"""Inflates a response that came whole, up to a bound."""

from __future__ import annotations

from typing import cast

from tap_klaviyo.http.deflate import GZIP, zlib

_MEMBER = b"\x1f\x8b"
_SIZE = 4  # bytes at the end that say how large the last member was, or pretend to


class BadGzipError(ValueError):
    """Bytes that are not gzip, or whose check sum is wrong."""


class CutGzipError(ValueError):
    """A member ends too early."""


def inflate(packed: bytes, most: int) -> bytes:
    """Inflate all members of a gzip file; what follows them is ignored, as all readers do.

    At most `most` + 1 bytes are made, so that a caller can tell that there are too many. Raises `BadGzipError` and
    `CutGzipError`.
    """
    pieces, left = list[bytes](), most + 1
    while True:
        member = zlib.decompressobj(GZIP)
        # A buffer that has to grow is copied each time, which takes as long as the inflating.
        room = min(left, int.from_bytes(packed[-_SIZE:], "little") + 1)
        while True:
            try:
                piece = member.decompress(packed, room)
            except cast("type[Exception]", zlib.error):  # the stubs take it for an instance
                raise BadGzipError from None
            pieces.append(piece)
            left -= len(piece)
            if member.eof or left <= 0:
                break
            if len(piece) < room:
                raise CutGzipError
            packed, room = member.unconsumed_tail, left
        packed = member.unused_data
        if left <= 0 or not packed.startswith(_MEMBER):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
