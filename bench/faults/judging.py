"""Judging 清点: the bank's own books against ours, case by case; nothing is believed because our tables say so.

What the bank has booked for a case (debits, returns) says what the member's balance must be. The bank's books are
read from the sandbox's own store.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.faults.people import AMOUNT_FEN, Case

JOURNALS = {
    "paid": ["hold", "settle"],
    "returned": ["hold", "reverse"],
    "paid, then returned": ["hold", "settle", "return"],
    "verifying": [],
}
_OPEN = {"approved", "paying", "accepted", "unknown"}
"""Counted as unknown; lost only where the bank has paid, or the hold is gone."""
_OURS = text(
    "SELECT a.case_no, a.state, b.balance_fen, b.held_fen FROM application a JOIN member_balance b USING (account_id)"
)
_STEPS = text(
    "SELECT a.case_no, j.kind FROM journal j JOIN application a ON a.account_id = j.account_id"
    " AND j.business_ref LIKE 'withdrawal:' || a.application_id || ':%' ORDER BY j.created_at, j.journal_id"
)
_DEPOSIT = text(
    "SELECT coalesce(sum(p.fen), 0) FROM posting p JOIN journal j USING (account_id, journal_id)"
    " WHERE p.gl_code = '101' AND j.kind LIKE 'withdrawal%'"
)


@dataclass(frozen=True, slots=True)
class Booked:
    """What the bank has done for one number."""

    debits: int = 0
    returns: int = 0
    out_fen: int = 0
    """What has left the centre's account for good."""


@dataclass(frozen=True, slots=True)
class Ours:
    """How a case stands with us."""

    state: str
    balance_fen: int
    held_fen: int
    steps: tuple[str, ...]


@dataclass
class Verdict:
    """What came of it."""

    cases: int
    states: Counter[str] = field(default_factory=Counter)
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    violations: dict[str, int] = field(default_factory=dict)

    def summary(self) -> dict[str, int]:
        """The last line."""
        known = self.states["paid"] + self.states["returned"]
        return {
            "cases": self.cases,
            "paid": self.states["paid"],
            "reversed": self.states["returned"],
            "unknown": self.cases - known,
            "doubled": len(self.doubled),
            "lost": len(self.lost),
            "invariant_violations": sum(self.violations.values()),
        }

    @property
    def clean(self) -> bool:
        """Nothing paid twice, nothing lost, nothing open, every invariant holds."""
        found = self.summary()
        return not any(found[name] for name in ("unknown", "doubled", "lost", "invariant_violations"))


def booked_at(path: Path) -> dict[str, Booked]:
    """The bank's own books by the number on each line."""
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    statement = (
        "SELECT ref_no, sum(kind = 'debit'), sum(kind = 'return'), -sum(amount_fen) FROM lines"
        " WHERE kind IN ('debit', 'return') GROUP BY ref_no"
    )
    try:
        return {row[0]: Booked(*row[1:]) for row in store.execute(statement)}
    finally:
        store.close()


def our_books(session: Session) -> dict[str, Ours]:
    """Every case as we have it, by its number."""
    steps: dict[str, list[str]] = {}
    for row in session.execute(_STEPS):
        steps.setdefault(row.case_no, []).append(row.kind.removeprefix("withdrawal_"))
    return {
        row.case_no: Ours(row.state, row.balance_fen, row.held_fen, tuple(steps.get(row.case_no, ())))
        for row in session.execute(_OURS)
    }


def judge(
    cases: Sequence[Case], acknowledged: Collection[str], bank: dict[str, Booked], ours: dict[str, Ours]
) -> Verdict:
    """Compare, case by case."""
    verdict = Verdict(len(cases))
    numbers = {case.case_no for case in cases}
    verdict.doubled += [f"{number} is paid at the bank and is nobody's" for number in set(bank) - numbers]
    for case in cases:
        booked, mine = bank.get(case.case_no, Booked()), ours.get(case.case_no)
        if mine is None:
            verdict.lost.append(f"{case.case_no} is gone")
            continue
        verdict.states[mine.state] += 1
        if booked.debits > 1:
            verdict.doubled.append(f"{case.case_no} was debited {booked.debits} times")
        fault = next(_differences(case, case.case_no in acknowledged, booked, mine), None)
        if fault is not None:
            verdict.lost.append(f"{case.case_no} {fault}: {booked}, {mine}")
    return verdict


def _differences(case: Case, acknowledged: bool, booked: Booked, mine: Ours) -> Iterator[str]:
    if acknowledged and not mine.steps:
        yield "was acknowledged and is not there"
    if mine.state in _OPEN and not booked.debits:
        if (mine.balance_fen, mine.held_fen) != (case.opening_fen - AMOUNT_FEN, AMOUNT_FEN):
            yield "is open, and its hold is not there"
        return
    end = _end(booked, acknowledged or bool(mine.steps))
    if mine.state != end.rpartition(" ")[2]:
        yield f"should be {end} by the bank's books"
    if list(mine.steps) != JOURNALS[end]:
        yield f"has not the journals of one that is {end}"
    if booked.out_fen not in (0, AMOUNT_FEN):
        yield "left the bank with another amount"
    if mine.balance_fen != case.opening_fen - booked.out_fen or mine.held_fen != 0:
        yield "and the member's balance do not agree"


def _end(booked: Booked, begun: bool) -> str:
    """Where a case must have ended, by what the bank did."""
    if booked.debits and booked.returns:
        return "paid, then returned"
    if booked.debits:
        return "paid"
    return "returned" if begun else "verifying"


def deposit_difference(session: Session, bank: dict[str, Booked]) -> int:
    """Fen by which our account 101 differs from what left the bank."""
    return int(session.scalar(_DEPOSIT) or 0) + sum(booked.out_fen for booked in bank.values())
