"""The sandbox over HTTP/1.1, on loopback."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.wire import send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_klaviyo.sandbox.sandbox import Sandbox


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # one write per answer: headers and body in one segment
    wbufsize = -1
    sandbox: Sandbox

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        send(self, self.sandbox.respond(self.command, self.path, dict(self.headers.items()), body))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 (names that the base class looks up)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet: the sandbox has its own log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a caller hang up without a traceback on stderr; anything else is a fault of the sandbox."""


def server(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
    """Return a bound server of ``sandbox``, not yet serving; port 0 picks a free one."""
    handler = type("Handler", (_Handler,), {"sandbox": sandbox})
    return _Server((host, port), handler)


@contextmanager
def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve ``sandbox`` in a thread and yield its URL, without a slash at the end."""
    served = server(sandbox, host, port)
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{served.server_address[1]}"
    finally:
        served.shutdown()
        served.server_close()
        thread.join()
