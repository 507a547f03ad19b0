"""Sets 分段: how a batch is posted, and taken back, some thousand lines at a time, each set a transaction of its own.

A set locks the members' balances, does its lines, and notes how far the batch has come; a killed run goes on after its
last set.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.audit.service import CENTRE, record
from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.ledger.batch import Posted, books_day, lock_balances_of, planned_for_sets, post_set
from services.ledger.chart import EMPLOYER_RECEIPT, MEMBER_FUND
from services.remittances.models import REGULAR, Employer, RemittanceBatch
from services.remittances.service import PATIENCE, defer_posting, move

SET = 10_000
CONTRIBUTION = "contribution"
_BY_INDEX = text("SET LOCAL random_page_cost = 1.1")
"""A set's accounts lie anywhere among all of them: looked up one by one, not by reading whole tables for each set."""
ACCOUNTS = """SELECT a.account_id FROM remittance_line l JOIN provident_fund_account a ON a.account_no = l.account_no
    WHERE l.batch_id = :batch_id AND l.line_no BETWEEN :first AND :last"""
"""Of a set's lines."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a set, and when it is done."""

    batch_id: UUID
    month: date
    first: int
    last: int
    at: datetime

    @property
    def count(self) -> int:
        """How many there are."""
        return self.last - self.first + 1

    @property
    def values(self) -> dict[str, Any]:
        """For statements over the lines."""
        return {"batch_id": self.batch_id, "month": self.month, "first": self.first, "last": self.last}


class Sets(ABC):
    """One way of working a batch off."""

    working: ClassVar[str]
    action: ClassVar[str]

    def __init__(self, sessions: Sessions, clock: Clock, *, size: int = SET) -> None:
        self._sessions = sessions
        self._clock = clock
        self._size = size

    def run(self, batch_id: UUID) -> str:
        """Work the batch to its end, or go on with it; returns its state."""
        state = self.step(batch_id)
        while state == self.working:
            state = self.step(batch_id)
        return state

    def step(self, batch_id: UUID, *, again: bool = False) -> str:
        """One set, in one transaction; with `again` the next one is asked for in it."""
        with transaction(self._sessions) as session:
            session.execute(PATIENCE)
            session.execute(_BY_INDEX)
            employer, batch = locked(session, batch_id)
            self._begin(session, employer, batch)
            if batch.state == self.working:
                with planned_for_sets(session):
                    self._advance(session, employer, batch)
            if again and batch.state == self.working:
                defer_posting(session, batch_id)
            return batch.state

    def _advance(self, session: Session, employer: Employer, batch: RemittanceBatch) -> None:
        now = self._clock.now()
        first, last = batch.reached + 1, min(batch.reached + self._size, batch.people)
        lines = Lines(batch.batch_id, batch.month, first, last, now)
        lock_balances_of(session, ACCOUNTS, lines.values)
        done = self._do(session, batch, lines)
        batch.reached, batch.posted_fen, batch.updated_at = last, batch.posted_fen + done.fund_fen, now
        detail = {"lines": done.journals, "amount_fen": done.fund_fen, "through": last}
        note_set(session, batch, self.action, detail, now)
        if last == batch.people:
            move(batch, "finish", now)
            self._finish(session, employer, batch)

    @abstractmethod
    def _begin(self, session: Session, employer: Employer, batch: RemittanceBatch) -> None:
        """What comes before the first set, if that is next."""

    @abstractmethod
    def _do(self, session: Session, batch: RemittanceBatch, lines: Lines) -> Posted:
        """The lines of a set; returns what they came to."""

    @abstractmethod
    def _finish(self, session: Session, employer: Employer, batch: RemittanceBatch) -> None:
        """What comes after the last set."""


def locked(session: Session, batch_id: UUID) -> tuple[Employer, RemittanceBatch]:
    """The employer first, then the batch; as they are now."""
    employer_id = session.get_one(RemittanceBatch, batch_id).employer_id
    employer = session.get_one(Employer, employer_id, with_for_update=True, populate_existing=True)
    return employer, session.get_one(RemittanceBatch, batch_id, with_for_update=True, populate_existing=True)


def post_lines(
    session: Session, entries: str, values: Mapping[str, Any], at: datetime, first: str = ""
) -> Posted:
    """Post a journal for each contribution of the set."""
    return post_set(session, entries, values, accounting_on=books_day(session, at), at=at, first=first)


def entry_texts(batch: RemittanceBatch) -> dict[str, str]:
    """What the journals of a batch are called, and on which accounts they are; one for an account, month and batch."""
    what = "汇缴" if batch.kind == REGULAR else "补缴"
    return {
        "reference": f"contribution:{batch.month:%Y-%m}:{batch.batch_no}",
        "kind": CONTRIBUTION,
        "summary": f"{batch.month.year}年{batch.month.month}月{what}",
        "debit_code": EMPLOYER_RECEIPT,
        "credit_code": MEMBER_FUND,
    }


def note_set(
    session: Session, batch: RemittanceBatch, action: str, detail: dict[str, int], at: datetime
) -> None:
    """One set is one act of the centre."""
    record(
        session, CENTRE, action, actor="system", subject=f"remittance:{batch.batch_no}", at=at, detail=detail
    )
