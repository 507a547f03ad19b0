"""Frames 报文帧: a 16-byte head, four bytes of length in network order, then the payload."""

from __future__ import annotations

import re
import socket
import struct
import time
from dataclasses import dataclass

from services.settlement.adapters.bdc.errors import BadFrame

CLEAR = "1"  # sign-on, and the node's word that it cannot read us
SEALED = "0"  # business, under the day's session key
ORDINARY_LIMIT = 256 * 1024
STATEMENT_LIMIT = 32 * 1024 * 1024

_HEAD = re.compile(rb"([A-Z0-9]{6})([01])0{9}")
_PREFIX = struct.Struct("!16sI")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: the sender's node number, the flag and the payload as it travels."""

    node: str
    flag: str
    payload: bytes


def encode(frame: Frame) -> bytes:
    """The bytes of a frame."""
    head = f"{frame.node}{frame.flag}{'0' * 9}".encode("ascii")
    return _PREFIX.pack(head, len(frame.payload)) + frame.payload


def read_frame(sock: socket.socket, deadline: float, limit: int = ORDINARY_LIMIT) -> Frame:
    """Read one whole frame before the monotonic `deadline`, or raise BadFrame."""
    head, length = _PREFIX.unpack(_read_exactly(sock, _PREFIX.size, deadline))
    match = _HEAD.fullmatch(head)
    if match is None:
        raise BadFrame("frame.head")
    if not 0 < length <= limit:
        raise BadFrame("frame.length")
    payload = _read_exactly(sock, length, deadline)
    return Frame(match[1].decode("ascii"), match[2].decode("ascii"), payload)


def _read_exactly(sock: socket.socket, size: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = _read_some(sock, min(size - len(parts), 65536), deadline)
        if not part:
            raise BadFrame("frame.cut" if parts else "frame.closed")
        parts += part
    return bytes(parts)


def _read_some(sock: socket.socket, size: int, deadline: float) -> bytes:
    # The time-out is renewed from one deadline, so that a node dripping bytes cannot hold us for ever.
    left = deadline - time.monotonic()
    if left <= 0:
        raise BadFrame("frame.timeout")
    try:
        sock.settimeout(left)
        return sock.recv(size)
    except TimeoutError:
        raise BadFrame("frame.timeout") from None
    except OSError:
        raise BadFrame("frame.broken") from None
