"""The counter 业务受理: one request frame in, one reply out, with the ordered faults on the way."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.settlement_node import wire
from sandbox.settlement_node.bank import Bank, same_content, yuan
from sandbox.settlement_node.checks import Refused, check_head, check_moment, check_payment, fen
from sandbox.settlement_node.credentials import Credentials
from sandbox.settlement_node.faults import Fault, Faults

Fields = dict[str, str]
OK = "00000"
STATEMENT_FILE_LINES = 1000


@dataclass(frozen=True)
class Reply:
    """What to write, after how long, and whether the connection stays."""

    data: bytes = b""
    delay_s: float = 0.0
    close: bool = False


@dataclass(frozen=True)
class Answer:
    """An answer before it is sealed."""

    code: str = OK
    message: str = ""
    body: Fields | None = None
    files: list[tuple[str, str]] | None = None


class Desk:
    """Understands sign-on and every business message; holds no connection."""

    def __init__(self, bank: Bank, faults: Faults, who: Credentials) -> None:
        self.bank, self.faults, self.who = bank, faults, who
        self._handlers: dict[str, Callable[[Fields, Fields], Answer]] = {
            "SYS600": lambda head, body: Answer(),
            "BDC002": self._sign_off,
            "BDC110": self._outcome,
            "BDC113": self._statement,
            "BDC123": self._balance,
        }

    # -- sign-on -------------------------------------------------------------------------------------------

    def sign_on(self, payload: bytes) -> tuple[bytes, bytes | None]:
        """The clear reply to a clear frame, and the key the peer now holds, if it is signed on."""
        try:
            head, body = wire.read_message(payload)
        except wire.WireError as fault:
            self._note("in", "", "", f"unreadable sign-on: {fault}")
            return self._clear({}, Answer("E1002", "签到报文不符")), None
        self._note("in", head.get("TxCode", ""), head.get("SendSeqNo", ""), "clear")
        try:
            if head.get("TxCode") != "BDC001":
                raise Refused("E1002", "未加密报文只能签到")
            check_head(head, self.who)
            self._check_password(body.get("Password", ""))
        except Refused as refusal:
            return self._clear(head, Answer(refusal.code, refusal.message)), None
        key = self.bank.session_key
        return self._clear(head, Answer(body={"SessionKey": wire.wrap_key(self.who.sign_on_key, key)})), key

    def _check_password(self, given: str) -> None:
        try:
            plain = wire.unseal(self.who.sign_on_key, bytes.fromhex(given))
        except (ValueError, wire.WireError):
            plain = b""
        if not hmac.compare_digest(plain, self.who.password.encode()):
            raise Refused("E1003", "签到密码不符")

    def _clear(self, head: Fields, answer: Answer) -> bytes:
        return wire.frame_bytes(self.who.settlement_node, "1", self._text(head, answer))

    # -- business ------------------------------------------------------------------------------------------

    def business(self, payload: bytes) -> Reply:
        """The reply to an encrypted frame."""
        key = self.bank.session_key
        try:
            head, body = wire.read_message(wire.unseal(key, payload))
        except wire.WireError as fault:
            self._note("in", "", "", f"not readable under the session key: {fault}")
            return self._expired()
        self._note("in", head.get("TxCode", ""), head.get("SendSeqNo", ""), body.get("RefSeqNo1", ""))
        if head.get("TxCode") == "BDC101":
            return self._pay(key, head, body)
        return self._other(key, head, body)

    def _expired(self) -> Reply:
        return Reply(self._clear({"TxCode": "BDC001"}, Answer("E1001", "会话密钥失效，请重新签到")))

    def _other(self, key: bytes, head: Fields, body: Fields) -> Reply:
        code = head.get("TxCode", "")
        gate = self.faults.take("gate", code, {"case_no": body.get("TxSeqNo")})
        if gate:
            return self._at_gate(gate)
        answer_fault = self.faults.take("answer", code, {"case_no": body.get("TxSeqNo")})
        return self._sealed(key, head, self._handled(head, body, answer_fault), answer_fault)

    def _handled(self, head: Fields, body: Fields, fault: Fault | None) -> Answer:
        handler = self._handlers.get(head.get("TxCode", ""))
        if handler is None:
            return Answer("E2000", "交易码不支持")
        try:
            check_head(head, self.who)
            answer = handler(head, body)
        except Refused as refusal:
            return Answer(refusal.code, refusal.message)
        if fault and fault.kind == "truncated_statement" and answer.files:
            name, text = answer.files[-1]
            short = text.split("\n")[:-1]
            return Answer(body=answer.body, files=[*answer.files[:-1], (name, "\n".join(short))])
        return answer

    def _pay(self, key: bytes, head: Fields, body: Fields) -> Reply:
        amount = body.get("Amt", "")
        facts: dict[str, Any] = {
            "case_no": body.get("RefSeqNo1"),
            "amount_fen": fen(amount) if amount.replace(".", "").isdecimal() else None,
            "payee_account_no": body.get("CrAcctNo"),
        }
        with self.bank.store.tx():
            gate = self.faults.take("gate", "BDC101", facts)
            if gate:
                self.bank.attempt(head, body, "not processed", [gate.kind])
                return self._at_gate(gate)
            answer, taken = self._book(head, body, facts)
            answer_fault = self.faults.take("answer", "BDC101", facts)
            if any(fault.kind == "late_record" for fault in taken):
                answer_fault = Fault("no_answer")
            taken = [*taken, answer_fault] if answer_fault else taken
            self.bank.attempt(head, body, answer.code, [fault.kind for fault in taken])
        return self._sealed(key, head, answer, answer_fault)

    def _book(self, head: Fields, body: Fields, facts: dict[str, Any]) -> tuple[Answer, list[Fault]]:
        try:
            check_head(head, self.who)
            check_payment(body, self.who)
            first = self.bank.payment(head["SendSeqNo"])
            if first and not same_content(first, head, body):
                raise Refused("E2006", "流水号重复而内容不同")
        except Refused as refusal:
            return Answer(refusal.code, refusal.message, {"HostStatus": "1"}), []
        if first:
            return self._first_result(first), []
        process, notice, later = (
            self.faults.take(stage, "BDC101", facts) for stage in ("process", "notice", "later")
        )
        row = self.bank.accept(head, body, process, notice, later)
        answer = self._first_result(row)
        return answer, [fault for fault in (process, notice, later) if fault]

    def _first_result(self, row: dict[str, str]) -> Answer:
        seq_no = row["host_seq_no"] if row["state"] not in ("failed", "void") else ""
        interest = seq_no if int(row["interest_fen"]) else ""
        body = {"HostStatus": row["host_status"], "CapHostSeqNo": seq_no, "IntHostSeqNo": interest}
        return Answer(row["code"], row["message"], body | {"_TxStatus": row["tx_status"]})

    def _at_gate(self, fault: Fault) -> Reply:
        if fault.kind == "wrong_session_key":
            self.bank.change_key()
            return self._expired()
        return Reply(close=fault.kind == "drop_connection_before")

    # -- questions -----------------------------------------------------------------------------------------

    def _sign_off(self, head: Fields, body: Fields) -> Answer:
        self.bank.change_key()
        return Answer()

    def _outcome(self, head: Fields, body: Fields) -> Answer:
        check_moment(body.get("TxDate", ""))
        row = self.bank.payment(body.get("TxSeqNo", ""))
        if row is None or row["tx_date"] != body["TxDate"] or row["visible_at"] > time.time():
            return Answer("NOREC", "查无此交易")
        fate = {"paid": "0", "returned": "0", "failed": "1", "void": "1"}.get(row["state"], "2")
        seq_no = row["host_seq_no"] if fate == "0" else ""
        return Answer(OK, row["message"], {"OldTxStatus": fate, "HostSeqNo": seq_no, "OldBatchNo": ""})

    def _statement(self, head: Fields, body: Fields) -> Answer:
        first, last = body.get("StartDate", ""), body.get("EndDate", "")
        check_moment(first)
        check_moment(last)
        self._check_account(body)
        rows = [
            self.bank.row_text(number, line)
            for number, line in enumerate(self.bank.lines(_iso(first), _iso(last)), start=1)
        ]
        files = [
            (
                f"BDC_ACCT_DTL_{first}_{start // STATEMENT_FILE_LINES:04d}.act",
                "\n".join(rows[start : start + STATEMENT_FILE_LINES]),
            )
            for start in range(0, len(rows), STATEMENT_FILE_LINES)
        ]
        return Answer(body={"TotalNum": str(len(rows))}, files=files)

    def _balance(self, head: Fields, body: Fields) -> Answer:
        self._check_account(body)
        balance = yuan(self.bank.store.get("balance_fen"))
        cells = {"AcctBal": balance, "AcctRestBal": balance, "AcctOverBal": "0.00", "AcctStatus": "0"}
        return Answer(body=cells)

    def _check_account(self, body: Fields) -> None:
        if body.get("AcctNo") != self.who.pay_account_no:
            raise Refused("E2003", "账号不符")

    # -- answers -------------------------------------------------------------------------------------------

    def _sealed(self, key: bytes, head: Fields, answer: Answer, fault: Fault | None) -> Reply:
        text = self._text(head, answer)
        data = wire.frame_bytes(self.who.settlement_node, "0", wire.seal(key, text))
        self._note(
            "out", head.get("TxCode", ""), head.get("SendSeqNo", ""), fault.kind if fault else answer.code
        )
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
        return noise if form == "head" else wire.frame_bytes(self.who.settlement_node, "0", noise)

    def _text(self, head: Fields, answer: Answer) -> bytes:
        body = dict(answer.body or {})
        tx_status = body.pop("_TxStatus", "0" if answer.code == OK else "1")
        return wire.write_message(
            self.answer_head(head, tx_status, answer.code, answer.message), body, answer.files
        )

    def answer_head(self, head: Fields, tx_status: str, code: str, message: str) -> Fields:
        """CenterHeadOut: our date and number, and the number we answer to."""
        moment = self.bank.local()
        number = f"{self.bank.store.count('answer_seq'):015d}"
        return {
            "TxStatus": tx_status,
            "RtnCode": code,
            "RtnMessage": message,
            "ReceiveDate": head.get("SendDate", ""),
            "ReceiveTime": head.get("SendTime", ""),
            "ReceiveSeqNo": head.get("SendSeqNo", ""),
            "ReceiveNode": self.who.node,
            "TxCode": head.get("TxCode", ""),
            "BDCDate": f"{self.bank.business_day:%Y%m%d}",
            "BDCTime": f"{moment:%H%M%S}",
            "BDCSeqNo": number,
            "SendNode": self.who.settlement_node,
        }

    def _note(self, direction: str, tx_code: str, seq_no: str, note: str) -> None:
        at = self.bank.local().isoformat(timespec="milliseconds")
        self.bank.store.note(at, "business", direction, tx_code, seq_no, note)


def _iso(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"
