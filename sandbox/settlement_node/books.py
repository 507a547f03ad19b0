"""The centre's account 账户: its lines and balance, the business day, and the notices its lines call for."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from sandbox.settlement_node.credentials import Credentials
from sandbox.settlement_node.store import Store

SHANGHAI = timezone(timedelta(hours=8))
OPENING_BALANCE_FEN = 5_000_000_000_000


class Books:
    """Books lines; decides nothing about payments."""

    def __init__(self, store: Store, who: Credentials, now: Callable[[], datetime]) -> None:
        self.store, self.who, self._now = store, who, now
        with store.tx():
            if store.get("business_day") is None:
                store.put("business_day", self.local().date().isoformat())
                store.put("balance_fen", OPENING_BALANCE_FEN)
                self.change_key()

    def local(self) -> datetime:
        """The moment in Shanghai, by the sandbox's clock."""
        return self._now().astimezone(SHANGHAI)

    def stamp(self) -> str:
        return self.local().isoformat(timespec="milliseconds")

    @property
    def business_day(self) -> date:
        return date.fromisoformat(self.store.get("business_day"))

    @property
    def balance_fen(self) -> int:
        return int(self.store.get("balance_fen"))

    @property
    def session_key(self) -> bytes:
        """One for all connections of a business day."""
        return bytes.fromhex(self.store.get("session_key"))

    def change_key(self) -> None:
        self.store.put("session_key", secrets.token_hex(16))

    def open_next_day(self) -> None:
        self.store.put("business_day", (self.business_day + timedelta(days=1)).isoformat())
        self.change_key()

    def new_host_seq_no(self, letter: str) -> str:
        return f"{letter}{self.business_day:%y%m%d}{self.store.count('host_seq'):08d}"

    def book(self, amount_fen: int, plan: dict[str, Any] | None, **cells: str) -> int:
        """Add a line (minus: money leaves) and queue its notice, as the `plan` of a fault has it."""
        with self.store.tx():
            balance_fen = self.balance_fen + amount_fen
            self.store.put("balance_fen", balance_fen)
            line_id = self.store.insert(
                "lines",
                day=self.business_day.isoformat(),
                time=f"{self.local():%H%M%S}",
                amount_fen=amount_fen,
                balance_fen=balance_fen,
                **cells,
            )
            self._announce(line_id, plan or {})
        return line_id

    def credit(self, amount_fen: int, account_no: str, name: str, summary: str, remark: str) -> int:
        """Money from someone else comes in."""
        return self.book(
            amount_fen,
            None,
            kind="credit",
            host_seq_no=self.new_host_seq_no("C"),
            tx_code="BDC102",
            counter_account_no=account_no,
            counter_name=name,
            counter_bank_no="",
            summary=summary,
            remark=remark,
            ref_no="",
        )

    def _announce(self, line_id: int, plan: dict[str, Any]) -> None:
        kind = plan.get("kind")
        if kind == "lost_notice":
            self._queue(line_id, 0.0, state="lost")
        elif kind == "out_of_order":
            self._queue(line_id, plan.get("seconds", 3.0), swapped=1)
        else:
            self._queue(line_id, plan.get("seconds", 2.0) if kind == "delayed_notice" else 0.0)
            for copy in range(1, plan.get("copies", 2) if kind == "duplicate_notice" else 1):
                self._queue(line_id, 0.05 * copy)
            self._release_swapped()

    def _queue(self, line_id: int, wait_s: float, *, state: str = "queued", swapped: int = 0) -> None:
        self.store.insert(
            "notices", line_id=line_id, due_at=time.time() + wait_s, swapped=swapped, state=state
        )

    def _release_swapped(self) -> None:
        # A notice held back goes out right behind the next one.
        self.store.run("UPDATE notices SET due_at = ?, swapped = 0 WHERE swapped = 1", time.time() + 0.01)

    def lines(self, first: str, last: str) -> list[dict[str, Any]]:
        """Account lines of business days, both ends included, as ISO dates."""
        return self.store.rows("SELECT * FROM lines WHERE day BETWEEN ? AND ? ORDER BY id", first, last)

    def row_text(self, number: int, line: dict[str, Any]) -> str:
        """A line in the form of SBDC100 and BDC113: 23 cells."""
        balance = yuan(line["balance_fen"])
        cells = [
            str(number), self.who.pay_account_no, line["host_seq_no"], line["tx_code"],
            line["counter_account_no"], line["counter_name"], yuan(line["amount_fen"]),
            line["day"].replace("-", ""), line["time"], balance, self.who.bank_node, line["remark"],
            "156", "1", balance, "0.00", "", "", line["counter_bank_no"], line["summary"], "0",
            f"{line['id']:08d}", "",
        ]  # fmt: skip
        return "|".join(cell.replace("|", " ").replace("\n", " ") for cell in cells)


def yuan(fen_amount: int) -> str:
    sign = "-" if fen_amount < 0 else ""
    return f"{sign}{abs(fen_amount) // 100}.{abs(fen_amount) % 100:02d}"


def utc_now() -> datetime:
    return datetime.now(UTC)
