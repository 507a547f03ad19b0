"""An employer's money told of again 单位来款重复告知."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.remittances.models import RemittanceReceipt
from services.settlement import repeating
from services.settlement.movements import direction_of
from services.settlement.ports import AccountChange


def told_before(session: Session, employer_id: UUID, change: AccountChange) -> bool:
    """Whether this money of the employer came, or went back, already. The employer is locked."""
    taken_in = select(RemittanceReceipt.notice_key).where(
        RemittanceReceipt.employer_id == employer_id,
        RemittanceReceipt.direction == direction_of(change),
    )
    return repeating.told_before(session, change, taken_in)
