"""Responses that come too slowly are cut: the time-out of a socket bounds its silence alone, not a byte a second."""

from __future__ import annotations

import io
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import socket

# Bytes per second; a page of a megabyte would take a quarter of an hour.
_SLOWEST = 1024
# Time-outs that a response may take in all, from its first byte.
_LONGEST = 5


class TooSlowError(TimeoutError):
    """The response came slower than `_SLOWEST`, or took longer than `_LONGEST` time-outs."""


class _Paced(io.RawIOBase):
    """What a socket receives, if it comes fast enough in each stretch of one time-out."""

    def __init__(self, raw: io.RawIOBase, timeout: float) -> None:
        self._raw = raw
        self._timeout = timeout
        self._ends = self._stretch_ends = 0.0
        self._received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count = self._raw.readinto(buffer)
        now = time.monotonic()
        self._received += count or 0
        if not self._ends:  # the server may think for a whole time-out before the first byte
            self._ends, self._stretch_ends = now + _LONGEST * self._timeout, now + self._timeout
        elif count and now > self._stretch_ends:
            if now > self._ends or self._received < _SLOWEST * self._timeout:
                message = "the response came too slowly"
                raise TooSlowError(message)
            self._stretch_ends, self._received = now + self._timeout, 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PacedResponse(HTTPResponse):
    """Reads status line, headers and body through `_Paced`; the socket's time-out is the read time-out."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        if (timeout := sock.gettimeout()) is not None:  # pragma: no branch - all our requests have one
            self.fp = io.BufferedReader(_Paced(self.fp.detach(), timeout))


class _Http(HTTPConnection):
    response_class = _PacedResponse


class _Https(HTTPSConnection):
    response_class = _PacedResponse


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


# By scheme: pools of connections that cut what comes too slowly.
POOLS = {"http": _HttpPool, "https": _HttpsPool}
