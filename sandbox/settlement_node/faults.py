"""Ordered faults 故障: each is taken by the first messages it matches, at one stage of their handling."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sandbox.settlement_node.spoiling import SPOILINGS
from sandbox.settlement_node.store import Store

# gate: before anything is recorded; process: what becomes of the payment; notice: what becomes of its SBDC100;
# later: after it was paid; answer: how the reply travels; now: at the moment it is ordered.
STAGES = {
    "drop_connection_before": "gate",
    "no_answer_not_processed": "gate",
    "wrong_session_key": "gate",
    "reject": "process",
    "host_status_error": "process",
    "pending": "process",
    "pending_forever": "process",
    "late_record": "process",
    "duplicate_notice": "notice",
    "delayed_notice": "notice",
    "lost_notice": "notice",
    "out_of_order": "notice",
    "return_later": "later",
    "no_answer": "answer",
    "slow_answer": "answer",
    "drop_connection_after": "answer",
    "half_frame": "answer",
    "garbage_answer": "answer",
    **dict.fromkeys(SPOILINGS, "answer"),
    "node_down": "now",
}
TX_CODES = dict.fromkeys(SPOILINGS, "BDC113")
Facts = dict[str, Any]
NUMBERS = {"seconds", "days", "copies", "by_fen"}
MATCHERS = {"case_no", "amount_fen", "payee_account_no", "payer_account_no"}
_CASE = "json_extract(match, '$.case_no')"
_CONCERNING = (
    f"SELECT * FROM faults WHERE tx_code = ?1 AND {_CASE} = ?2"
    f" UNION ALL SELECT * FROM faults WHERE tx_code = ?1 AND {_CASE} IS NULL ORDER BY id"
)
"""Thousands may wait, each for a case of its own: by the index `faults_case`."""


@dataclass(frozen=True)
class Fault:
    kind: str
    params: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The faults still to be taken, kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def order(self, wish: dict[str, Any]) -> int:
        """Add a fault: {kind, count?: 1 | null, match?: {...}, tx_code?: BDC101, ...params}; ValueError if unknown."""
        wish = dict(wish)
        kind, match, count = wish.pop("kind", ""), wish.pop("match", None) or {}, wish.pop("count", 1)
        if kind not in STAGES:
            raise ValueError(f"kind must be one of {', '.join(STAGES)}")
        if not set(match) <= MATCHERS:
            raise ValueError(f"match knows {', '.join(sorted(MATCHERS))}")
        if count is not None and (type(count) is not int or count < 1):
            raise ValueError("count must be a positive number or null")
        for name in NUMBERS & set(wish):
            if type(wish[name]) not in (int, float) or wish[name] < 0:
                raise ValueError(f"{name} must be a number")
        return self._store.insert(
            "faults",
            kind=kind,
            tx_code=wish.pop("tx_code", TX_CODES.get(kind, "BDC101")),
            match=json.dumps(match),
            params=json.dumps(wish),
            remaining=count,
        )

    def take(self, stage: str, tx_code: str, facts: Facts) -> Fault | None:
        """The first waiting fault of a stage that matches, counted down."""
        with self._store.tx():
            for row in self._store.rows(_CONCERNING, tx_code, facts.get("case_no")):
                wanted = json.loads(row["match"])
                if STAGES[row["kind"]] == stage and all(facts.get(name) == wanted[name] for name in wanted):
                    self._count_down(row)
                    return Fault(row["kind"], json.loads(row["params"]))
        return None

    def _count_down(self, row: dict[str, Any]) -> None:
        if row["remaining"] == 1:
            self.cancel(row["id"])
        elif row["remaining"] is not None:
            self._store.run("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", row["id"])

    def cancel(self, number: int | None = None) -> None:
        """Forget one fault, or all."""
        self._store.run("DELETE FROM faults WHERE ? IS NULL OR id = ?", number, number)

    def waiting(self) -> list[dict[str, Any]]:
        rows = self._store.rows("SELECT * FROM faults ORDER BY id")
        return [
            row | {"match": json.loads(row["match"]), "params": json.loads(row["params"])} for row in rows
        ]
