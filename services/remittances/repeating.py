"""Money told of again 重复告知: notice and statement may spell a name, or date a movement, in two ways."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.remittances.models import RemittanceReceipt
from services.settlement.models import BankNotice
from services.settlement.movements import case_number_in
from services.settlement.ports import AccountChange

_NEAR = timedelta(days=3)
"""The bank numbers each day anew: further apart, the same number is another movement."""


def told_before(session: Session, employer_id: UUID, change: AccountChange) -> bool:
    """Whether money of this employer came, or went back, under the same bank number and of the same sum.

    By the sum as the bank told it, since a part of what came may be set apart. The employer is locked. Two payments of
    one sum under one number on days so near are possible, but a person books the second sooner than undoes a false one.
    """
    number = case_number_in(change)
    statement = (
        select(BankNotice.notice_key)
        .join(RemittanceReceipt, RemittanceReceipt.notice_key == BankNotice.notice_key)
        .where(
            RemittanceReceipt.employer_id == employer_id,
            RemittanceReceipt.direction == ("debit" if change.reversal else change.direction),
            RemittanceReceipt.on.between(change.day - _NEAR, change.day + _NEAR),
            BankNotice.host_seq_no == change.host_seq_no,
            BankNotice.amount_fen == change.amount_fen,
        )
    )
    if number is not None:
        named = BankNotice.instruction_no
        statement = statement.where(or_(named.is_(None), named == number))
    return bool(change.host_seq_no) and session.scalar(statement.limit(1)) is not None
