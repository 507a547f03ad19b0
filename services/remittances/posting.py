"""Posting a batch 汇缴入账: in sets, once its money is there. An account that was closed meanwhile is left out, and said so."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.db import Sessions
from services.ledger.batch import Posted
from services.policies.service import PolicyBook
from services.remittances.checking import check
from services.remittances.models import REGULAR, Employer, RemittanceBatch
from services.remittances.service import move
from services.remittances.stepping import SET, Lines, Sets, entry_texts, post_lines

log = structlog.get_logger(__name__)
FRESH = timedelta(minutes=10)
"""So long a check counts; what a line cannot be posted for in spite of it is left out and said."""
_PAID = """paid AS (
    INSERT INTO contribution (account_id, month, amount_fen, posted_at, batch_id)
    SELECT a.account_id, :month, l.unit_fen + l.member_fen, :posted_at, :batch_id
    FROM remittance_line l JOIN provident_fund_account a ON a.account_no = l.account_no
    WHERE l.batch_id = :batch_id AND l.line_no BETWEEN :first AND :last AND a.state NOT IN ('03', '04', '05')
    ORDER BY a.account_id -- the order of every index that is written to from here on
    ON CONFLICT DO NOTHING
    RETURNING account_id, amount_fen
), """
_JOURNALS = """
SELECT account_id, :reference AS business_ref, :kind AS kind, :summary AS summary, :debit_code AS debit_code,
       :credit_code AS credit_code, amount_fen AS fen
FROM paid
"""
_LEFT_OUT = text("""
INSERT INTO remittance_fault (batch_id, line_no, code)
SELECT l.batch_id, l.line_no, 'left_out'
FROM remittance_line l JOIN provident_fund_account a ON a.account_no = l.account_no
LEFT JOIN contribution c ON c.account_id = a.account_id AND c.month = :month AND c.batch_id = l.batch_id
WHERE l.batch_id = :batch_id AND l.line_no BETWEEN :first AND :last AND c.account_id IS NULL
ON CONFLICT DO NOTHING
""")


class Posting(Sets):
    """Takes batches whose money is there into the members' books."""

    working: ClassVar[str] = "posting"
    action: ClassVar[str] = "remittance.posted"

    def __init__(self, sessions: Sessions, clock: Clock, policies: PolicyBook, *, size: int = SET) -> None:
        super().__init__(sessions, clock, size=size)
        self._policies = policies

    def _begin(self, session: Session, employer: Employer, batch: RemittanceBatch) -> None:
        """Once more against the records where they may have changed: days may lie between the file and its money."""
        if batch.state != "funded":
            return
        now = self._clock.now()
        fresh = now - batch.checked_at < FRESH
        right = fresh or check(session, self._policies, employer, batch, now)
        move(batch, "begin" if right else "find_faults", now)
        if not right:
            log.warning("remittance.held", batch_no=batch.batch_no)

    def _do(self, session: Session, batch: RemittanceBatch, lines: Lines) -> Posted:
        done = post_lines(session, _JOURNALS, {**lines.values, **entry_texts(batch)}, lines.at, _PAID)
        if done.journals < lines.count:
            session.execute(_LEFT_OUT, lines.values)
        return done

    def _finish(self, session: Session, employer: Employer, batch: RemittanceBatch) -> None:
        if batch.kind == REGULAR:
            employer.paid_through = max(batch.month, employer.paid_through or batch.month)
        log.info("remittance.done", batch_no=batch.batch_no, people=batch.people)
