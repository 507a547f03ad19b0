"""Money that is missing 被冲回的钱: the bank took it back when its batch was posted already, and a person has to look.

Its receipt stays with the batch as what was posted with it, and pays for nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from services.remittances.models import RemittanceBatch, RemittanceReceipt
from services.settlement.models import BankNotice


def money_there(session: Session, batch: RemittanceBatch) -> list[RemittanceReceipt]:
    """What paid for a batch, the last first; without what the bank took back when it was posted already."""
    gone_fens = Counter(_gone_fens(session, batch))
    statement = (
        select(RemittanceReceipt)
        .where(
            RemittanceReceipt.employer_id == batch.employer_id,
            RemittanceReceipt.batch_id == batch.batch_id,
            RemittanceReceipt.state == "allotted",
        )
        .order_by(RemittanceReceipt.at.desc(), RemittanceReceipt.notice_key)
    )
    there = []
    for money in session.scalars(statement.with_for_update()):
        came_fen = _came_fen(session, money)
        if gone_fens[came_fen] > 0:
            gone_fens[came_fen] -= 1
        else:
            there.append(money)
    return there


def short_batch(
    session: Session, named: RemittanceBatch | None, posted: Sequence[RemittanceReceipt]
) -> UUID | None:
    """Which batch lacks what the bank took, of the posted money that it may have been: the named one, else the last.

    Each sum is missing once: the next reversal of as much is of another batch. None where nobody can tell.
    """
    named_id = named.batch_id if named is not None else None
    for money in sorted(posted, key=lambda one: one.batch_id != named_id):
        batch = session.get_one(RemittanceBatch, money.batch_id)
        whole = _came_fen(session, money) == money.amount_fen
        if whole and money in money_there(session, batch):
            return batch.batch_id
    return named_id if named is not None and named.received_fen > 0 else None


def _gone_fens(session: Session, batch: RemittanceBatch) -> Sequence[int]:
    """The sums taken back of the batch; where nobody could tell of which, it may be of any that was filed before."""
    of_any = and_(RemittanceReceipt.batch_id.is_(None), RemittanceReceipt.at >= batch.created_at)
    gone = select(RemittanceReceipt.amount_fen).where(
        RemittanceReceipt.employer_id == batch.employer_id,
        RemittanceReceipt.state == "break",
        or_(RemittanceReceipt.batch_id == batch.batch_id, of_any),
    )
    return session.scalars(gone).all()


def _came_fen(session: Session, money: RemittanceReceipt) -> int:
    """What came in, though a surplus was set apart from it since: the bank takes back the whole of it."""
    told = session.get(BankNotice, money.notice_key)
    return told.amount_fen if told is not None else money.amount_fen
