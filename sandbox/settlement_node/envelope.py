"""Answers 应答: their head, their sealing, and the ways a fault spoils them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sandbox.settlement_node import wire
from sandbox.settlement_node.books import Books
from sandbox.settlement_node.faults import Fault

Fields = dict[str, str]
OK = "00000"


@dataclass(frozen=True)
class Reply:
    """What to write, after how long, and whether the connection is then closed."""

    data: bytes = b""
    delay_s: float = 0.0
    close: bool = False


@dataclass(frozen=True)
class Answer:
    """An answer before it is sealed; `tx_status` follows the code unless it is given."""

    code: str = OK
    message: str = ""
    body: Fields | None = None
    files: list[tuple[str, str]] | None = None
    tx_status: str = ""


class Envelopes:
    """Writes the node's answers."""

    def __init__(self, books: Books) -> None:
        self._books, self._who = books, books.who

    def clear(self, head: Fields, answer: Answer) -> bytes:
        return wire.frame_bytes(self._who.settlement_node, "1", self._text(head, answer))

    def sealed(self, key: bytes, head: Fields, answer: Answer, fault: Fault | None) -> Reply:
        text = self._text(head, answer)
        data = wire.frame_bytes(self._who.settlement_node, "0", wire.seal(key, text))
        return self._spoilt(data, fault) if fault else Reply(data)

    def _spoilt(self, data: bytes, fault: Fault) -> Reply:
        match fault.kind:
            case "no_answer":
                return Reply()
            case "slow_answer":
                return Reply(data, delay_s=fault.params.get("seconds", 2.0))
            case "drop_connection_after":
                return Reply(close=True)
            case "half_frame":
                return Reply(data[: len(data) // 2], close=True)
            case "garbage_answer":
                return Reply(self._garbage(fault.params.get("form", "payload")), close=True)
        return Reply(data)

    def _garbage(self, form: str) -> bytes:
        noise = secrets.token_bytes(96)
        return noise if form == "head" else wire.frame_bytes(self._who.settlement_node, "0", noise)

    def _text(self, head: Fields, answer: Answer) -> bytes:
        tx_status = answer.tx_status or ("0" if answer.code == OK else "1")
        answer_head = self.answer_head(head, tx_status, answer.code, answer.message)
        return wire.write_message(answer_head, answer.body or {}, answer.files)

    def answer_head(self, head: Fields, tx_status: str, code: str, message: str) -> Fields:
        """CenterHeadOut: our date and number, and the number we answer to."""
        return {
            "TxStatus": tx_status,
            "RtnCode": code,
            "RtnMessage": message,
            "ReceiveDate": head.get("SendDate", ""),
            "ReceiveTime": head.get("SendTime", ""),
            "ReceiveSeqNo": head.get("SendSeqNo", ""),
            "ReceiveNode": self._who.node,
            "TxCode": head.get("TxCode", ""),
            "BDCDate": f"{self._books.business_day:%Y%m%d}",
            "BDCTime": f"{self._books.local():%H%M%S}",
            "BDCSeqNo": f"{self._books.store.count('answer_seq'):015d}",
            "SendNode": self._who.settlement_node,
        }
