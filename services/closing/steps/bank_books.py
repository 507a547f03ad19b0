"""Bank and books 银行与账面: what the bank has is what the books have, and every fen between them has a name (I19)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.closing.days import first_day
from services.closing.models import BusinessDay, LedgerDay
from services.closing.steps import StepFailed, StepWaits
from services.ledger.chart import BANK_DEPOSIT
from services.ledger.day_books import bank_legs
from services.reconciliation.models import BankStatement, BankStatementLine
from services.settlement.models import BankNotice


def hold_against_bank(session: Session, day: date) -> dict[str, Any]:
    """bank = books + gap + carried.

    Carried grows by what moved at the bank and falls by what was booked for it, so what is booked on another day, or
    never, stays in it until it is. The gap moves only by what was booked without a movement of the bank.
    """
    row = session.get_one(BusinessDay, day, with_for_update=True)
    statement = session.get(BankStatement, day)
    if statement is None:
        raise StepWaits("statement")
    ledger = session.get(LedgerDay, (day, BANK_DEPOSIT))
    legs = bank_legs(session, day)
    before = session.get(BusinessDay, day - timedelta(days=1))
    moved_fen = _counted_lines(session, day) + statement.missing_fen - legs.proven_fen - legs.corrected_fen
    row.bank_closing_fen = statement.closing_fen
    row.book_closing_fen = ledger.closing_fen if ledger else 0
    row.carried_fen = moved_fen + (before.carried_fen or 0 if before else 0)
    row.gap_fen = row.bank_closing_fen - row.book_closing_fen - row.carried_fen
    earlier_fen = ledger.taken_over_fen if ledger else 0
    taken_over_fen = sum(legs.taken_over_fen.values()) + earlier_fen
    result = {
        "bank_fen": row.bank_closing_fen,
        "book_fen": row.book_closing_fen,
        "gap_fen": row.gap_fen,
        "carried_fen": row.carried_fen,
        "taken_over": {**legs.taken_over_fen, "before_these_books": earlier_fen},
    }
    if before is not None and before.gap_fen is not None and row.gap_fen != before.gap_fen - taken_over_fen:
        unnamed = row.gap_fen - (before.gap_fen - taken_over_fen)
        raise StepFailed("bank.unnamed_difference", unnamed_fen=unnamed, **result)
    return result


def _counted_lines(session: Session, day: date) -> int:
    """Lines of the day, but for movements that were settled before the days were kept."""
    began = first_day(session)
    assert began is not None
    earlier = select(BankNotice.notice_key).where(
        BankNotice.notice_key == BankStatementLine.notice_key, BankNotice.received_at < began.opened_at
    )
    statement = select(func.coalesce(func.sum(BankStatementLine.fen), 0))
    return int(session.scalar(statement.where(BankStatementLine.day == day, ~earlier.exists())) or 0)
