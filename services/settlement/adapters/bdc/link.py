"""Business link 业务通道: one encrypted question and its answer, a connection each, a few at a time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from services.core.clock import Clock
from services.settlement.adapters.bdc.cipher import SessionCipher
from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.errors import BadFrame, BadMessage, NoAnswer, NothingSent, Unencodable
from services.settlement.adapters.bdc.frames import CLEAR, ORDINARY_LIMIT, SEALED, Frame, encode, read_frame
from services.settlement.adapters.bdc.session import KEY_EXPIRED, SessionKeys, answers, connect
from services.settlement.adapters.bdc.xml import Message, build, parse


class Link:
    """Thread-safe. A connection is never used again, so a stale one cannot make an outcome doubtful."""

    def __init__(self, config: BdcConfig, clock: Clock) -> None:
        self._config = config
        self._cipher = SessionCipher(config.cipher)
        self._keys = SessionKeys(config, clock, self._cipher)
        self._places = threading.BoundedSemaphore(config.max_connections)

    def ask(
        self, request: Message, *, timeout_s: float | None = None, limit: int = ORDINARY_LIMIT
    ) -> Message:
        """The node's answer; NothingSent or NoAnswer otherwise, never anything else.

        A node that says in clear that our key has expired has read nothing, so the same message goes out
        once more under a new key.
        """
        try:
            payload = build(request)
        except Unencodable as fault:
            raise NothingSent(fault.code) from None
        timeout_s = timeout_s or self._config.read_timeout_s
        with self._place():
            answer = self._once(request, payload, timeout_s, limit)
            if answer is None:
                answer = self._once_more(request, payload, timeout_s, limit)
        if answer is None:
            raise NothingSent("session.expired", written=True)
        return answer

    def _once_more(self, request: Message, payload: bytes, timeout_s: float, limit: int) -> Message | None:
        try:
            return self._once(request, payload, timeout_s, limit)
        except NothingSent as fault:
            raise NothingSent(fault.code, written=True) from None

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._config.read_timeout_s):
            raise NothingSent("link.busy")
        try:
            yield
        finally:
            self._places.release()

    def _once(self, request: Message, payload: bytes, timeout_s: float, limit: int) -> Message | None:
        key = self._keys.current()
        secret = self._cipher.encrypt(key, payload)
        with closing(connect(self._config, self._config.port)) as sock:
            deadline = time.monotonic() + timeout_s
            frame = self._exchange(sock, encode(Frame(self._config.node, SEALED, secret)), deadline, limit)
        if frame.flag == CLEAR:
            self._only_expiry(frame)
            self._keys.discard(key)
            return None
        return self._open(request, frame, key)

    def _exchange(self, sock: socket.socket, data: bytes, deadline: float, limit: int) -> Frame:
        try:
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
            sock.sendall(data)
            frame = read_frame(sock, deadline, limit)
        except OSError:
            raise NoAnswer("answer.none") from None
        except BadFrame as fault:
            raise NoAnswer(fault.code) from None
        if frame.node != self._config.settlement_node:
            raise NoAnswer("frame.node")
        return frame

    def _only_expiry(self, frame: Frame) -> None:
        # Anyone on the line can write a clear frame: it may say that nothing was read, never that money moved.
        # It repeats no number of ours, since the node could not read it.
        answer = _parsed(frame.payload)
        if answer.head.get("TxStatus") != "1" or answer.head.get("RtnCode") != KEY_EXPIRED:
            raise NoAnswer("answer.in_clear")

    def _open(self, request: Message, frame: Frame, key: bytes) -> Message:
        try:
            plain = self._cipher.decrypt(key, frame.payload)
        except BadMessage as fault:
            raise NoAnswer(fault.code) from None
        answer = _parsed(plain)
        if not answers(request, answer):
            raise NoAnswer("answer.foreign")
        return answer


def _parsed(payload: bytes) -> Message:
    try:
        return parse(payload)
    except BadMessage as fault:
        raise NoAnswer(fault.code) from None
