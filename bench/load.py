"""Load 压力: the same POST by many members over kept-alive connections, with as little client as possible."""

from __future__ import annotations

import ipaddress
import json
import multiprocessing
import random
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

PROCESSES = 4


def anywhere() -> str:
    """Somebody's address, as the proxy in front says it (ANJU_PROXY_HOPS=1)."""
    return str(ipaddress.IPv4Address(random.randrange(2**24, 2**31)))


def confirmation(application_id: UUID, face_session_id: UUID, token: str) -> tuple[str, str, dict[str, str]]:
    """Path, body and headers of a member's confirmation, from an address of its own and under a new key."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": secrets.token_hex(16),
        "X-Forwarded-For": anywhere(),
    }
    body = json.dumps({"face_session_id": str(face_session_id)})
    return f"/api/v1/applications/{application_id}/confirm", body, headers


def post(path: str, host: str, body: str, headers: dict[str, str]) -> bytes:
    """A whole request as it goes over the wire, made before the clock starts."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    data = body.encode()
    return "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode() + data


def run(port: int, requests: Sequence[bytes], clients: int, expected: int) -> tuple[float, list[float]]:
    """Requests a second and each one's seconds; raises when an answer is not `expected`."""
    processes = min(clients, PROCESSES)
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(processes), context.Queue()
    children = [
        context.Process(
            target=_work,
            args=(port, requests[number::processes], clients // processes, expected, barrier, results),
        )
        for number in range(processes)
    ]
    for child in children:
        child.start()
    answers = [results.get(timeout=600) for _ in children]
    for child in children:
        child.join()
    faults = [answer for answer in answers if isinstance(answer, str)]
    if faults:
        raise RuntimeError(faults[0])
    began, ended = min(a[0] for a in answers), max(a[1] for a in answers)
    return len(requests) / (ended - began), [seconds for answer in answers for seconds in answer[2]]


def _work(port: int, requests: Sequence[bytes], threads: int, expected: int, barrier: Any, out: Any) -> None:
    seconds: list[float] = []
    faults: list[str] = []
    try:
        lines = [_Line(port) for _ in range(threads)]
        hands = [
            threading.Thread(target=_send, args=(line, requests[number::threads], expected, seconds, faults))
            for number, line in enumerate(lines)
        ]
        barrier.wait(60)
        began = time.monotonic()
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        out.put(faults[0] if faults else (began, time.monotonic(), seconds))
    except Exception as fault:  # the parent is waiting for a word
        barrier.abort()
        out.put(repr(fault))


class _Line:
    """A kept connection; opened anew after an answer that closes it."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._open()

    def _open(self) -> None:
        self._sock = socket.create_connection(self._address, timeout=30)
        self._reader = self._sock.makefile("rb")

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self._sock.sendall(request)
        status, body, kept = _answer(self._reader)
        if not kept:
            self.close()
            self._open()
        return status, body

    def close(self) -> None:
        """No more."""
        self._reader.close()
        self._sock.close()


def _send(
    line: _Line, requests: Sequence[bytes], expected: int, seconds: list[float], faults: list[str]
) -> None:
    try:
        for request in requests:
            began = time.monotonic()
            status, body = line.ask(request)
            seconds.append(time.monotonic() - began)
            if status != expected:
                raise RuntimeError(f"{status}: {body[:300]!r}")
    except (OSError, RuntimeError, ValueError) as fault:
        faults.append(repr(fault))
    finally:
        line.close()


def _answer(reader: Any) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection stays; headers are passed over but for that and the length."""
    status, length, kept = int(reader.readline().split(b" ", 2)[1]), 0, True
    while (header := reader.readline().rstrip()) != b"":
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"connection" and value.strip().lower() == b"close":
            kept = False
    return status, reader.read(length), kept
