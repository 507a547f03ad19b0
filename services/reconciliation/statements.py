"""Fetching statements 取银行流水: BDC113 of a final day, its control totals, and what it tells that no notice told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.reconciliation.models import BankBreak, BankStatement, BankStatementLine
from services.reconciliation.ports import StatementNode, TakeChanges
from services.reconciliation.rules import Totals, totals
from services.settlement.models import BankNotice
from services.settlement.movements import case_number_in, change_key
from services.settlement.ports import AccountChange

_NEAR = 3
"""Days since, up to which the balance of now is carried back."""


class NotFinal(Exception):
    """The bank is still in that day: its statement may grow."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a fetch: lines, what the control totals miss, and how many movements no notice had told of."""

    lines: int
    missing_fen: int
    closing_fen: int
    taken_in: int


class Statements:
    """The bank's statements, one a day, imported once; a doubtful one is kept to be looked at and books nothing."""

    def __init__(
        self, sessions: Sessions, clock: Clock, node: StatementNode, take_changes: TakeChanges
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._node = node
        self._take_changes = take_changes

    def fetch(self, day: date) -> Fetched:
        """Fetch the statement of a day unless it is there and adds up; raises NotFinal, NodeUnavailable."""
        with transaction(self._sessions) as session:
            there = session.get(BankStatement, day)
            before = session.get(BankStatement, day - timedelta(days=1))
        if there is not None and there.missing_fen == 0:
            return Fetched(there.lines, 0, there.closing_fen, 0)
        if self._node.business_day() <= day:
            raise NotFinal
        changes = self._node.statement(day)
        same = there is not None and there.digest == _digest(changes)
        found = (
            _kept(there)
            if there and same
            else self._totals(day, changes, before.closing_fen if before else None)
        )
        with transaction(self._sessions) as session:
            if not same:
                self.store(session, day, changes, found)
            usable = found.missing_fen == 0 or _waived(session, day, found.missing_fen)
            unknown = _unknown(session, changes) if usable else []
        self._take_changes(unknown)
        return Fetched(len(changes), found.missing_fen, found.closing_fen, len(unknown))

    def _totals(self, day: date, changes: Sequence[AccountChange], opening_fen: int | None) -> Totals:
        """Opening is the closing of the day before, closing what BDC123 says; else the lines' own balances tell."""
        ordered = sorted(changes, key=lambda change: (change.time, change.pen_no))
        if opening_fen is None and ordered:
            opening_fen = ordered[0].balance_fen - signed(ordered[0])
        closing_fen = self._balance_after(day)
        if closing_fen is None and ordered:
            closing_fen = ordered[-1].balance_fen
        return totals([signed(change) for change in changes], opening_fen, closing_fen)

    def _balance_after(self, day: date) -> int | None:
        """The balance now, less what moved since; None when money moves just now, or too much has happened since."""
        days_since = (self._node.business_day() - day).days
        if days_since > _NEAR:
            return None
        balance_fen = self._node.balance().balance_fen
        later = [day + timedelta(days=number + 1) for number in range(days_since)]
        moved_fen = sum(signed(change) for one in later for change in self._node.statement(one))
        still = self._node.balance().balance_fen == balance_fen
        return balance_fen - moved_fen if still else None

    def lines_of(self, day: date) -> list[AccountChange]:
        """What the bank says of a day now; raises NodeUnavailable."""
        return self._node.statement(day)

    def take_in(self, changes: Sequence[AccountChange]) -> None:
        """Book what no notice has told of."""
        with transaction(self._sessions) as session:
            unknown = _unknown(session, changes)
        self._take_changes(unknown)

    def store(self, session: Session, day: date, changes: Sequence[AccountChange], found: Totals) -> None:
        """Keep it, in place of what was there."""
        row = session.get(BankStatement, day, with_for_update=True) or BankStatement(day=day)
        row.lines, row.debit_fen, row.credit_fen = len(changes), found.debit_fen, found.credit_fen
        row.opening_fen, row.closing_fen, row.missing_fen = (
            found.opening_fen,
            found.closing_fen,
            found.missing_fen,
        )
        row.digest, row.fetched_at = _digest(changes), self._clock.now()
        session.add(row)
        session.flush()
        session.execute(delete(BankStatementLine).where(BankStatementLine.day == day))
        if changes:
            session.execute(
                insert(BankStatementLine), [_row(day, *one) for one in enumerate(changes, start=1)]
            )


def _kept(row: BankStatement) -> Totals:
    """What was made of the very same file before: what came later does not change it."""
    return Totals(row.debit_fen, row.credit_fen, row.opening_fen, row.closing_fen)


def signed(change: AccountChange) -> int:
    """Fen as on 101: negative when money left."""
    return -change.amount_fen if change.direction == "debit" else change.amount_fen


def _digest(changes: Sequence[AccountChange]) -> bytes:
    return hashlib.sha256("\n".join(change.raw for change in changes).encode()).digest()


def _row(day: date, number: int, change: AccountChange) -> dict[str, object]:
    return {
        "day": day,
        "line_no": number,
        "notice_key": change_key(change),
        "host_seq_no": change.host_seq_no,
        "instruction_no": case_number_in(change),
        "fen": signed(change),
        "balance_fen": change.balance_fen,
    }


def _unknown(session: Session, changes: Sequence[AccountChange]) -> list[AccountChange]:
    """Lines no notice has told of, each once."""
    by_key = {change_key(change): change for change in changes}
    known = session.scalars(select(BankNotice.notice_key).where(BankNotice.notice_key.in_(by_key)))
    for key in known:
        by_key.pop(bytes(key), None)
    return list(by_key.values())


def _waived(session: Session, day: date, missing_fen: int) -> bool:
    """Whether two people have looked at just this and say that the lines are to be believed."""
    statement = select(BankBreak.break_id).where(
        BankBreak.kind == "control_differs",
        BankBreak.ref == control_ref(day, missing_fen),
        BankBreak.state == "closed",
    )
    return session.scalar(statement) is not None


def is_believed(session: Session, day: date) -> bool:
    """Whether the statement of a day is there, and adds up or is believed all the same."""
    row = session.get(BankStatement, day, populate_existing=True)
    return row is not None and (row.missing_fen == 0 or _waived(session, day, row.missing_fen))


def control_ref(day: date, missing_fen: int) -> str:
    """Names the break of a statement that does not add up; another sum is another break."""
    return f"{day.isoformat()}:{missing_fen}"
