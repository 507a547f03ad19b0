"""The settlement node 结算节点: a bank's business port and notice port, as threads in the sandbox."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sandbox.settlement_node import wire
from sandbox.settlement_node.bank import Bank
from sandbox.settlement_node.books import Books, utc_now
from sandbox.settlement_node.credentials import Credentials
from sandbox.settlement_node.deductions import Deductions
from sandbox.settlement_node.desk import Desk
from sandbox.settlement_node.faults import Faults
from sandbox.settlement_node.letters import Letters
from sandbox.settlement_node.ports import Ports
from sandbox.settlement_node.pusher import Listener, Pusher
from sandbox.settlement_node.store import Store

_GATHERED_S = 0.02
"""What falls due so soon after one another is done together."""


class SettlementNode:
    """A new one on the same `state_dir` carries on where the last one stopped, or was killed."""

    def __init__(
        self,
        state_dir: Path,
        host: str = "127.0.0.1",
        port: int = 8614,
        notice_port: int = 8615,
        credentials: Credentials | None = None,
        *,
        pay_delay_s: float = 0.2,
        ack_timeout_s: float = 10.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.who = credentials or Credentials.load()
        self.port, self.notice_port = port, notice_port
        self.store = Store(Path(state_dir) / "settlement.sqlite")
        self.faults = Faults(self.store)
        self._wake, self._stop = threading.Event(), threading.Event()
        self.books = Books(self.store, self.who, now)
        self.bank = Bank(self.books, pay_delay_s, self._wake.set)
        self.deductions = Deductions(self.books, self.faults, pay_delay_s, self._wake.set)
        self.bank.also.append(self.deductions)
        self.letters = Letters(self.books)
        self.bank.also.append(self.letters)
        self.desk = Desk(self.bank, self.faults, self.deductions, self.letters)
        self.pusher = Pusher(self.books, self.desk.envelopes, ack_timeout_s, self.letters)
        self._ports = Ports(host, lambda text: self.store.note(self.books.stamp(), "link", "", "", "", text))
        self._threads: list[threading.Thread] = []
        self._down_until = 0.0

    # -- life ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Open both ports (0 picks a free one, then to be read from `port` and `notice_port`)."""
        self._stop.clear()
        self._open_ports()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._clockwork, self._push)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Close everything; the store keeps what was written."""
        self._stop.set()
        self._wake.set()
        self._ports.close()
        for thread in self._threads:
            thread.join(timeout=5)
        self.store.close()

    def go_down(self, seconds: float) -> None:
        """Refuse connections for a while, as a node that is being restarted."""
        self._down_until = time.monotonic() + seconds
        self._ports.close()
        self._wake.set()

    def _open_ports(self) -> None:
        self.port = self._ports.open(self.port, self._serve_business)
        self.notice_port = self._ports.open(self.notice_port, self._serve_notices)

    @property
    def is_down(self) -> bool:
        return time.monotonic() < self._down_until

    def cut_off(self) -> str:
        """Close the business day now; the day closed, as YYYY-MM-DD."""
        closed = self.bank.close_day()
        self.pusher.shut_all()
        return closed.isoformat()

    def wake(self) -> None:
        """Do at once what has fallen due."""
        self._wake.set()

    def order_fault(self, wish: dict[str, object]) -> int | None:
        """Order a fault; its number, or None for one that happens at once."""
        if wish.get("kind") == "node_down":
            self.go_down(float(str(wish.get("seconds", 5.0))))
            return None
        return self.faults.order(wish)

    # -- conversations -------------------------------------------------------------------------------------

    def _serve_business(self, sock: socket.socket) -> None:
        while (frame := wire.receive_frame(sock)) is not None:
            node, flag, payload = frame
            if node != self.who.node:
                raise wire.WireError("foreign node number")
            if flag == "1":
                sock.sendall(self.desk.sign_on(payload)[0])
                continue
            reply = self.desk.business(payload)
            if reply.delay_s:
                self._stop.wait(reply.delay_s)
            if reply.data:
                sock.sendall(reply.data)
            if reply.close:
                return

    def _serve_notices(self, sock: socket.socket) -> None:
        listener: Listener | None = None
        try:
            while (frame := wire.receive_frame(sock)) is not None:
                listener = self._hear(sock, listener, *frame)
        finally:
            if listener:
                self.pusher.farewell(listener)

    def _hear(
        self, sock: socket.socket, listener: Listener | None, node: str, flag: str, payload: bytes
    ) -> Listener | None:
        if node != self.who.node:
            raise wire.WireError("foreign node number")
        if flag == "1":
            data, key = self.desk.sign_on(payload)
            sock.sendall(data)
            if key is None:
                raise wire.WireError("sign-on refused")
            listener = Listener(sock, key)
            self.pusher.welcome(listener)
            self._wake.set()
        elif listener is None:
            raise wire.WireError("not signed on")
        else:
            self.pusher.hear(listener, payload)
        return listener

    # -- background ----------------------------------------------------------------------------------------

    def _clockwork(self) -> None:
        while not self._stop.is_set():
            key = self.books.session_key
            self.bank.work()
            if self.books.session_key != key:
                self.pusher.shut_all()
            if not self._ports.is_open and not self.is_down and not self._stop.is_set():
                self._open_ports()
            self._wake.wait(max(0.01, min(self.bank.next_due() - time.time(), 0.5)))
            self._wake.clear()
            self._stop.wait(_GATHERED_S)

    def _push(self) -> None:
        while not self._stop.is_set():
            if not self.pusher.push_next():
                self._stop.wait(0.03)
