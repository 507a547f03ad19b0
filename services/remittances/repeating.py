"""An employer's money told of again 单位来款重复告知: what came, and what was given back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.remittances.models import RemittanceReceipt
from services.settlement import repeating
from services.settlement.models import BankNotice
from services.settlement.movements import direction_of
from services.settlement.ports import AccountChange


def told_before(session: Session, employer_id: UUID, change: AccountChange) -> bool:
    """Whether this money of the employer came, or went back, already. The employer is locked."""
    taken_in = select(RemittanceReceipt.notice_key).where(
        RemittanceReceipt.employer_id == employer_id,
        RemittanceReceipt.direction == direction_of(change),
    )
    return repeating.told_before(session, change, taken_in)


def return_told_before(session: Session, surplus_no: str, change: AccountChange, *, leaves: bool) -> bool:
    """Whether a return to an employer was paid out, or came back, by this very movement. The employer is locked.

    Its state goes to and fro under one number and does not tell. Nor is a movement taken in by its other telling once
    people have booked it, or a second payment that was left to them; what came back before it was paid out is.
    """
    judged = ("remittance_returned", "break") if leaves else ("remittance_bounced",)
    taken_in = select(BankNotice.notice_key).where(
        BankNotice.instruction_no == surplus_no,
        BankNotice.direction == change.direction,
        BankNotice.outcome.in_((*judged, "corrected")),
    )
    return repeating.told_before(session, change, taken_in)
