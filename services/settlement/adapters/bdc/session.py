"""Sign-on 签到: BDC001 in clear, and the one session key of the business day it brings."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing
from datetime import date

from services.core.clock import Clock, shanghai_day
from services.settlement.adapters.bdc.cipher import SessionCipher
from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.errors import BadFrame, BadMessage, NothingSent
from services.settlement.adapters.bdc.frames import CLEAR, Frame, encode, read_frame
from services.settlement.adapters.bdc.messages import to_settlement
from services.settlement.adapters.bdc.xml import Message, build, parse

OK = "00000"
KEY_EXPIRED = "E1001"


def connect(config: BdcConfig, port: int) -> socket.socket:
    """Open a connection to the node; NothingSent when that fails."""
    try:
        sock = socket.create_connection((config.host, port), timeout=config.connect_timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        raise NothingSent("link.unreachable") from None
    return sock


def answers(request: Message, answer: Message) -> bool:
    """Whether an answer belongs to a request: same code, and our number repeated."""
    return (
        answer.head.get("TxCode") == request.head["TxCode"]
        and answer.head.get("ReceiveSeqNo") == request.head["SendSeqNo"]
    )


class SignOn:
    """Does BDC001 on an open connection."""

    def __init__(self, config: BdcConfig, clock: Clock, cipher: SessionCipher) -> None:
        self._config, self._clock, self._cipher = config, clock, cipher

    def over(self, sock: socket.socket) -> bytes:
        """The session key; NothingSent when the node refuses us or cannot be understood."""
        request = self._request()
        deadline = time.monotonic() + self._config.read_timeout_s
        try:
            sock.sendall(encode(Frame(self._config.node, CLEAR, build(request))))
            return self._key(request, parse(read_frame(sock, deadline).payload))
        except (OSError, BadFrame, BadMessage):
            raise NothingSent("sign_on.no_answer") from None

    def _request(self) -> Message:
        password = self._cipher.encrypt(self._config.sign_on_key, self._config.password.encode())
        return to_settlement(self._config, self._clock, "BDC001", {"Password": password.hex()})

    def _key(self, request: Message, answer: Message) -> bytes:
        if not answers(request, answer):
            raise NothingSent("sign_on.no_answer")
        if answer.head.get("TxStatus") != "0" or answer.head.get("RtnCode") != OK:
            raise NothingSent("sign_on.refused")
        return self._cipher.unwrap_key(self._config.sign_on_key, answer.body.get("SessionKey", ""))


class SessionKeys:
    """Keeps the key of the day for all threads of a process; signs on when there is none."""

    def __init__(self, config: BdcConfig, clock: Clock, cipher: SessionCipher) -> None:
        self._config, self._clock = config, clock
        self._sign_on = SignOn(config, clock, cipher)
        self._lock = threading.Lock()
        self._key: bytes | None = None
        self._day: date | None = None

    def current(self) -> bytes:
        """The day's key, signing on if need be; NothingSent when that fails."""
        if not self._lock.acquire(timeout=self._config.connect_timeout_s + self._config.read_timeout_s):
            raise NothingSent("link.busy")
        try:
            today = shanghai_day(self._clock.now())
            if self._key is None or self._day != today:
                self._key, self._day = self._fetch(), today
            return self._key
        finally:
            self._lock.release()

    def discard(self, key: bytes) -> None:
        """Forget a key the node no longer takes, unless another thread has replaced it already."""
        with self._lock:
            if self._key == key:
                self._key = None

    def _fetch(self) -> bytes:
        with closing(connect(self._config, self._config.port)) as sock:
            return self._sign_on.over(sock)
