"""Open loop 开环: requests sent when they are due, whether or not the one before was answered; one process, asyncio.

Seconds count from the moment a request was due, so that a server that stalls is not spared those that would have come
meanwhile; how late our own sends were is told apart. Connections are kept and opened as needed, as a proxy does.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

NO_ANSWER = 0
_PATIENCE_S, _STALE_S = 60.0, 15.0
Send = Callable[[int], bytes]
Stretch = tuple[float, float]
"""Arrivals a second, and for how many seconds."""


@dataclass(slots=True)
class Shot:
    """One request: when it was due, how late it was sent, when its answer was whole, and what it was."""

    number: int
    due_s: float
    late_s: float = 0.0
    took_s: float = _PATIENCE_S
    status: int = NO_ANSWER
    retry_after: bool = False
    replayed: bool = False


class _Line(asyncio.Protocol):
    """A kept connection with at most one request on it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._buffer = b""
        self.shot: Shot | None = None
        self.transport: Any = None
        self.used_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Part of an answer."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or self.shot is None:
            return
        lines = head.lower().split(b"\r\n")
        headers = dict(line.split(b": ", 1) for line in lines[1:])
        if len(body) < int(headers.get(b"content-length", b"0")):
            return
        shot, self.shot, self._buffer = self.shot, None, b""
        shot.status = int(lines[0].split(b" ", 2)[1])
        shot.retry_after = b"retry-after" in headers
        shot.replayed = b"idempotent-replayed" in headers
        self._pool.answered(self, shot, keep=headers.get(b"connection") != b"close")

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed by the server; a request on it has no answer."""
        self._pool.lost(self)


@dataclass
class Pool:
    """The connections, and what became of every request."""

    port: int
    on_answer: Callable[[Shot], None]
    idle: list[_Line] = field(default_factory=list)
    waiting: int = 0

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._began_s = self._loop.time()

    def now(self) -> float:
        """Seconds since the beginning."""
        return self._loop.time() - self._began_s

    def fire(self, shot: Shot, request: bytes) -> None:
        """Send on a connection that is free, or on a new one."""
        self.waiting += 1
        if self.idle and self.now() - self.idle[-1].used_s < _STALE_S:
            self._send(self.idle.pop(), shot, request)
        else:
            task = self._loop.create_task(self._open(shot, request))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, shot: Shot, request: bytes) -> None:
        try:
            _, line = await self._loop.create_connection(lambda: _Line(self), "127.0.0.1", self.port)
        except OSError:
            self._end(shot)
            return
        self._send(line, shot, request)

    def _send(self, line: _Line, shot: Shot, request: bytes) -> None:
        shot.late_s = self.now() - shot.due_s
        line.shot = shot
        line.transport.write(request)

    def answered(self, line: _Line, shot: Shot, *, keep: bool) -> None:
        """An answer is whole."""
        line.used_s = self.now()
        if keep:
            self.idle.append(line)
        self._end(shot)

    def lost(self, line: _Line) -> None:
        """A connection is gone."""
        if line in self.idle:
            self.idle.remove(line)
        if line.shot is not None:
            self._end(line.shot)

    def _end(self, shot: Shot) -> None:
        shot.took_s = self.now() - shot.due_s
        self.waiting -= 1
        self.on_answer(shot)


def due_times(stretches: Sequence[Stretch], seed: int = 1) -> Iterator[float]:
    """Arrivals by chance (exponential gaps), so many a second on average, one stretch after the other."""
    source, due_s, end_s = random.Random(seed), 0.0, 0.0
    for rate, seconds in stretches:
        due_s, end_s = end_s, end_s + seconds
        while (due_s := due_s + source.expovariate(rate)) < end_s:
            yield due_s


def run(port: int, send: Send, stretches: Sequence[Stretch], on_answer: Callable[[Shot], None]) -> list[Shot]:
    """Every arrival and its end; `send` gives the request of the n-th."""
    gc.collect()
    gc.freeze()
    try:
        return asyncio.run(_run(port, send, list(due_times(stretches)), on_answer))
    finally:
        gc.unfreeze()


async def _run(port: int, send: Send, due: list[float], on_answer: Callable[[Shot], None]) -> list[Shot]:
    pool = Pool(port, on_answer)
    shots = []
    for number, due_s in enumerate(due):
        await asyncio.sleep(max(0.0, due_s - pool.now()))
        shots.append(Shot(number, due_s))
        pool.fire(shots[-1], send(number))
    give_up_s = pool.now() + _PATIENCE_S
    while pool.waiting and pool.now() < give_up_s:
        await asyncio.sleep(0.05)
    return shots
