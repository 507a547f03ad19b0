"""Trial balance 试算平衡: opening + movements = closing for each account, all accounts together zero (I19)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.closing.days import first_day
from services.closing.models import LedgerDay
from services.closing.steps import StepFailed
from services.ledger.day_books import moved_on, standing_at

Sums = dict[str, int]


def balance_day(session: Session, day: date) -> dict[str, Any]:
    """Carry each account on from the day before, and hold it against the sum of all postings there are."""
    first = first_day(session)
    if first is None or first.day == day:  # what was there before these books, once
        opening, taken_over = standing_at(session, day - timedelta(days=1)), {}
    else:
        opening, taken_over = _closing_before(session, day), _taken_over(session, first.day, day)
    moved, standing = moved_on(session, day), standing_at(session, day)
    parts = (opening, taken_over, moved)
    codes = {*standing, *(code for part in parts for code in part)}
    closing = {code: sum(part.get(code, 0) for part in parts) for code in codes}
    wrong = {
        code: [fen, standing.get(code, 0)] for code, fen in closing.items() if fen != standing.get(code, 0)
    }
    if wrong or sum(closing.values()):
        raise StepFailed("trial.differs", wrong=wrong, sum_fen=sum(closing.values()))
    for code in closing:
        _keep(session, day, code, [part.get(code, 0) for part in parts])
    return {"accounts": len(closing), "moved": sum(bool(fen) for fen in moved.values()), "sum_fen": 0}


def is_balanced(session: Session, day: date) -> bool:
    """Whether the trial balance of a day still has everything that is posted on it."""
    rows = session.scalars(select(LedgerDay).where(LedgerDay.day == day, LedgerDay.movement_fen != 0))
    kept = {row.gl_code: row.movement_fen for row in rows}
    return kept == {code: fen for code, fen in moved_on(session, day).items() if fen}


def _closing_before(session: Session, day: date) -> Sums:
    """The closing of the day before; nothing where that closed over empty books."""
    rows = session.scalars(select(LedgerDay).where(LedgerDay.day == day - timedelta(days=1)))
    return {row.gl_code: row.closing_fen for row in rows}


def _taken_over(session: Session, first: date, day: date) -> Sums:
    """What was brought in of days before these books since the day before was closed."""
    there, known = standing_at(session, first - timedelta(days=1)), _known(session, first, day)
    return {code: there.get(code, 0) - known.get(code, 0) for code in {*there, *known}}


def _known(session: Session, first: date, day: date) -> Sums:
    total = func.sum(LedgerDay.taken_over_fen)
    statement = select(LedgerDay.gl_code, total).where(LedgerDay.day < day).group_by(LedgerDay.gl_code)
    known = {row[0]: int(row[1]) for row in session.execute(statement)}
    for row in session.scalars(select(LedgerDay).where(LedgerDay.day == first)):
        known[row.gl_code] = known.get(row.gl_code, 0) + row.opening_fen
    return known


def _keep(session: Session, day: date, code: str, parts: list[int]) -> None:
    fens = dict(zip(("opening_fen", "taken_over_fen", "movement_fen"), parts, strict=True))
    fens["closing_fen"] = sum(parts)
    made = insert(LedgerDay).values(day=day, gl_code=code, **fens)
    session.execute(made.on_conflict_do_update(index_elements=["day", "gl_code"], set_=fens))
