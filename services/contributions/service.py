"""Posting and reading contributions 汇缴入账."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.service import require_open
from services.contributions.models import Contribution
from services.core.outbox import emit
from services.ledger.chart import BANK_DEPOSIT, MEMBER_FUND
from services.ledger.queries import balance_of
from services.ledger.service import Entry, Line, post


def post_contribution(
    session: Session, account_id: UUID, month: date, amount_fen: int, at: datetime, *, tell: bool = False
) -> None:
    """Book one month: Dr 101 住房公积金存款, Cr 201 住房公积金. A month is booked once; raises AccountClosed.

    `tell` the member of it: for the months as they come in, not for a history taken over from another system.
    """
    require_open(session, account_id)
    session.add(Contribution(account_id=account_id, month=month, amount_fen=amount_fen, posted_at=at))
    post(
        session,
        account_id,
        Entry(
            f"contribution:{month:%Y-%m}",
            "contribution",
            f"{month.year}年{month.month}月汇缴",
            (Line(BANK_DEPOSIT, amount_fen), Line(MEMBER_FUND, -amount_fen)),
        ),
        at,
    )
    if tell:
        balance_fen = balance_of(session, account_id).balance_fen
        payload = {"month": f"{month:%Y-%m}", "amount_fen": amount_fen, "balance_fen": balance_fen}
        emit(session, account_id, "contribution.posted", payload, at)


def months_paid(session: Session, account_id: UUID) -> list[date]:
    """Months contributed, newest first."""
    statement = select(Contribution.month).where(Contribution.account_id == account_id)
    return list(session.scalars(statement.order_by(Contribution.month.desc())))
