"""One exchange with the server: connection, time-outs, and the whole body or a failed try."""

from __future__ import annotations

import codecs
import logging
import os
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import requests
import urllib3
from requests.utils import get_environ_proxies

from tap_klaviyo.http.errors import BadBundleError, FailedTryError, TooLargeError, UnreachableError
from tap_klaviyo.http.network_errors import CUT, failed_way
from tap_klaviyo.http.pace import PacedAdapter
from tap_klaviyo.http.redact import RedactingFilter, Secret
from tap_klaviyo.http.request import Response
from tap_klaviyo.http.sandbox import SandboxAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.http.counters import Tally
    from tap_klaviyo.http.origin import Origin

_PIECE = 1 << 20
# How many times larger than what was sent a body can get: 1032 is deflate's best.
_INFLATION = {None: 1, "gzip": 1032}


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
        # Over plain http a proxy would read the key; over https it sees the host name alone.
        self._session.proxies = dict(get_environ_proxies(str(origin))) if origin.scheme == "https" else {}
        self._session.verify = (_bundle() if origin.scheme == "https" else None) or True
        # A proxy's user and password are a secret that urllib3 may write at debug level.
        self._proxy_secrets = [Secret(text) for url in self._session.proxies.values() for text in _credentials(url)]
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
    ) -> Response:
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
            raise FailedTryError(CUT)
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
