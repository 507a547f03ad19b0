"""Deductions 贷款扣款 (BDC105): taken from a member's card into the centre's account, and taken back when told to."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sandbox.settlement_node.bank import amount_of
from sandbox.settlement_node.books import Books
from sandbox.settlement_node.cards import Cards
from sandbox.settlement_node.checks import Refused, check_head, fen
from sandbox.settlement_node.credentials import Credentials
from sandbox.settlement_node.envelope import Answer, Envelopes, Fields, Reply
from sandbox.settlement_node.faults import Facts, Fault, Faults
from sandbox.settlement_node.records import failed_fate, open_fate, ordered_fate

CODE = "BDC105"
_YUAN = r"(0|[1-9]\d{0,12})\.\d\d"
_NEEDED = {
    "SettleType": r"[123]",
    "BusType": r"05",
    "DeAcctNo": r"\d{8,32}",
    "DeAcctName": r"\S.{0,59}",
    "DeAcctClass": r"1",
    "DeBankClass": r"[01]",
    "CapAmt": _YUAN,
    "IntAmt": _YUAN,
    "PenAmt": _YUAN,
    "FineAmt": _YUAN,
    "Amt": _YUAN,
    "CrAcctNo": r"\d{8,32}",
    "CrAcctName": r".{1,60}",
    "CrAcctClass": r"2",
    "RefAcctNo": r"[0-9A-Za-z]{1,30}",
    "RefSeqNo1": r"\d{15}",
    "Summary": r".{1,60}",
    "Remark": r".{1,60}",
}
_FATES = {"collected": "0", "taken_back": "0", "failed": "1", "void": "1"}
_SAME = (
    "amount_fen",
    "capital_fen",
    "interest_fen",
    "penalty_fen",
    "payer_account_no",
    "payer_name",
    "ref_no",
)
TOOK_BACK = "扣款冲正"


class Deductions:
    """Rules and records of deductions; knows nothing of sockets."""

    def __init__(self, books: Books, faults: Faults, delay_s: float, wake: Callable[[], None]) -> None:
        self.books, self.store, self._faults = books, books.store, faults
        self.cards = Cards(books.store)
        self.envelopes = Envelopes(books)
        self._delay_s, self._wake = delay_s, wake

    # -- at the counter ------------------------------------------------------------------------------------

    def handle(self, key: bytes, head: Fields, body: Fields) -> Reply | None:
        """The reply to a BDC105; None when the day's key was changed instead."""
        facts: Facts = {
            "case_no": body.get("RefSeqNo1"),
            "amount_fen": amount_of(body),
            "payer_account_no": body.get("DeAcctNo"),
        }
        gate = self._faults.take("gate", CODE, facts)
        if gate:
            self._attempt(head, body, "not processed", [gate.kind])
            if gate.kind == "wrong_session_key":
                self.books.change_key()
                return None
            return Reply(close=gate.kind == "drop_connection_before")
        answer, taken = self._take(head, body, facts)
        fault = self._faults.take("answer", CODE, facts)
        taken += [fault.kind] if fault else []
        self._attempt(head, body, answer.code, taken)
        silent = Fault("no_answer") if "late_record" in taken else fault
        return self.envelopes.sealed(key, head, answer, silent)

    def _take(self, head: Fields, body: Fields, facts: Facts) -> tuple[Answer, list[str]]:
        try:
            check_head(head, self.books.who)
            check_deduction(body, self.books.who)
            first = self.deduction(head["SendSeqNo"])
            asked = _content(head, body)
            if first and any(first[name] != asked[name] for name in _SAME):
                raise Refused("E2006", "流水号重复而内容不同")
            if not first and head["SendDate"] != f"{self.books.business_day:%Y%m%d}":
                raise Refused("E2007", "交易日期不是当前营业日")
        except Refused as refusal:
            return Answer(refusal.code, refusal.message, {"HostStatus": "1"}), []
        if first:
            return _result(first), ["repeated"]
        stages = {stage: self._faults.take(stage, CODE, facts) for stage in ("process", "notice", "later")}
        row = self._accept(asked, stages)
        return _result(row), [fault.kind for fault in stages.values() if fault]

    def _accept(self, asked: dict[str, Any], faults: dict[str, Fault | None]) -> dict[str, Any]:
        now = time.time()
        row = {
            **asked,
            "host_seq_no": self.books.new_host_seq_no("K"),
            "created_at": now,
            "visible_at": now,
            "pay_at": now + self._delay_s,
            "plan": json.dumps({stage: _plan(faults[stage]) for stage in ("notice", "later")}),
            **self._fate(faults["process"], asked, now),
        }
        self.store.insert("deductions", **row)
        self._wake()
        return row

    def _fate(self, process: Fault | None, asked: dict[str, Any], now: float) -> dict[str, Any]:
        if process and (ordered := ordered_fate(process.kind, process.params, now, ("B0100", "账户余额不足"))):
            return ordered
        no = self.cards.objection(asked["payer_account_no"], asked["payer_name"], asked["amount_fen"])
        return failed_fate("1", "1", *no) if no else open_fate("accepted", "0")

    def _attempt(self, head: Fields, body: Fields, outcome: str, faults: list[str]) -> None:
        self.store.insert(
            "attempts",
            at=self.books.stamp(),
            seq_no=head.get("SendSeqNo", ""),
            ref_no=body.get("RefSeqNo1", ""),
            amount_fen=amount_of(body),
            outcome=outcome,
            faults=",".join(faults),
        )

    def outcome(self, seq_no: str) -> dict[str, Any] | None:
        """What BDC110 may tell: `fate` beside the row; None for a number that is not a deduction's."""
        row = self.deduction(seq_no)
        return {**row, "fate": _FATES.get(row["state"], "2")} if row else None

    # -- behind it -----------------------------------------------------------------------------------------

    def deduction(self, seq_no: str) -> dict[str, Any] | None:
        return self.store.row("SELECT * FROM deductions WHERE seq_no = ?", seq_no)

    def work(self) -> None:
        """Do everything that has fallen due."""
        now = time.time()
        due = "SELECT seq_no FROM deductions WHERE state IN ('accepted', 'pending') AND pay_at <= ? ORDER BY pay_at"
        for row in self.store.rows(due, now):
            with self.store.tx():
                self._collect(row["seq_no"])
        back = "SELECT ref_no FROM deductions WHERE state = 'collected' AND return_at <= ?"
        for row in self.store.rows(back, now):
            self.take_back(row["ref_no"])

    def next_due(self) -> float | None:
        """When `work` has something to do next."""
        row = self.store.row(
            "SELECT MIN(at) AS at FROM (SELECT MIN(pay_at) AS at FROM deductions WHERE state IN ('accepted', 'pending')"
            " UNION ALL SELECT MIN(return_at) FROM deductions WHERE state = 'collected' AND return_at IS NOT NULL)"
        )
        return row["at"] if row else None

    def _collect(self, seq_no: str) -> None:
        row = self.deduction(seq_no)
        if row is None or row["state"] not in ("accepted", "pending"):
            return  # another thread was faster
        plan = json.loads(row["plan"])
        self.cards.move(row["payer_account_no"], -row["amount_fen"])
        cells = _cells(row, "collect", row["host_seq_no"], CODE, row["summary"], row["remark"])
        self.books.book(row["amount_fen"], plan["notice"], **cells)
        self.store.run(
            "UPDATE deductions SET state = 'collected', code = '00000', message = '', host_status = '0', visible_at = 0"
            " WHERE seq_no = ?",
            seq_no,
        )
        later = plan["later"]
        if later and "seconds" in later:
            at = time.time() + later["seconds"]
            self.store.run("UPDATE deductions SET return_at = ? WHERE seq_no = ?", at, seq_no)
        elif later:
            on = self.books.business_day + timedelta(days=later.get("days", 1))
            self.store.run("UPDATE deductions SET return_on = ? WHERE seq_no = ?", on.isoformat(), seq_no)

    def take_back(self, case_no: str) -> bool:
        """Put a collected sum back on its card 冲正: a debit of the centre's account on the day it happens."""
        with self.store.tx():
            row = self.store.row("SELECT * FROM deductions WHERE ref_no = ? AND state = 'collected'", case_no)
            if row is None:
                return False
            self.store.run("UPDATE deductions SET state = 'taken_back' WHERE seq_no = ?", row["seq_no"])
            self.cards.move(row["payer_account_no"], row["amount_fen"])
            host_seq_no = self.books.new_host_seq_no("Z")
            cells = _cells(row, "take_back", host_seq_no, "REVERSAL", TOOK_BACK, row["ref_no"])
            self.books.book(-row["amount_fen"], None, **cells)
        return True

    def close_day(self) -> None:
        """Cut-off: collect what was accepted, drop what was not."""
        for row in self.store.rows("SELECT seq_no FROM deductions WHERE state = 'accepted'"):
            self._collect(row["seq_no"])
        self.store.run(
            "UPDATE deductions SET state = 'void', visible_at = 0, host_status = '1', code = 'E4001',"
            " message = '日切未处理' WHERE state = 'pending'"
        )

    def open_day(self) -> None:
        """The next day has begun."""
        due = "SELECT ref_no FROM deductions WHERE state = 'collected' AND return_on <= ?"
        for row in self.store.rows(due, self.books.business_day.isoformat()):
            self.take_back(row["ref_no"])


