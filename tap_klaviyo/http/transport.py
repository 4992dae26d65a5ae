"""One exchange with the server: connection, time-outs, and the whole body or a failed try."""

from __future__ import annotations

import codecs
import logging
import os
import socket
import ssl
from http.client import IncompleteRead
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING

import requests
import urllib3
from requests.utils import get_environ_proxies

from tap_klaviyo.http.errors import BadBundleError, FailedTryError, TooLargeError, UnreachableError
from tap_klaviyo.http.pace import PacedAdapter, TooSlowError
from tap_klaviyo.http.redact import RedactingFilter, Secret
from tap_klaviyo.http.request import Answer
from tap_klaviyo.http.sandbox import SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_klaviyo.http.counters import Tally
    from tap_klaviyo.http.origin import Origin

_PIECE = 1 << 20
# How many times larger than what was sent a body can get: 1032 is deflate's best.
_INFLATION = {None: 1, "gzip": 1032}
_CUT = "a body that was cut off"


class Transport:
    """Sends prepared requests over pooled connections; any thread may.

    Proxies and CA bundles are taken from the environment once, here, and not looked up for each request; credentials
    never are (no netrc), and cookies are not kept.
    """

    def __init__(self, origin: Origin, *, connections: int, timeout: float, largest_body: int) -> None:
        self._timeout = (timeout, timeout)
        self._largest_body = largest_body
        self._session = _Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.proxies = {} if origin.sandbox else dict(get_environ_proxies(str(origin)))
        self._session.verify = (_bundle() if origin.scheme == "https" else None) or True
        # A proxy's user and password are a secret that urllib3 may write at debug level.
        proxies = self._session.proxies.values()
        self._proxy_secrets = [Secret(url.rpartition("@")[0].rpartition("/")[2]) for url in proxies if "@" in url]
        if origin.sandbox:
            self._session.mount(f"{origin.scheme}://", SandboxAdapter())
        else:
            # The pool holds 10 by default and throws away the connections of the other workers.
            self._session.mount(f"{origin.scheme}://", PacedAdapter(pool_connections=2, pool_maxsize=connections))

    def exchange(  # noqa: PLR0913 - the parts of an HTTP request
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        label: str,
        tally: Tally,
    ) -> Answer:
        """Send and read everything.

        Raises `FailedTryError` for what may pass, `TooLargeError` for a body over the bound, and `UnreachableError`
        for what can never be sent.
        """
        tally.add(requests=1)
        response: requests.Response | None = None
        try:
            prepared = requests.Request(method, url, headers=dict(headers), data=body).prepare()
            response = self._session.send(
                prepared, stream=True, allow_redirects=False, timeout=self._timeout, proxies=self._session.proxies
            )
            content = self._read(response, label)
            tally.add(received=response.raw.tell())
            return Answer(response.status_code, content, response.headers)
        except ValueError as error:  # an odd header or proxy: requests' own errors for these are ValueErrors too
            reason = f"the request cannot be sent ({type(error).__name__})"
        # What requests does not wrap while a body is read: urllib3's own errors, and the socket's.
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise FailedTryError(_reason(error)) from None
        finally:
            if response is not None and not response.raw.closed:
                response.raw.close()
        message = f"{label}: {reason}: check the proxy in the environment, and the headers of the stream"
        raise UnreachableError(message, label=label, status=None, reason=reason)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._session.close()

    def _read(self, response: requests.Response, label: str) -> bytes:
        raw, largest = response.raw, self._largest_body
        sent = raw.length_remaining or 0
        inflation = _INFLATION.get(response.headers.get("Content-Encoding"))
        if sent and inflation and sent * inflation <= largest:
            body = raw.read(decode_content=True)  # in one go: a third of the time that pieces take
        else:
            body = self._read_in_pieces(raw)
        if len(body) > largest:
            message = f"{label}: the response is larger than {largest >> 20} MB; request a smaller page"
            raise TooLargeError(message, label=label, status=response.status_code)
        if (raw.length_remaining or 0) > 0:  # urllib3 sees to it over a socket only
            raise FailedTryError(_CUT)
        return bytes(body).removeprefix(codecs.BOM_UTF8)

    def _read_in_pieces(self, raw: urllib3.HTTPResponse) -> bytes:
        """The body, or more of it than there may be."""
        pieces, size = [], 0
        while size <= self._largest_body and (piece := raw.read(_PIECE, decode_content=True)):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)


class _Session(requests.Session):
    """Follows no redirect: a session prepares the next request, and reads all of the body, even when told not to."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the base class names it
        return None


def _bundle() -> str | None:
    """The CA bundle that the environment names, if it does; raises `BadBundleError`."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if path := os.environ.get(name):
            if not Path(path).exists():
                message = f"{name} in the environment names '{path}', which does not exist: fix or unset it"
                raise BadBundleError(message)
            return path
    return None


def _reason(error: BaseException) -> str:
    """The failure in a few words, from all that is wrapped in the error; its own text would hold the URL."""
    chain = tuple(_chain(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(one, kinds) for one in chain)

    table: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
        ("no connection through the proxy", (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)),
        ("the host name cannot be resolved (DNS)", (socket.gaierror, urllib3.exceptions.NameResolutionError)),
        ("the certificate is not trusted (TLS)", (ssl.SSLCertVerificationError,)),
        ("no secure connection (TLS)", (ssl.SSLError, urllib3.exceptions.SSLError)),
        ("connection refused", (ConnectionRefusedError,)),
        ("a response that came too slowly", (TooSlowError,)),
        ("time-out while reading", (urllib3.exceptions.ReadTimeoutError, requests.exceptions.ReadTimeout)),
        ("time-out while connecting", (TimeoutError, requests.exceptions.ConnectTimeout)),
        ("a body that cannot be decompressed", (urllib3.exceptions.DecodeError,)),
        (_CUT, (urllib3.exceptions.IncompleteRead, IncompleteRead)),
        ("connection reset", (ConnectionError,)),
    )
    return next((words for words, kinds in table if has(*kinds)), "connection failed")


def _chain(error: BaseException | None, depth: int = 8) -> Iterator[BaseException]:
    if error is None or depth == 0:
        return
    yield error
    wrapped = (error.__cause__, error.__context__, getattr(error, "reason", None), *error.args)
    for inner in wrapped:
        if isinstance(inner, BaseException):
            yield from _chain(inner, depth - 1)


# urllib3 writes each URL at debug level, whatever handlers there are, and a filter may hold an e-mail address.
logging.getLogger("urllib3.connectionpool").addFilter(RedactingFilter())
