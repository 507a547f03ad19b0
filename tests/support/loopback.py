"""No test talks to another machine: sockets connect to loopback only."""

import ipaddress
import socket
from typing import Any

_INET = (socket.AF_INET, socket.AF_INET6)


class LeavesTheMachine(AssertionError):
    """A test tried to reach another machine."""


def _is_local(host: object) -> bool:
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def guard(monkeypatch: Any) -> None:
    """Make connecting, sending and resolving fail for every address but loopback."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    monkeypatch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))


def _guarded(original: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in _INET and not _is_local(address[0]):
            raise LeavesTheMachine(f"connection to {address[0]}")
        return original(self, address)

    return connect


def _guarded_lookup(original: Any) -> Any:
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and not _is_local(host):
            raise LeavesTheMachine(f"look-up of {host}")
        return original(host, *args, **kwargs)

    return getaddrinfo
