"""A letter's going back that was told before its money 先告知的收回: it waits for a person, and for that money."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.transfers.models import TransferIn, TransferMoney


def early_return(session: Session, row: TransferIn, amount_fen: int) -> TransferMoney | None:
    """A return of this sum that found no money to take back; what comes next proves it."""
    statement = select(TransferMoney).where(
        TransferMoney.account_id == row.account_id,
        TransferMoney.application_id == row.application_id,
        TransferMoney.direction == "debit",
        TransferMoney.state == "open",
        TransferMoney.amount_fen == amount_fen,
    )
    return session.scalar(statement.order_by(TransferMoney.at).limit(1))


def may_take(session: Session, row: TransferIn, amount_fen: int) -> bool:
    """Whether money without a number may be this letter's: it is promised, or went back, however the letter ended."""
    return row.state == "promised" or early_return(session, row, amount_fen) is not None
