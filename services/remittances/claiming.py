"""Money said to be an employer's 认领到单位: what came without a number two people may give to a batch, or to an employer."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.errors import Conflict
from services.ledger.service import proven_by
from services.remittances.matching import Owed, take_in
from services.remittances.models import Employer, RemittanceBatch, RemittanceReceipt
from services.settlement.models import BankNotice
from services.settlement.movements import CLAIMABLE


class RemittanceClaims:
    """Implements reconciliation's Claims: any sum may be an employer's, as when it says so itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def may_claim(self, session: Session, number: str, amount_fen: int) -> UUID | None:
        """The employer of a batch's number, or of its own."""
        owed = _owed(session, number)
        return owed.account_id if owed is not None else None

    def claim(self, session: Session, notice_key: bytes, number: str) -> None:
        """It lies on 汇缴暂收 from now on, and pays the batch that is named, or the one that it fits. Raises Conflict."""
        owed = _owed(session, number)
        assert owed is not None
        session.get_one(Employer, owed.account_id, with_for_update=True, populate_existing=True)
        notice = session.get_one(BankNotice, notice_key, with_for_update=True, populate_existing=True)
        if notice.outcome not in CLAIMABLE or notice.direction != "credit":
            raise Conflict
        if session.get(RemittanceReceipt, (owed.account_id, notice_key)) is not None:
            raise Conflict  # a reversal of this very employer's money, whatever its sign
        now = self._clock.now()
        money = RemittanceReceipt(
            employer_id=owed.account_id,
            notice_key=notice_key,
            batch_id=None,
            direction="credit",
            amount_fen=notice.amount_fen,
            on=notice.day,
            state="open",
            at=now,
        )
        session.add(money)
        session.flush()
        if owed.batch_id is not None:
            notice.instruction_no = number
        with proven_by(session, notice_key):
            notice.outcome = take_in(session, owed, money, now)


def _owed(session: Session, number: str) -> Owed | None:
    batch = session.scalar(select(RemittanceBatch).where(RemittanceBatch.batch_no == number))
    if batch is not None:
        return Owed(batch.employer_id, batch.batch_id)
    employer = session.scalar(select(Employer).where(Employer.employer_no == number))
    return Owed(employer.employer_id, None) if employer is not None else None
