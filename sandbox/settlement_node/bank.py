"""What the bank does with payments 付款处理: takes them on, books them in time, cuts off, gives them back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sandbox.settlement_node.books import Books
from sandbox.settlement_node.checks import fen
from sandbox.settlement_node.faults import Fault
from sandbox.settlement_node.records import (
    Fields,
    content,
    debit_cells,
    failed_fate,
    open_fate,
    ordered_fate,
    return_cells,
)

WRONG_ACCOUNT = "收款账户不符"


class AlsoWorks(Protocol):
    """Business of the bank that has its own book but the same days."""

    def work(self) -> None: ...
    def next_due(self) -> float | None: ...
    def close_day(self) -> None: ...
    def open_day(self) -> None: ...


class Bank:
    """All rules about payments; knows nothing of sockets."""

    def __init__(self, books: Books, pay_delay_s: float, wake: Callable[[], None]) -> None:
        self.books, self.store = books, books.store
        self._pay_delay_s, self._wake = pay_delay_s, wake
        self.also: list[AlsoWorks] = []

    def payment(self, seq_no: str) -> dict[str, Any] | None:
        return self.store.row("SELECT * FROM payments WHERE seq_no = ?", seq_no)

    def accept(self, head: Fields, body: Fields, faults: dict[str, Fault | None]) -> dict[str, Any]:
        """Record a new payment and decide what becomes of it."""
        created_at = time.time()
        row = {
            **content(head, body),
            "host_seq_no": self.books.new_host_seq_no("H"),
            "created_at": created_at,
            "visible_at": created_at,
            "pay_at": created_at + self._pay_delay_s,
            "plan": json.dumps({stage: _plan(faults[stage]) for stage in ("notice", "later")}),
            **self._fate(faults["process"], fen(body["Amt"]), created_at),
        }
        self.store.insert("payments", **row)
        self._wake()
        return row

    def _fate(self, process: Fault | None, amount_fen: int, created_at: float) -> dict[str, Any]:
        if process and (ordered := ordered_fate(process.kind, process.params, created_at, ("B0051", "账户状态异常"))):
            return ordered
        if self._committed_fen() + amount_fen > self.books.balance_fen:
            return failed_fate("1", "1", "B0100", "付款账户余额不足")
        return open_fate("accepted", "0")

    def _committed_fen(self) -> int:
        row = self.store.row(
            "SELECT COALESCE(SUM(amount_fen), 0) AS fen FROM payments WHERE state IN ('accepted', 'pending')"
        )
        return row["fen"] if row else 0

    def attempt(self, head: Fields, body: Fields, outcome: str, faults: list[str]) -> None:
        """Remember that a BDC101 came in, whatever became of it."""
        self.store.insert(
            "attempts",
            at=self.books.stamp(),
            seq_no=head.get("SendSeqNo", ""),
            ref_no=body.get("RefSeqNo1", ""),
            amount_fen=amount_of(body),
            outcome=outcome,
            faults=",".join(faults),
        )

    def work(self) -> None:
        """Do everything that has fallen due."""
        self.roll()
        moment = time.time()
        due = "SELECT * FROM payments WHERE state IN ('accepted', 'pending') AND pay_at <= ? ORDER BY pay_at"
        for row in self.store.rows(due, moment):
            with self.store.tx():
                self._debit(row["seq_no"])
        for row in self.store.rows("SELECT * FROM payments WHERE state = 'paid' AND return_at <= ?", moment):
            self.give_back(row["ref_no"], WRONG_ACCOUNT)
        for other in self.also:
            other.work()

    def next_due(self) -> float:
        """When `work` has something to do next, as time.time(); at most a second away."""
        row = self.store.row(
            "SELECT MIN(at) AS at FROM (SELECT MIN(pay_at) AS at FROM payments WHERE state IN ('accepted', 'pending')"
            " UNION ALL SELECT MIN(return_at) FROM payments WHERE state = 'paid' AND return_at IS NOT NULL)"
        )
        latest = min(
            [time.time() + 1.0, *(at for other in self.also if (at := other.next_due()) is not None)]
        )
        return min(latest, row["at"]) if row and row["at"] is not None else latest

    def _debit(self, seq_no: str) -> None:
        payment = self.payment(seq_no)
        if payment is None or payment["state"] not in ("accepted", "pending"):
            return  # another thread was faster
        plan = json.loads(payment["plan"])
        self.books.book(-payment["amount_fen"], plan["notice"], **debit_cells(payment))
        self.store.run(
            "UPDATE payments SET state = 'paid', code = '00000', message = '', host_status = '0', visible_at = 0"
            " WHERE seq_no = ?",
            seq_no,
        )
        if plan["later"]:
            self._plan_return(seq_no, plan["later"])

    def _plan_return(self, seq_no: str, later: dict[str, Any]) -> None:
        if "seconds" in later:
            at = time.time() + later["seconds"]
            self.store.run("UPDATE payments SET return_at = ? WHERE seq_no = ?", at, seq_no)
        else:
            on = self.books.business_day + timedelta(days=later.get("days", 1))
            self.store.run("UPDATE payments SET return_on = ? WHERE seq_no = ?", on.isoformat(), seq_no)

    def give_back(self, case_no: str, reason: str) -> bool:
        """Return 退汇 a paid payment: a credit on the day it happens."""
        with self.store.tx():
            row = self.store.row("SELECT * FROM payments WHERE ref_no = ? AND state = 'paid'", case_no)
            if row is None:
                return False
            self.store.run("UPDATE payments SET state = 'returned' WHERE seq_no = ?", row["seq_no"])
            cells = return_cells(row, self.books.new_host_seq_no("R"), reason)
            self.books.book(row["amount_fen"], None, **cells)
        return True

    def close_day(self) -> date:
        """Cut-off 日切: book what was accepted, drop what was not, open the next day under a new key."""
        with self.store.tx():
            closed = self.books.business_day
            for row in self.store.rows("SELECT seq_no FROM payments WHERE state = 'accepted'"):
                self._debit(row["seq_no"])
            self.store.run(
                "UPDATE payments SET state = 'void', visible_at = 0, host_status = '1', code = 'E4001',"
                " message = '日切未处理' WHERE state = 'pending'"
            )
            for other in self.also:
                other.close_day()
            self.books.open_next_day()
            for other in self.also:
                other.open_day()
            due = "SELECT ref_no FROM payments WHERE state = 'paid' AND return_on <= ?"
            for row in self.store.rows(due, self.books.business_day.isoformat()):
                self.give_back(row["ref_no"], WRONG_ACCOUNT)
        return closed

    def roll(self) -> None:
        """Close every day the clock has passed."""
        moment = self.books.local()
        while self.books.business_day < moment.date() or self._past_cutoff(moment):
            self.close_day()

    def _past_cutoff(self, moment: datetime) -> bool:
        cutoff = self.store.get("cutoff_time")
        return cutoff is not None and self.books.business_day == moment.date() and f"{moment:%H:%M}" >= cutoff


def amount_of(body: Fields) -> int | None:
    """The amount of an unchecked body, if it can be read."""
    text = body.get("Amt", "")
    return fen(text) if text.isascii() and text.replace(".", "").isdecimal() else None


def _plan(fault: Fault | None) -> dict[str, Any] | None:
    return {"kind": fault.kind, **fault.params} if fault else None
