"""How an answer is put on a socket: whole, or spoiled on its way."""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from tap_klaviyo.sandbox.responses import Response

_GZIP_FROM = 512
_LINGER_NOT = struct.pack("ii", 1, 0)


def send(handler: BaseHTTPRequestHandler, response: Response) -> None:
    """Send ``response`` to the caller of ``handler``, gzipped where it accepts that."""
    if response.wire == "drop":
        handler.close_connection = True
        return
    headers, body = dict(response.headers), response.body
    gzips = "gzip" in handler.headers.get("Accept-Encoding", "")
    if response.wire == "broken-gzip" or (gzips and response.wire is None and len(body) >= _GZIP_FROM):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    if response.wire == "broken-gzip":
        middle = len(body) // 2
        body = body[:middle] + bytes(byte ^ 0xFF for byte in body[middle:])
    if response.wire == "broken-chunks":
        headers["Transfer-Encoding"] = "chunked"
        body = b"%x\r\n%b\r\nnot a length\r\n" % (len(body) // 2, body[: len(body) // 2])
    else:
        headers["Content-Length"] = str(len(body))
    if response.wire in {"cut", "reset"}:
        body = body[: len(body) // 2]
    # not send_response, which adds a date of its own
    handler.send_response_only(response.status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
    if response.wire not in {None, "broken-gzip"}:
        handler.wfile.flush()
        _hang_up(handler, abruptly=response.wire == "reset")


def _hang_up(handler: BaseHTTPRequestHandler, *, abruptly: bool) -> None:
    handler.close_connection = True
    with contextlib.suppress(OSError):
        if abruptly:
            # closing without lingering sends a reset instead of an end, if nothing else holds the socket
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            os.close(handler.connection.detach())
        else:
            handler.connection.shutdown(socket.SHUT_WR)
