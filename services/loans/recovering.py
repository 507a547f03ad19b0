"""What the bank put back 冲回待补扣: booked once, put back on the card, and not paid by it since."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.settlement.deductions.models import Deduction


def to_recover_fen(session: Session, account_id: UUID, loan_id: UUID) -> int:
    """What the bank put back and the card has not paid since."""
    recovered = (Deduction.purpose == "recovery") & Deduction.state.in_(("collected", "taken_back"))
    back = func.sum(Deduction.amount_fen).filter(Deduction.state == "taken_back")
    again = func.sum(Deduction.amount_fen).filter(recovered)
    statement = select(func.coalesce(back, 0) - func.coalesce(again, 0)).where(
        Deduction.account_id == account_id, Deduction.loan_id == loan_id
    )
    return int(session.scalar(statement) or 0)
