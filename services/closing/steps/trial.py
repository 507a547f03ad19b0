"""Trial balance 试算平衡: opening + movements = closing for each account, all accounts together zero (I19)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.closing.models import LedgerDay
from services.closing.steps import StepFailed
from services.ledger.day_books import moved_on, standing_at


def balance_day(session: Session, day: date) -> dict[str, Any]:
    """Carry each account on from the day before, and hold it against the sum of all postings there are."""
    before = _opening(session, day)
    moved, standing = moved_on(session, day), standing_at(session, day)
    closing = {code: before.get(code, 0) + moved.get(code, 0) for code in {*before, *moved, *standing}}
    wrong = {
        code: [fen, standing.get(code, 0)] for code, fen in closing.items() if fen != standing.get(code, 0)
    }
    if wrong or sum(closing.values()):
        raise StepFailed("trial.differs", wrong=wrong, sum_fen=sum(closing.values()))
    for code, fen in closing.items():
        _keep(session, day, code, before.get(code, 0), moved.get(code, 0), fen)
    return {"accounts": len(closing), "moved": sum(bool(fen) for fen in moved.values()), "sum_fen": 0}


def _opening(session: Session, day: date) -> dict[str, int]:
    yesterday = day - timedelta(days=1)
    rows = session.scalars(select(LedgerDay).where(LedgerDay.day == yesterday)).all()
    return {row.gl_code: row.closing_fen for row in rows} if rows else standing_at(session, yesterday)


def _keep(
    session: Session, day: date, code: str, opening_fen: int, movement_fen: int, closing_fen: int
) -> None:
    fens = {"opening_fen": opening_fen, "movement_fen": movement_fen, "closing_fen": closing_fen}
    made = insert(LedgerDay).values(day=day, gl_code=code, **fens)
    session.execute(made.on_conflict_do_update(index_elements=["day", "gl_code"], set_=fens))