def check_deduction(body: Fields, who: Credentials) -> None:
    """Strict: every field, the centre's own account, parts that make the whole."""
    for name, pattern in _NEEDED.items():
        if not re.fullmatch(pattern, body.get(name, ""), re.ASCII):
            raise Refused("E2002", f"字段 {name} 缺少或不符")
    if (body["CrAcctNo"], body["CrAcctName"]) != (who.pay_account_no, who.pay_account_name):
        raise Refused("E2003", "收方账号户名不符")
    parts = sum(fen(body[name]) for name in ("CapAmt", "IntAmt", "PenAmt", "FineAmt"))
    if fen(body["Amt"]) <= 0 or parts != fen(body["Amt"]):
        raise Refused("E2004", "本金利息罚息之和不等于总额")
    other_bank = body["DeBankClass"] == "1"
    if other_bank == (body["SettleType"] == "1"):
        raise Refused("E2005", "结算类型与付方行别不符")
    if other_bank and not re.fullmatch(r"[0-9]{12}", body.get("DeChgNo", "")):
        raise Refused("E2005", "跨行缺少联行号")


def _content(head: Fields, body: Fields) -> dict[str, Any]:
    return {
        "seq_no": head["SendSeqNo"],
        "ref_no": body["RefSeqNo1"],
        "tx_date": head["SendDate"],
        "amount_fen": fen(body["Amt"]),
        "capital_fen": fen(body["CapAmt"]),
        "interest_fen": fen(body["IntAmt"]),
        "penalty_fen": fen(body["PenAmt"]),
        "payer_account_no": body["DeAcctNo"],
        "payer_name": body["DeAcctName"],
        "payer_interbank_no": body.get("DeChgNo", ""),
        "loan_no": body["RefAcctNo"],
        "summary": body["Summary"],
        "remark": body["Remark"],
    }


def _cells(
    row: dict[str, Any], kind: str, host_seq_no: str, tx_code: str, summary: str, remark: str
) -> dict[str, str]:
    return {
        "kind": kind,
        "host_seq_no": host_seq_no,
        "tx_code": tx_code,
        "summary": summary,
        "remark": remark,
        "counter_account_no": row["payer_account_no"],
        "counter_name": row["payer_name"],
        "counter_bank_no": row["payer_interbank_no"],
        "ref_no": row["ref_no"],
    }


def _result(row: dict[str, Any]) -> Answer:
    seq_no = row["host_seq_no"] if row["state"] not in ("failed", "void") else ""
    body = {
        "HostStatus": row["host_status"],
        "CapHostSeqNo": seq_no,
        "IntHostSeqNo": seq_no if row["interest_fen"] else "",
        "PenHostSeqNo": seq_no if row["penalty_fen"] else "",
        "FineHostSeqNo": "",
    }
    return Answer(row["code"], row["message"], body, tx_status=row["tx_status"])


def _plan(fault: Fault | None) -> dict[str, Any] | None:
    return {"kind": fault.kind, **fault.params} if fault else None
