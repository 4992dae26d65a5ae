"""One exchange with the server: connection, time-outs, and the whole body or a failed try."""

from __future__ import annotations

import codecs
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import requests
import urllib3
from requests.cookies import RequestsCookieJar
from requests.utils import get_environ_proxies

from tap_klaviyo.http.adapter import PooledAdapter
from tap_klaviyo.http.errors import BadBundleError, FailedTryError, TooLargeError, UnreachableError
from tap_klaviyo.http.inflate import BadGzipError, CutGzipError, inflate
from tap_klaviyo.http.network_errors import CUT, UNPACKABLE, failed_way
from tap_klaviyo.http.prepare import Preparer
from tap_klaviyo.http.redact import RedactingFilter, Secret
from tap_klaviyo.http.request import Response
from tap_klaviyo.http.sandbox import SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tap_klaviyo.http.counters import Tally
    from tap_klaviyo.http.origin import Origin

_PIECE = 1 << 20


class Transport:
    """Sends prepared requests over pooled connections; any thread may.

    Proxies and CA bundles are taken from the environment once, here, and not looked up for each request; credentials
    never are (no netrc), and cookies are not kept.
    """

    def __init__(self, origin: Origin, *, connections: int, timeout: float, largest_body: int) -> None:
        self._timeout = (timeout, timeout)
        self._largest_body = largest_body
        self._session = _Session()
        self._session.cookies = _NoCookies()
        self._preparer = Preparer(str(origin))
        # Over plain http a proxy would read the key; over https it sees the host name alone.
        self._session.proxies = dict(get_environ_proxies(str(origin))) if origin.scheme == "https" else {}
        self._session.verify = (_bundle() if origin.scheme == "https" else None) or True
        # A proxy's user and password are a secret that urllib3 may write at debug level.
        self._proxy_secrets = [Secret(text) for url in self._session.proxies.values() for text in _credentials(url)]
        if origin.sandbox:
            self._session.mount(f"{origin.scheme}://", SandboxAdapter())
        else:
            # The pool holds 10 by default and throws away the connections of the other workers.
            self._session.mount(f"{origin.scheme}://", PooledAdapter(pool_connections=2, pool_maxsize=connections))

    def exchange(  # noqa: PLR0913 - the parts of an HTTP request
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        label: str,
        tally: Tally,
    ) -> Response:
        """Send and read everything.

        Raises `FailedTryError` for what may pass, `TooLargeError` for a body over the bound, and `UnreachableError`
        for what can never be sent.
        """
        tally.add(requests=1)
        response: requests.Response | None = None
        try:
            prepared = self._preparer.prepare(method, url, headers, body)
            response = self._session.send(
                prepared, stream=True, allow_redirects=False, timeout=self._timeout, proxies=self._session.proxies
            )
            content = self._read(response, label)
            tally.add(received=response.raw.tell())
            return Response(response.status_code, content, response.headers)
        except ValueError as error:  # an odd header or proxy: requests' own errors for these are ValueErrors too
            reason = f"the request cannot be sent ({type(error).__name__})"
        # What requests does not wrap while a body is read: urllib3's own errors, and the socket's.
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise failed_way(error) from None
        finally:
            if response is not None and not response.raw.closed:
                response.raw.close()
        message = f"{label}: {reason}: check HTTPS_PROXY in the environment and the headers of the stream"
        raise UnreachableError(message, label=label, status=None, reason=reason)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._session.close()

    def _read(self, response: requests.Response, label: str) -> bytes:
        raw, largest = response.raw, self._largest_body
        encoding = response.headers.get("Content-Encoding")
        if encoding == "gzip":
            body = self._inflated(self._whole(raw))
        elif encoding is None:
            body = self._whole(raw)
        else:
            body = self._in_pieces(raw, decode_content=True)
        if len(body) > largest:
            message = f"{label}: the response is larger than {largest >> 20} MB; request a smaller page"
            raise TooLargeError(message, label=label, status=response.status_code)
        if (raw.length_remaining or 0) > 0:  # urllib3 sees to it over a socket only
            raise FailedTryError(CUT)
        return body.removeprefix(codecs.BOM_UTF8)

    def _inflated(self, packed: bytes) -> bytes:
        if not packed or len(packed) > self._largest_body:
            return packed
        try:
            return inflate(packed, self._largest_body)
        except BadGzipError:
            raise FailedTryError(UNPACKABLE) from None
        except CutGzipError:
            raise FailedTryError(CUT) from None

    def _whole(self, raw: urllib3.HTTPResponse) -> bytes:
        """What was sent, or more of it than there may be."""
        if 0 < (raw.length_remaining or 0) <= self._largest_body:
            return raw.read(decode_content=False)  # in one go: a third of the time that pieces take
        return self._in_pieces(raw, decode_content=False)

    def _in_pieces(self, raw: urllib3.HTTPResponse, *, decode_content: bool) -> bytes:
        pieces, size = [], 0
        while size <= self._largest_body and (piece := raw.read(_PIECE, decode_content=decode_content)):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)


class _NoCookies(RequestsCookieJar):
    """Keeps no cookie; a policy that allows none would still parse the headers of each response."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Do nothing."""


class _Session(requests.Session):
    """Follows no redirect: a session prepares the next request, and reads all of the body, even when told not to."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the base class names it
        return None


def _credentials(proxy: str) -> list[str]:
    """User and password in a proxy's URL, together and the password alone, as they stand there and decoded."""
    pair = proxy.partition("://")[2].rpartition("@")[0]
    password = pair.partition(":")[2]
    return [text for text in (pair, unquote(pair), password, unquote(password)) if text]


def _bundle() -> str | None:
    """The CA bundle that the environment names, if it does; raises `BadBundleError`."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if path := os.environ.get(name):
            if not Path(path).exists():
                message = f"{name} in the environment names '{path}', which does not exist: fix or unset it"
                raise BadBundleError(message)
            return path
    return None


# urllib3 writes each URL at debug level, whatever handlers there are, and a filter may hold an e-mail address.
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry", "util.ssl_"):
    logging.getLogger(f"urllib3.{_name}").addFilter(RedactingFilter())
