"""Members' cards 银行卡账: what is on them and whether they work; a card nobody spoke of holds a million yuan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sandbox.settlement_node.store import Store

OPENING_FEN = 100_000_000
STATUSES = ("normal", "frozen", "closed")
_SCHEMA = (Path(__file__).parent / "deductions.sql").read_text(encoding="utf-8")


class Cards:
    """The bank's book of cards."""

    def __init__(self, store: Store) -> None:
        self._store = store
        for statement in _SCHEMA.split(";\n"):
            if statement.strip():
                store.run(statement)

    def card(self, account_no: str, name: str = "") -> dict[str, Any]:
        """A card; one never seen before is opened for its holder."""
        found = self._store.row("SELECT * FROM cards WHERE account_no = ?", account_no)
        if found is None:
            found = {"account_no": account_no, "name": name, "balance_fen": OPENING_FEN, "status": "normal"}
            self._store.insert("cards", **found)
        return found

    def set(self, account_no: str, wish: dict[str, Any]) -> dict[str, Any]:
        """Order what is on a card, or its status; ValueError for anything else."""
        with self._store.tx():
            card = self.card(account_no)
            balance_fen, status = (
                wish.get("balance_fen", card["balance_fen"]),
                wish.get("status", card["status"]),
            )
            if type(balance_fen) is not int or balance_fen < 0 or status not in STATUSES:
                raise ValueError(f"balance_fen is a whole number, status one of {', '.join(STATUSES)}")
            sql = "UPDATE cards SET balance_fen = ?, status = ? WHERE account_no = ?"
            self._store.run(sql, balance_fen, status, account_no)
            return self.card(account_no)

    def move(self, account_no: str, fen: int) -> None:
        """Put on a card, or take off it."""
        self.card(account_no)
        self._store.run(
            "UPDATE cards SET balance_fen = balance_fen + ? WHERE account_no = ?", fen, account_no
        )

    def objection(self, account_no: str, name: str, amount_fen: int) -> tuple[str, str] | None:
        """Why the bank will not deduct from a card: code and words; None when it will."""
        card = self.card(account_no, name)
        if card["name"] and card["name"] != name:
            return "B0052", "户名不符"
        if card["status"] != "normal":
            return ("B0051", "账户已冻结") if card["status"] == "frozen" else ("B0007", "账户已销户")
        waiting = self._store.row(
            "SELECT COALESCE(SUM(amount_fen), 0) AS fen FROM deductions"
            " WHERE payer_account_no = ? AND state IN ('accepted', 'pending')",
            account_no,
        )
        if card["balance_fen"] - (waiting["fen"] if waiting else 0) < amount_fen:
            return "B0100", "账户余额不足"
        return None

    def all(self) -> list[dict[str, Any]]:
        return self._store.rows("SELECT * FROM cards ORDER BY account_no")
