"""The bank's books 银行账务: payments, account lines, notices to send, and the business day."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from sandbox.settlement_node.checks import fen
from sandbox.settlement_node.credentials import Credentials
from sandbox.settlement_node.faults import Fault
from sandbox.settlement_node.store import Store

SHANGHAI = timezone(timedelta(hours=8))
OPENING_BALANCE_FEN = 5_000_000_000_000
SAME_CONTENT = ("amount_fen", "capital_fen", "interest_fen", "payee_account_no", "payee_name", "ref_no")


class Bank:
    """All money rules of the node; knows nothing of sockets."""

    def __init__(
        self,
        store: Store,
        who: Credentials,
        now: Callable[[], datetime],
        pay_delay_s: float,
        wake: Callable[[], None],
    ) -> None:
        self.store, self.who = store, who
        self._now, self._pay_delay_s, self._wake = now, pay_delay_s, wake
        with store.tx():
            if store.get("business_day") is None:
                store.put("business_day", self.local().date().isoformat())
                store.put("balance_fen", OPENING_BALANCE_FEN)
                self.change_key()

    # -- day and key ---------------------------------------------------------------------------------------

    def local(self) -> datetime:
        """The moment in Shanghai, by the sandbox's clock."""
        return self._now().astimezone(SHANGHAI)

    @property
    def business_day(self) -> date:
        return date.fromisoformat(self.store.get("business_day"))

    @property
    def session_key(self) -> bytes:
        return bytes.fromhex(self.store.get("session_key"))

    def change_key(self) -> None:
        self.store.put("session_key", secrets.token_hex(16))

    def close_day(self) -> date:
        """Cut-off 日切: book what was accepted, drop what was not, open the next day under a new key."""
        with self.store.tx():
            closed = self.business_day
            for row in self.store.rows("SELECT * FROM payments WHERE state = 'accepted'"):
                self._debit(row)
            self.store.run(
                "UPDATE payments SET state = 'void', visible_at = 0, host_status = '1', code = 'E4001', message = '日切未处理'"
                " WHERE state = 'pending'"
            )
            self.store.put("business_day", (closed + timedelta(days=1)).isoformat())
            self.change_key()
            self._return_on(closed + timedelta(days=1))
        self._wake()
        return closed

    def roll(self) -> bool:
        """Close every day that the clock has passed (or that is past its set cut-off time)."""
        moment, closed = self.local(), False
        while self.business_day < moment.date() or self._past_cutoff(moment):
            self.close_day()
            closed = True
        return closed

    def _past_cutoff(self, moment: datetime) -> bool:
        cutoff = self.store.get("cutoff_time")
        return cutoff is not None and self.business_day == moment.date() and f"{moment:%H:%M}" >= cutoff

    # -- payments ------------------------------------------------------------------------------------------

    def payment(self, seq_no: str) -> dict[str, Any] | None:
        return self.store.row("SELECT * FROM payments WHERE seq_no = ?", seq_no)

    def accept(
        self,
        head: dict[str, str],
        body: dict[str, str],
        process: Fault | None,
        notice: Fault | None,
        later: Fault | None,
    ) -> dict[str, Any]:
        """Record a new payment and decide what becomes of it."""
        with self.store.tx():
            created_at = time.time()
            row = {
                **_content(head, body),
                "host_seq_no": f"H{self.business_day:%y%m%d}{self.store.count('host_seq'):08d}",
                "created_at": created_at,
                "visible_at": created_at,
                "pay_at": created_at + self._pay_delay_s,
                "plan": json.dumps({"notice": _plan(notice), "later": _plan(later)}),
                **self._fate(process, fen(body["Amt"]), created_at),
            }
            self.store.insert("payments", **row)
        self._wake()
        return self.payment(head["SendSeqNo"]) or {}

    def _fate(self, process: Fault | None, amount_fen: int, created_at: float) -> dict[str, Any]:
        kind, params = (process.kind, process.params) if process else ("", {})
        if kind == "reject":
            return _failed("1", "1", params.get("code", "B0051"), params.get("message", "收款账户状态异常"))
        if kind == "host_status_error":
            return _failed("0", "1", params.get("code", "B0062"), params.get("message", "主机处理失败"))
        if self._committed_fen() + amount_fen > self.store.get("balance_fen"):
            return _failed("1", "1", "B0100", "付款账户余额不足")
        if kind in ("pending", "pending_forever"):
            seconds = params.get("seconds", 2.0) if kind == "pending" else None
            return _open("pending", "2") | {"pay_at": None if seconds is None else created_at + seconds}
        if kind == "late_record":
            visible_at = created_at + params.get("seconds", 2.0)
            return _open("accepted", "0") | {"visible_at": visible_at, "pay_at": visible_at}
        return _open("accepted", "0")

    def _committed_fen(self) -> int:
        row = self.store.row(
            "SELECT COALESCE(SUM(amount_fen), 0) AS fen FROM payments WHERE state IN ('accepted', 'pending')"
        )
        return row["fen"] if row else 0

    def attempt(self, head: dict[str, str], body: dict[str, str], outcome: str, faults: list[str]) -> None:
        """Remember that a BDC101 came in, whatever became of it."""
        self.store.insert(
            "attempts",
            at=self.local().isoformat(timespec="milliseconds"),
            seq_no=head.get("SendSeqNo", ""),
            ref_no=body.get("RefSeqNo1", ""),
            amount_fen=fen(body["Amt"]) if body.get("Amt", "").replace(".", "").isdecimal() else None,
            outcome=outcome,
            faults=",".join(faults),
        )

    # -- what happens with time ----------------------------------------------------------------------------

    def work(self) -> None:
        """Do everything that has fallen due."""
        self.roll()
        moment = time.time()
        due = "SELECT * FROM payments WHERE state IN ('accepted', 'pending') AND pay_at <= ? ORDER BY pay_at"
        for row in self.store.rows(due, moment):
            with self.store.tx():
                self._debit(row)
        for row in self.store.rows("SELECT * FROM payments WHERE state = 'paid' AND return_at <= ?", moment):
            self.give_back(row["ref_no"], "收款账户不符")

    def next_due(self) -> float:
        """When `work` has something to do next, as time.time(); at most a second away."""
        row = self.store.row(
            "SELECT MIN(at) AS at FROM (SELECT MIN(pay_at) AS at FROM payments WHERE state IN ('accepted', 'pending')"
            " UNION ALL SELECT MIN(return_at) FROM payments WHERE state = 'paid')"
        )
        latest = time.time() + 1.0
        return min(latest, row["at"]) if row and row["at"] is not None else latest

    def _debit(self, payment: dict[str, Any]) -> None:
        if (self.payment(payment["seq_no"]) or {}).get("state") not in ("accepted", "pending"):
            return  # the other thread was faster
        plan = json.loads(payment["plan"])
        line = self._line(
            -payment["amount_fen"],
            kind="debit",
            host_seq_no=payment["host_seq_no"],
            tx_code="BDC101",
            counter_account_no=payment["payee_account_no"],
            counter_name=payment["payee_name"],
            counter_bank_no=payment["payee_interbank_no"],
            summary=payment["summary"],
            remark=payment["remark"],
            ref_no=payment["ref_no"],
        )
        self.store.run(
            "UPDATE payments SET state = 'paid', code = '00000', message = '', host_status = '0', visible_at = 0"
            " WHERE seq_no = ?",
            payment["seq_no"],
        )
        self._plan_return(payment["seq_no"], plan["later"])
        self._announce(line, plan["notice"])

    def _plan_return(self, seq_no: str, later: dict[str, Any] | None) -> None:
        if later is None:
            return
        seconds, days = later.get("seconds"), later.get("days", 1)
        at = time.time() + seconds if seconds is not None else None
        on = (self.business_day + timedelta(days=days)).isoformat() if seconds is None else None
        self.store.run("UPDATE payments SET return_at = ?, return_on = ? WHERE seq_no = ?", at, on, seq_no)

    def _return_on(self, day: date) -> None:
        due = "SELECT ref_no FROM payments WHERE state = 'paid' AND return_on IS NOT NULL AND return_on <= ?"
        for row in self.store.rows(due, day.isoformat()):
            self.give_back(row["ref_no"], "收款账户不符")

    def give_back(self, case_no: str, reason: str) -> bool:
        """Return 退汇 a paid payment: a credit on the day it happens, remarked with the case number."""
        with self.store.tx():
            row = self.store.row(
                "SELECT * FROM payments WHERE ref_no = ? AND state = 'paid' AND returned = 0", case_no
            )
            if row is None:
                return False
            self.store.run(
                "UPDATE payments SET returned = 1, state = 'returned' WHERE seq_no = ?", row["seq_no"]
            )
            line = self._line(
                row["amount_fen"],
                kind="return",
                host_seq_no=f"R{self.business_day:%y%m%d}{self.store.count('host_seq'):08d}",
                tx_code="RETURN",
                counter_account_no=row["payee_account_no"],
                counter_name=row["payee_name"],
                counter_bank_no=row["payee_interbank_no"],
                summary=f"退汇 {reason}",
                remark=case_no,
                ref_no=case_no,
            )
            self._announce(line, None)
        self._wake()
        return True

    def credit(self, amount_fen: int, account_no: str, name: str, summary: str, remark: str) -> int:
        """Money from someone else comes in."""
        with self.store.tx():
            line = self._line(
                amount_fen,
                kind="credit",
                host_seq_no=f"C{self.business_day:%y%m%d}{self.store.count('host_seq'):08d}",
                tx_code="BDC102",
                counter_account_no=account_no,
                counter_name=name,
                counter_bank_no="",
                summary=summary,
                remark=remark,
                ref_no="",
            )
            self._announce(line, None)
        self._wake()
        return line

    def _line(self, amount_fen: int, **cells: str) -> int:
        balance_fen = self.store.get("balance_fen") + amount_fen
        self.store.put("balance_fen", balance_fen)
        return self.store.insert(
            "lines",
            day=self.business_day.isoformat(),
            time=f"{self.local():%H%M%S}",
            amount_fen=amount_fen,
            balance_fen=balance_fen,
            **cells,
        )

    def _announce(self, line_id: int, plan: dict[str, Any] | None) -> None:
        kind, params, moment = (plan or {}).get("kind"), plan or {}, time.time()
        due_at = moment + {
            "delayed_notice": params.get("seconds", 2.0),
            "out_of_order": params.get("seconds", 3.0),
        }.get(kind or "", 0.0)
        state = "lost" if kind == "lost_notice" else "queued"
        swapped = int(kind == "out_of_order")
        self.store.insert("notices", line_id=line_id, due_at=due_at, swapped=swapped, state=state)
        if kind == "duplicate_notice":
            for copy in range(1, params.get("copies", 2)):
                self.store.insert("notices", line_id=line_id, due_at=moment + 0.05 * copy, state="queued")
        if not swapped and state == "queued":
            # A notice held back goes out right behind the next one.
            self.store.run(
                "UPDATE notices SET due_at = ?, swapped = 0 WHERE swapped = 1 AND state = 'queued'",
                due_at + 0.01,
            )

    # -- statement -----------------------------------------------------------------------------------------

    def lines(self, first: str, last: str) -> list[dict[str, Any]]:
        """Account lines of business days, both ends included, as ISO dates."""
        return self.store.rows("SELECT * FROM lines WHERE day BETWEEN ? AND ? ORDER BY id", first, last)

    def row_text(self, number: int, line: dict[str, Any]) -> str:
        """A line in the form of SBDC100 and BDC113: 23 cells."""
        cells = [
            str(number), self.who.pay_account_no, line["host_seq_no"], line["tx_code"], line["counter_account_no"],
            line["counter_name"], yuan(line["amount_fen"]), line["day"].replace("-", ""), line["time"],
            yuan(line["balance_fen"]), self.who.bank_node, line["remark"], "156", "1", yuan(line["balance_fen"]),
            "0.00", "", "", line["counter_bank_no"], line["summary"], "0", f"{line['id']:08d}", "",
        ]  # fmt: skip
        return "|".join(cell.replace("|", " ").replace("\n", " ") for cell in cells)


