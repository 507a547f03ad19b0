"""A letter's money told of again 转入款重复告知."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.settlement import repeating
from services.settlement.movements import direction_of
from services.settlement.ports import AccountChange
from services.transfers.models import TransferIn, TransferMoney


def told_before(session: Session, row: TransferIn, change: AccountChange) -> bool:
    """Whether this money of the letter came, or went back, already. The account is locked."""
    taken_in = select(TransferMoney.notice_key).where(
        TransferMoney.account_id == row.account_id,
        TransferMoney.application_id == row.application_id,
        TransferMoney.direction == direction_of(change),
    )
    return repeating.told_before(session, change, taken_in)
