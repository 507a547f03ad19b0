"""Pushing SBDC100 账户变动通知推送: one notice at a time to the newest listener, until it is acknowledged."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sandbox.settlement_node import wire
from sandbox.settlement_node.books import Books
from sandbox.settlement_node.envelope import Envelopes
from sandbox.settlement_node.letters import Letters


@dataclass(eq=False)
class Listener:
    """A signed-on notice connection and the key it signed on with."""

    sock: socket.socket
    key: bytes
    writing: threading.Lock = field(default_factory=threading.Lock)
    answered: threading.Event = field(default_factory=threading.Event)
    awaited: str = ""
    telling: str = ""
    verdict: str = ""

    def send(self, node: str, text: bytes) -> None:
        with self.writing:
            wire.send_frame(self.sock, node, "0", wire.seal(self.key, text))

    def shut(self) -> None:
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Pusher:
    """Keeps the listeners and works through the queue in the store."""

    def __init__(self, books: Books, envelopes: Envelopes, ack_timeout_s: float, letters: Letters) -> None:
        self._letters = letters
        self._books, self._store, self._who = books, books.store, books.who
        self._envelopes, self._ack_timeout_s = envelopes, ack_timeout_s
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def welcome(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.append(listener)

    def farewell(self, listener: Listener) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
        listener.answered.set()

    def listening(self) -> int:
        return len(self._listeners)

    def shut_all(self) -> None:
        """Close every notice connection; the centre must sign on anew."""
        with self._lock:
            gone, self._listeners = self._listeners, []
        for listener in gone:
            listener.shut()
            listener.answered.set()

    def hear(self, listener: Listener, payload: bytes) -> None:
        """A frame from a listener: an acknowledgement or a probe."""
        head, _ = wire.read_message(wire.unseal(listener.key, payload))
        self._store.note(
            self._books.stamp(), "notice", "in", head.get("TxCode", ""), head.get("ReceiveSeqNo", ""), ""
        )
        if head.get("TxCode") == "SYS600":
            answer = self._envelopes.answer_head(head, "0", "00000", "")
            listener.send(self._who.settlement_node, wire.write_message(answer, {}))
        elif head.get("TxCode") == listener.telling and head.get("ReceiveSeqNo") == listener.awaited:
            listener.verdict = "acknowledged" if head.get("TxStatus") == "0" else "refused"
            listener.answered.set()

    def push_next(self) -> bool:
        """Push the notice due first; False when there is nothing to do or nobody to tell."""
        row = self._store.row(
            "SELECT n.id AS notice_id, n.deliveries, l.* FROM notices n JOIN lines l ON l.id = n.line_id"
            " WHERE n.state = 'queued' AND n.due_at <= ? ORDER BY n.due_at, n.id LIMIT 1",
            time.time(),
        )
        with self._lock:
            listener = self._listeners[-1] if self._listeners else None
        if listener is None:
            return False
        if row is not None:
            self._push(listener, row)
            return True
        return self._push_letter(listener)

    def _push_letter(self, listener: Listener) -> bool:
        """Another centre's word, on the same connection."""
        word = self._letters.next_push()
        if word is None:
            return False
        seq_no, code = f"91{word['id']:013d}", word["tx_code"]
        text = wire.write_message(self._head(seq_no, code), word["body"])
        self._letters.pushed(word["id"], self._told(listener, seq_no, code, word["number"], text))
        return True

    def _push(self, listener: Listener, row: dict[str, Any]) -> None:
        seq_no = f"90{row['notice_id']:013d}"
        self._store.run("UPDATE notices SET deliveries = deliveries + 1 WHERE id = ?", row["notice_id"])
        verdict = self._told(listener, seq_no, "SBDC100", row["ref_no"], self._text(seq_no, row))
        if verdict:
            self._store.run("UPDATE notices SET state = ? WHERE id = ?", verdict, row["notice_id"])

    def _told(self, listener: Listener, seq_no: str, code: str, note: str, text: bytes) -> str:
        """Tell, and wait for the word that it was taken; nothing when the listener is gone."""
        listener.awaited, listener.telling, listener.verdict = seq_no, code, ""
        listener.answered.clear()
        self._store.note(self._books.stamp(), "notice", "out", code, seq_no, note)
        try:
            listener.send(self._who.settlement_node, text)
        except OSError:
            self._lose(listener)
            return ""
        listener.answered.wait(self._ack_timeout_s)
        if not listener.verdict:
            self._lose(listener)
        return listener.verdict

    def _lose(self, listener: Listener) -> None:
        self.farewell(listener)
        listener.shut()

    def _text(self, seq_no: str, row: dict[str, Any]) -> bytes:
        name = f"BDC_BAL_NTF_{self._books.local():%Y%m%d_%H%M%S}.act"
        return wire.write_message(self._head(seq_no, "SBDC100"), {}, [(name, self._books.row_text(1, row))])

    def _head(self, seq_no: str, code: str) -> dict[str, str]:
        moment = self._books.local()
        return {
            "SendDate": f"{moment:%Y%m%d}",
            "SendTime": f"{moment:%H%M%S}",
            "SendSeqNo": seq_no,
            "SendNode": self._who.settlement_node,
            "TxCode": code,
            "ReceiveNode": self._who.node,
        }
