"""Posting a batch 汇缴入账: its lines in sets of some thousand, each a transaction of its own.

A set locks the members' balances, writes the contributions, posts the journals that they say, and notes how far the
batch has come; a killed run goes on after its last set. An account that was closed meanwhile is left out, and said so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.audit.service import CENTRE, record
from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.ledger.batch import books_day, lock_balances, post_set
from services.ledger.chart import EMPLOYER_RECEIPT, MEMBER_FUND
from services.policies.service import PolicyBook
from services.remittances.checking import check
from services.remittances.models import REGULAR, Employer, RemittanceBatch
from services.remittances.service import PATIENCE, defer_posting, move

log = structlog.get_logger(__name__)
SET = 5_000
FRESH = timedelta(minutes=10)
"""So long a check counts; what a line cannot be posted for in spite of it is left out and said."""
CONTRIBUTION = "contribution"
ACCOUNTS = text(
    "SELECT a.account_id FROM remittance_line l JOIN provident_fund_account a ON a.account_no = l.account_no"
    " WHERE l.batch_id = :batch_id AND l.line_no BETWEEN :first AND :last"
)
CONTRIBUTIONS = """
INSERT INTO contribution (account_id, month, amount_fen, posted_at, batch_id)
SELECT a.account_id, :month, l.unit_fen + l.member_fen, :posted_at, :batch_id
FROM remittance_line l JOIN provident_fund_account a ON a.account_no = l.account_no
WHERE l.batch_id = :batch_id {lines} AND a.state NOT IN ('03', '04', '05')
ON CONFLICT DO NOTHING
"""
ENTRIES = """
SELECT c.account_id, :reference AS business_ref, :kind AS kind, :summary AS summary, :debit_code AS debit_code,
       :credit_code AS credit_code, c.amount_fen AS fen
FROM contribution c WHERE {accounts} AND c.month = :month AND c.batch_id = :batch_id
"""
_LEFT_OUT = text("""
INSERT INTO remittance_fault (batch_id, line_no, code)
SELECT l.batch_id, l.line_no, 'left_out'
FROM remittance_line l JOIN provident_fund_account a ON a.account_no = l.account_no
LEFT JOIN contribution c ON c.account_id = a.account_id AND c.month = :month AND c.batch_id = l.batch_id
WHERE l.batch_id = :batch_id AND l.line_no BETWEEN :first AND :last AND c.account_id IS NULL
ON CONFLICT DO NOTHING
""")
_OF_SET = text(CONTRIBUTIONS.format(lines="AND l.line_no BETWEEN :first AND :last"))
_ENTRIES_OF_SET = ENTRIES.format(accounts="c.account_id = ANY(:account_ids)")


class Posting:
    """Takes batches whose money is there into the members' books."""

    def __init__(self, sessions: Sessions, clock: Clock, policies: PolicyBook, *, size: int = SET) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policies = policies
        self._size = size

    def run(self, batch_id: UUID) -> str:
        """Post the batch to its end, or go on with it; returns its state."""
        state = self.step(batch_id)
        while state == "posting":
            state = self.step(batch_id)
        return state

    def step(self, batch_id: UUID, *, again: bool = False) -> str:
        """One set, in one transaction; with `again` the next one is asked for in it."""
        with transaction(self._sessions) as session:
            session.execute(PATIENCE)
            employer, batch = locked(session, batch_id)
            if batch.state == "funded":
                self._begin(session, employer, batch)
            if batch.state == "posting":
                self._advance(session, employer, batch)
            if again and batch.state == "posting":
                defer_posting(session, batch_id)
            return batch.state

    def _begin(self, session: Session, employer: Employer, batch: RemittanceBatch) -> None:
        """Once more against the records where they may have changed: days may lie between the file and its money."""
        now = self._clock.now()
        fresh = now - batch.checked_at < FRESH
        right = fresh or check(session, self._policies, employer, batch, now)
        move(batch, "begin" if right else "find_faults", now)
        if not right:
            log.warning("remittance.held", batch_no=batch.batch_no)

    def _advance(self, session: Session, employer: Employer, batch: RemittanceBatch) -> None:
        now = self._clock.now()
        last = min(batch.reached + self._size, batch.people)
        values = {"batch_id": batch.batch_id, "first": batch.reached + 1, "last": last, "month": batch.month}
        ids = list(session.scalars(ACCOUNTS, values))
        lock_balances(session, ids)
        written = session.execute(_OF_SET, {**values, "posted_at": now}).rowcount  # type: ignore[attr-defined]
        if written < last - batch.reached:
            session.execute(_LEFT_OUT, values)
        entries = {"batch_id": batch.batch_id, "month": batch.month, "account_ids": ids, **entry_texts(batch)}
        posted = post_set(session, _ENTRIES_OF_SET, entries, accounting_on=books_day(session, now), at=now)
        batch.reached, batch.posted_fen, batch.updated_at = last, batch.posted_fen + posted.fund_fen, now
        detail = {"lines": written, "amount_fen": posted.fund_fen, "through": last}
        note_set(session, batch, "remittance.posted", detail, now)
        if last == batch.people:
            self._finish(employer, batch, now)

    @staticmethod
    def _finish(employer: Employer, batch: RemittanceBatch, now: datetime) -> None:
        move(batch, "finish", now)
        if batch.kind == REGULAR:
            employer.paid_through = max(batch.month, employer.paid_through or batch.month)
        log.info("remittance.done", batch_no=batch.batch_no, people=batch.people)


def locked(session: Session, batch_id: UUID) -> tuple[Employer, RemittanceBatch]:
    """The employer first, then the batch; as they are now."""
    employer_id = session.get_one(RemittanceBatch, batch_id).employer_id
    employer = session.get_one(Employer, employer_id, with_for_update=True, populate_existing=True)
    return employer, session.get_one(RemittanceBatch, batch_id, with_for_update=True, populate_existing=True)


def entry_texts(batch: RemittanceBatch) -> dict[str, str]:
    """What the journals of a batch are called, and on which accounts they are."""
    what = "汇缴" if batch.kind == REGULAR else "补缴"
    return {
        "reference": reference(batch),
        "kind": CONTRIBUTION,
        "summary": f"{batch.month.year}年{batch.month.month}月{what}",
        "debit_code": EMPLOYER_RECEIPT,
        "credit_code": MEMBER_FUND,
    }


def reference(batch: RemittanceBatch) -> str:
    """The journals' name: one for an account, month and batch, for ever."""
    return f"contribution:{batch.month:%Y-%m}:{batch.batch_no}"


def note_set(
    session: Session, batch: RemittanceBatch, action: str, detail: dict[str, int], at: datetime
) -> None:
    """One set is one act of the centre."""
    record(
        session, CENTRE, action, actor="system", subject=f"remittance:{batch.batch_no}", at=at, detail=detail
    )