def yuan(fen_amount: int) -> str:
    sign = "-" if fen_amount < 0 else ""
    return f"{sign}{abs(fen_amount) // 100}.{abs(fen_amount) % 100:02d}"


def utc_now() -> datetime:
    return datetime.now(UTC)


def _content(head: dict[str, str], body: dict[str, str]) -> dict[str, Any]:
    return {
        "seq_no": head["SendSeqNo"],
        "ref_no": body["RefSeqNo1"],
        "tx_date": head["SendDate"],
        "amount_fen": fen(body["Amt"]),
        "capital_fen": fen(body["CapAmt"]),
        "interest_fen": fen(body.get("IntAmt") or "0.00"),
        "payee_account_no": body["CrAcctNo"],
        "payee_name": body["CrAcctName"],
        "payee_bank_name": body.get("CrBankName", ""),
        "payee_interbank_no": body.get("CrChgNo", ""),
        "settle_type": body["SettleType"],
        "bus_type": body["BusType"],
        "summary": body["Summary"],
        "remark": body["Remark"],
    }


def same_content(row: dict[str, Any], head: dict[str, str], body: dict[str, str]) -> bool:
    """Whether a repeated number carries the same payment."""
    content = _content(head, body)
    return all(row[name] == content[name] for name in SAME_CONTENT)


def _plan(fault: Fault | None) -> dict[str, Any] | None:
    return {"kind": fault.kind, **fault.params} if fault else None


def _open(state: str, host_status: str) -> dict[str, Any]:
    return {"state": state, "tx_status": "0", "code": "00000", "message": "", "host_status": host_status}


def _failed(tx_status: str, host_status: str, code: str, message: str) -> dict[str, Any]:
    return {
        "state": "failed",
        "tx_status": tx_status,
        "code": code,
        "message": message,
        "host_status": host_status,
        "pay_at": None,
    }
