"""The counter 业务受理: one request frame in, one reply out, with the ordered faults on the way."""

from __future__ import annotations

import hmac

from sandbox.settlement_node import wire
from sandbox.settlement_node.bank import Bank, amount_of
from sandbox.settlement_node.checks import Refused, check_head, check_payment
from sandbox.settlement_node.deductions import CODE as DEDUCTION
from sandbox.settlement_node.deductions import Deductions
from sandbox.settlement_node.envelope import Answer, Envelopes, Fields, Reply
from sandbox.settlement_node.faults import Facts, Fault, Faults
from sandbox.settlement_node.letters import Letters
from sandbox.settlement_node.questions import Questions
from sandbox.settlement_node.records import same_content


class Desk:
    """Understands sign-on and every business message; holds no connection."""

    def __init__(self, bank: Bank, faults: Faults, deductions: Deductions, letters: Letters) -> None:
        self._bank, self._books, self._faults = bank, bank.books, faults
        self._deductions = deductions
        self._questions, self.envelopes = Questions(bank, deductions.outcome), Envelopes(bank.books)
        self._questions.also(letters.handlers())

    def sign_on(self, payload: bytes) -> tuple[bytes, bytes | None]:
        """The clear reply to a clear frame, and the key the peer now holds, if it is signed on."""
        head: Fields = {}
        try:
            head, body = wire.read_message(payload)
            self._note(head, "clear")
            self._check_sign_on(head, body)
        except wire.WireError as fault:
            self._note(head, f"unreadable sign-on: {fault}")
            return self.envelopes.clear(head, Answer("E1002", "签到报文不符")), None
        except Refused as refusal:
            return self.envelopes.clear(head, Answer(refusal.code, refusal.message)), None
        key = self._books.session_key
        wrapped = wire.wrap_key(self._books.who.sign_on_key, key)
        return self.envelopes.clear(head, Answer(body={"SessionKey": wrapped})), key

    def _check_sign_on(self, head: Fields, body: Fields) -> None:
        if head.get("TxCode") != "BDC001":
            raise Refused("E1002", "未加密报文只能签到")
        check_head(head, self._books.who)
        try:
            plain = wire.unseal(self._books.who.sign_on_key, bytes.fromhex(body.get("Password", "")))
        except (ValueError, wire.WireError):
            plain = b""
        if not hmac.compare_digest(plain, self._books.who.password.encode()):
            raise Refused("E1003", "签到密码不符")

    def business(self, payload: bytes) -> Reply:
        """The reply to an encrypted frame."""
        self._bank.roll()
        key = self._books.session_key
        try:
            head, body = wire.read_message(wire.unseal(key, payload))
        except wire.WireError as fault:
            self._note({}, f"not readable under the session key: {fault}")
            return self._expired()
        self._note(head, body.get("RefSeqNo1", ""))
        with self._bank.store.tx():
            if head.get("TxCode") == DEDUCTION:
                return self._deductions.handle(key, head, body) or self._expired()
            handle = self._pay if head.get("TxCode") == "BDC101" else self._ask
            return handle(key, head, body)

    def _expired(self) -> Reply:
        answer = Answer("E1001", "会话密钥失效，请重新签到")
        return Reply(self.envelopes.clear({"TxCode": "BDC001"}, answer))

    def _ask(self, key: bytes, head: Fields, body: Fields) -> Reply:
        code, facts = head.get("TxCode", ""), {"case_no": body.get("TxSeqNo")}
        gate = self._faults.take("gate", code, facts)
        if gate:
            return self._at_gate(gate)
        fault = self._faults.take("answer", code, facts)
        return self.envelopes.sealed(key, head, self._questions.answer(head, body, fault), fault)

    def _pay(self, key: bytes, head: Fields, body: Fields) -> Reply:
        facts: Facts = {
            "case_no": body.get("RefSeqNo1"),
            "amount_fen": amount_of(body),
            "payee_account_no": body.get("CrAcctNo"),
        }
        gate = self._faults.take("gate", "BDC101", facts)
        if gate:
            self._bank.attempt(head, body, "not processed", [gate.kind])
            return self._at_gate(gate)
        answer, taken = self._book(head, body, facts)
        fault = self._faults.take("answer", "BDC101", facts)
        taken += [fault.kind] if fault else []
        self._bank.attempt(head, body, answer.code, taken)
        return self.envelopes.sealed(
            key, head, answer, Fault("no_answer") if "late_record" in taken else fault
        )

    def _book(self, head: Fields, body: Fields, facts: Facts) -> tuple[Answer, list[str]]:
        try:
            check_head(head, self._books.who)
            check_payment(body, self._books.who)
            first = self._bank.payment(head["SendSeqNo"])
            if first and not same_content(first, head, body):
                raise Refused("E2006", "流水号重复而内容不同")
            if not first and head["SendDate"] != f"{self._books.business_day:%Y%m%d}":
                # What makes a closed day's statement final: nothing dated on it is taken any more.
                raise Refused("E2007", "交易日期不是当前营业日")
        except Refused as refusal:
            return Answer(refusal.code, refusal.message, {"HostStatus": "1"}), []
        if first:
            return _result(first), ["repeated"]
        stages = {
            stage: self._faults.take(stage, "BDC101", facts) for stage in ("process", "notice", "later")
        }
        row = self._bank.accept(head, body, stages)
        return _result(row), [fault.kind for fault in stages.values() if fault]

    def _at_gate(self, fault: Fault) -> Reply:
        if fault.kind == "wrong_session_key":
            self._books.change_key()
            return self._expired()
        return Reply(close=fault.kind == "drop_connection_before")

    def _note(self, head: Fields, note: str) -> None:
        self._bank.store.note(
            self._books.stamp(), "business", "in", head.get("TxCode", ""), head.get("SendSeqNo", ""), note
        )


def _result(row: Fields) -> Answer:
    """The answer to a BDC101, the first time and every time the same number comes again."""
    seq_no = row["host_seq_no"] if row["state"] not in ("failed", "void") else ""
    interest = seq_no if int(row["interest_fen"]) else ""
    body = {"HostStatus": row["host_status"], "CapHostSeqNo": seq_no, "IntHostSeqNo": interest}
    return Answer(row["code"], row["message"], body, tx_status=row["tx_status"])
