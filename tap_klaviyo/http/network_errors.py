"""What fails between this tap and the server, in a few words each, and what a person can do about it."""

from __future__ import annotations

import socket
import ssl
from http.client import IncompleteRead
from typing import TYPE_CHECKING

import requests
import urllib3

from tap_klaviyo.http.errors import FailedTryError
from tap_klaviyo.http.pace import TooSlowError

if TYPE_CHECKING:
    from collections.abc import Iterator

CUT = "the response was cut off"
UNPACKABLE = "the response cannot be decompressed"
_SLOW, _SILENT, _RESET = "the response came too slowly", "timeout while reading", "connection reset"
# A response that began, or that the server worked at: a smaller one may come to its end.
UNFINISHED = frozenset({CUT, _SLOW, _SILENT, _RESET})
_NETWORK = "check the network and any firewall between, then run again"
_OVERLOADED = "run again later, or raise request_timeout"

# Words, what to do, and the errors meant. The first that fits counts.
_TABLE: tuple[tuple[str, str, tuple[type[BaseException], ...]], ...] = (
    (
        "the proxy refused the connection",
        "check HTTPS_PROXY and NO_PROXY in the environment",
        (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError),
    ),
    (
        "the host name cannot be resolved (DNS)",
        "check api_url, the network and its DNS server",
        (socket.gaierror, urllib3.exceptions.NameResolutionError),
    ),
    (
        "the server's certificate is not trusted (TLS)",
        "if a proxy inspects the traffic, set REQUESTS_CA_BUNDLE to its CA certificate; check the host's date",
        (ssl.SSLCertVerificationError,),
    ),
    (
        "no secure connection (TLS)",
        "check that api_url and the port are right, and any proxy between",
        (ssl.SSLError, urllib3.exceptions.SSLError),
    ),
    ("connection refused", "check that api_url and its port are right and the server runs", (ConnectionRefusedError,)),
    (_SLOW, _OVERLOADED, (TooSlowError,)),
    (
        _SILENT,
        _OVERLOADED,
        (urllib3.exceptions.ReadTimeoutError, requests.exceptions.ReadTimeout),
    ),
    ("timeout while connecting", _NETWORK, (TimeoutError, requests.exceptions.ConnectTimeout)),
    (
        UNPACKABLE,
        "check any proxy between, then run again",
        (urllib3.exceptions.DecodeError,),
    ),
    (CUT, _NETWORK, (urllib3.exceptions.IncompleteRead, IncompleteRead)),
    (_RESET, _NETWORK, (ConnectionError,)),
)


def failed_way(error: BaseException) -> FailedTryError:
    """The error of a socket or a library as a failed try; its own text would hold the URL."""
    chain = tuple(_chain(error))
    for words, advice, kinds in _TABLE:
        if any(isinstance(one, kinds) for one in chain):
            return FailedTryError(words, advice=advice)
    return FailedTryError("connection failed", advice=_NETWORK)


def _chain(error: BaseException | None, depth: int = 8) -> Iterator[BaseException]:
    """The error, and what is wrapped in it."""
    if error is None or depth == 0:
        return
    yield error
    wrapped = (error.__cause__, error.__context__, getattr(error, "reason", None), *error.args)
    for inner in wrapped:
        if isinstance(inner, BaseException):
            yield from _chain(inner, depth - 1)
