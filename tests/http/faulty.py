"""A server on a real socket that answers as it is told, badly if need be."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.http.wire import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    Fault = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """Answers with the faults in turn, then with a page; `paths` and `heads` log what came."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults: list[Fault] = []
        self.paths: list[str] = []
        self.heads: list[dict[str, str]] = []
        self.connections = 0
        self.released = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    answered = False

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.paths.append(self.path)
            self.server.heads.append(dict(self.headers))
            fault = self.server.faults.pop(0) if self.server.faults else page
        fault(self)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def reply(self, body: bytes, *, status: int = 200, length: int | None = None, **headers: str) -> None:
        """Status, headers and as much of the body as there is."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/vnd.api+json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        if "Transfer_Encoding" not in headers:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True

    def reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # What the handler flushes and closes afterwards must not end the connection in good order first.
        self.connection.detach()
        socket.close(self._number)

    def setup(self) -> None:
        super().setup()
        self._number = self.connection.fileno()


def page(handler: Handler) -> None:
    handler.reply(PAGE)


def zipped(handler: Handler) -> None:
    handler.reply(gzip.compress(PAGE), Content_Encoding="gzip")


def cut(handler: Handler) -> None:
    handler.reply(PAGE[:5], length=len(PAGE))
    handler.hang_up()


def cut_zipped(handler: Handler) -> None:
    body = gzip.compress(PAGE * 100)
    handler.reply(body[: len(body) // 2], Content_Encoding="gzip")


def bad_gzip(handler: Handler) -> None:
    handler.reply(b"this was never compressed", Content_Encoding="gzip")


def cut_chunk(handler: Handler) -> None:
    handler.reply(b"c\r\n" + PAGE[:6], Transfer_Encoding="chunked")
    handler.hang_up()


def no_last_chunk(handler: Handler) -> None:
    handler.reply(b"c\r\n" + PAGE + b"\r\n", Transfer_Encoding="chunked")
    handler.hang_up()


def bad_chunk(handler: Handler) -> None:
    handler.reply(b"zz\r\n" + PAGE, Transfer_Encoding="chunked")
    handler.hang_up()


def silent(handler: Handler) -> None:
    handler.hang_up()


def reset(handler: Handler) -> None:
    handler.reset()


def reset_in_body(handler: Handler) -> None:
    handler.reply(PAGE[:5], length=len(PAGE))
    handler.reset()


def gibberish(handler: Handler) -> None:
    handler.wfile.write(b"\x00\x01 this is not HTTP\r\n\r\n")
    handler.hang_up()


def slow(handler: Handler) -> None:
    handler.server.released.wait(20)
    handler.hang_up()


def slow_body(handler: Handler) -> None:
    handler.reply(PAGE[:5], length=len(PAGE))
    handler.server.released.wait(20)
    handler.hang_up()


def _drip(handler: Handler, body: bytes) -> None:
    """A byte at a time, far more often than the time-out."""
    with contextlib.suppress(OSError):
        for byte in body:
            if handler.server.released.wait(0.03):
                break
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
    handler.hang_up()


def drip(handler: Handler) -> None:
    handler.reply(PAGE[:5], length=len(PAGE) + 400)
    _drip(handler, b" " * 400)


def drip_zipped(handler: Handler) -> None:
    body = gzip.compress(bytes(range(256)) * 2)
    handler.reply(body[:20], length=len(body), Content_Encoding="gzip")
    _drip(handler, body[20:])


def drip_chunked(handler: Handler) -> None:
    handler.reply(b"fff\r\n" + PAGE[:5], Transfer_Encoding="chunked")
    _drip(handler, b" " * 400)


def drip_headers(handler: Handler) -> None:
    _drip(handler, b"HTTP/1.1 200 OK\r\nX-Odd: " + b"x" * 400)


def html(handler: Handler) -> None:
    handler.reply(b"<html>Checking your browser</html>", Content_Type="text/html; charset=UTF-8")


def forbidden_html(handler: Handler) -> None:
    handler.reply(b"<html>Attention Required</html>", status=403, Content_Type="text/html")


def forbidden_text(handler: Handler) -> None:
    handler.reply(b"error code: 1020", status=403, Content_Type="text/plain")


def unavailable(handler: Handler) -> None:
    handler.reply(b"upstream connect error", status=503, Content_Type="text/plain")


DRIPS = (drip, drip_zipped, drip_chunked, drip_headers)


def timeout(fault: Fault, patch: pytest.MonkeyPatch) -> float:
    """How long a socket may be silent for a fault to show soon.

    A pace is measured by a clock that runs ahead, or a busy machine's drip would be taken for silence.
    """
    if fault not in DRIPS:
        return 0.2
    patch.setattr("tap_klaviyo.http.pace.time", SimpleNamespace(monotonic=lambda: 100 * time.monotonic()))
    return 10


@contextmanager
def serving(*faults: Fault) -> Iterator[Server]:
    with Server() as server:
        server.faults.extend(faults)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
