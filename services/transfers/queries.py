"""Reading transfers 转移查询: months of contribution elsewhere, what is under way, and what the desk looks at."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.contributions.rules import previous_month
from services.core.money import yuan_text
from services.transfers.booking import waiting_fen
from services.transfers.models import TransferIn
from services.transfers.moving import transfer_of
from services.transfers.states import ASKING

PROVEN_MONTHS = 6
"""What SixMconFlag 连续六个月 proves: so many months without a gap up to the last one paid there, and no more."""


def transferred_months(session: Session, account_id: UUID) -> list[date]:
    """Months another centre vouches for, of transfers that have arrived."""
    statement = select(TransferIn.paid_through_month).where(
        TransferIn.account_id == account_id, TransferIn.state == "credited", TransferIn.six_months.is_(True)
    )
    return [month for last in session.scalars(statement) if last for month in _back_from(last)]


def _back_from(last: str) -> list[date]:
    months = [date.fromisoformat(f"{last}-01")]
    while len(months) < PROVEN_MONTHS:
        months.append(previous_month(months[-1]))
    return months


def under_way(session: Session, account_id: UUID) -> TransferIn | None:
    """The transfer that is not at its end."""
    statement = select(TransferIn).where(TransferIn.account_id == account_id, TransferIn.state.in_(ASKING))
    return session.scalar(statement.limit(1))


def arrived_from(session: Session, account_id: UUID) -> tuple[str, ...]:
    """Names of the centres whose accounts have been handed over."""
    statement = select(TransferIn.centre_name).where(
        TransferIn.account_id == account_id, TransferIn.state == "credited"
    )
    return tuple(session.scalars(statement.order_by(TransferIn.credited_at)))


def desk_rows(session: Session, case: Application) -> list[tuple[str, str]]:
    """What two people compare before they decide on a sum that differs."""
    row = transfer_of(session, case)
    if row is None or row.amount_fen is None:
        return []
    return [
        ("转出地中心", row.centre_name),
        ("联系函编号", row.letter_no),
        ("对方来信的金额", f"{yuan_text(row.amount_fen)} 元"),
        ("银行实际收到", f"{yuan_text(waiting_fen(session, row))} 元"),
    ]
