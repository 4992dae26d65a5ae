"""The wall around the tests: sockets reach loopback and nothing else."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

# RFC 6761: these names never resolve, so a test of a DNS failure may ask for one.
UNRESOLVABLE = ".invalid"


class NetworkForbiddenError(RuntimeError):
    """A test tried to leave this machine.

    Not an OSError: the tap retries those, and a test that leaves the machine must fail at once.
    """

    def __init__(self, host: object) -> None:
        super().__init__(f"tests stay on loopback, and this one went to {host!r}")


def is_loopback(host: object) -> bool:
    """Whether a host, as sockets take it, is this machine."""
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode()
    if host in {"", "localhost", None}:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _to_address(genuine: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not is_loopback(address[0]):
            raise NetworkForbiddenError(address[0])
        return genuine(self, address)

    return guarded


def _sendto(self: socket.socket, data: Any, *flags_and_address: Any) -> int:
    address = flags_and_address[-1]
    if self.family != socket.AF_UNIX and not is_loopback(address[0]):
        raise NetworkForbiddenError(address[0])
    return _genuine_sendto(self, data, *flags_and_address)


def _getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(host, str) and host.rstrip(".").endswith(UNRESOLVABLE):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if not is_loopback(host):
        raise NetworkForbiddenError(host)
    return _genuine_getaddrinfo(host, *args, **kwargs)


_genuine_sendto = socket.socket.sendto
_genuine_getaddrinfo = socket.getaddrinfo


def forbid(patch: pytest.MonkeyPatch) -> None:
    """Wall in this process until the patch is undone; `socket.create_connection` goes through both gates."""
    patch.setattr(socket.socket, "connect", _to_address(socket.socket.connect))
    patch.setattr(socket.socket, "connect_ex", _to_address(socket.socket.connect_ex))
    patch.setattr(socket.socket, "sendto", _sendto)
    patch.setattr(socket, "getaddrinfo", _getaddrinfo)
