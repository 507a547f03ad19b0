"""Questions 查询: outcome of a payment, statement, balance, sign-off and probe."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sandbox.settlement_node.bank import Bank
from sandbox.settlement_node.books import yuan
from sandbox.settlement_node.checks import Refused, check_head, check_moment
from sandbox.settlement_node.envelope import OK, Answer, Fields
from sandbox.settlement_node.faults import Fault
from sandbox.settlement_node.spoiling import spoil

FILE_LINES = 1000
_FATES = {"paid": "0", "returned": "0", "failed": "1", "void": "1"}


class Questions:
    """Answers every message that moves no money."""

    def __init__(self, bank: Bank, deduction: Callable[[str], dict[str, Any] | None]) -> None:
        self._bank, self._books, self._deduction = bank, bank.books, deduction
        self._handlers = {
            "SYS600": lambda body: Answer(),
            "BDC002": self._sign_off,
            "BDC110": self._outcome,
            "BDC113": self._statement,
            "BDC123": self._balance,
        }

    def also(self, handlers: dict[str, Callable[[Fields], Answer]]) -> None:
        """Messages that somebody else answers."""
        self._handlers |= handlers

    def answer(self, head: Fields, body: Fields, fault: Fault | None) -> Answer:
        handler = self._handlers.get(head.get("TxCode", ""))
        if handler is None:
            return Answer("E2000", "交易码不支持")
        try:
            check_head(head, self._books.who)
            answer = handler(body)
        except Refused as refusal:
            return Answer(refusal.code, refusal.message)
        return spoil(answer, fault.kind, fault.params) if fault else answer

    def _sign_off(self, body: Fields) -> Answer:
        self._books.change_key()
        return Answer()

    def _outcome(self, body: Fields) -> Answer:
        check_moment(body.get("TxDate", ""))
        number = body.get("TxSeqNo", "")
        row = self._bank.payment(number) or self._deduction(number)
        if row is None or row["tx_date"] != body["TxDate"] or row["visible_at"] > time.time():
            return Answer("NOREC", "查无此交易")
        fate = row.get("fate") or _FATES.get(row["state"], "2")
        seq_no = row["host_seq_no"] if fate == "0" else ""
        return Answer(OK, row["message"], {"OldTxStatus": fate, "HostSeqNo": seq_no, "OldBatchNo": ""})

    def _statement(self, body: Fields) -> Answer:
        first, last = body.get("StartDate", ""), body.get("EndDate", "")
        check_moment(first)
        check_moment(last)
        self._check_account(body)
        lines = self._books.lines(_iso(first), _iso(last))
        rows = [self._books.row_text(number, line) for number, line in enumerate(lines, start=1)]
        files = [
            (
                f"BDC_ACCT_DTL_{first}_{start // FILE_LINES:04d}.act",
                "\n".join(rows[start : start + FILE_LINES]),
            )
            for start in range(0, len(rows), FILE_LINES)
        ]
        return Answer(body={"TotalNum": str(len(rows))}, files=files)

    def _balance(self, body: Fields) -> Answer:
        self._check_account(body)
        balance = yuan(self._books.balance_fen)
        return Answer(
            body={"AcctBal": balance, "AcctRestBal": balance, "AcctOverBal": "0.00", "AcctStatus": "0"}
        )

    def _check_account(self, body: Fields) -> None:
        if body.get("AcctNo") != self._books.who.pay_account_no:
            raise Refused("E2003", "账号不符")


def _iso(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"
