"""Reading days 日终查询: the list of days, one with its steps and balances, and what an alarm looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.closing.models import BusinessDay, ClosingStep, LedgerDay, SealedHead
from services.core.errors import NotFound
from services.reconciliation.models import BankBreak, BankStatement

PAGE = 60


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day in the list."""

    day: BusinessDay
    steps: dict[str, str]
    open_breaks: int
    breaks: int


def sealed_days(session: Session) -> list[date]:
    """Closed days whose seal can be worked out again, the oldest first."""
    sealed = select(SealedHead.day).where(SealedHead.day == BusinessDay.day)
    closed = select(BusinessDay.day).where(BusinessDay.state == "closed", sealed.exists())
    return list(session.scalars(closed.order_by(BusinessDay.day)))


def days(session: Session) -> list[DayRow]:
    """The newest first."""
    rows = session.scalars(select(BusinessDay).order_by(BusinessDay.day.desc()).limit(PAGE)).all()
    wanted = [row.day for row in rows]
    steps: dict[date, dict[str, str]] = {}
    for step in session.scalars(select(ClosingStep).where(ClosingStep.day.in_(wanted))):
        steps.setdefault(step.day, {})[step.name] = step.state
    counted = (
        select(BankBreak.day, func.count(), func.count().filter(BankBreak.state != "closed"))
        .where(BankBreak.day.in_(wanted))
        .group_by(BankBreak.day)
    )
    breaks = {row[0]: (row[1], row[2]) for row in session.execute(counted)}
    return [
        DayRow(row, steps.get(row.day, {}), breaks.get(row.day, (0, 0))[1], breaks.get(row.day, (0, 0))[0])
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class DayFacts:
    """Everything about one day."""

    day: BusinessDay
    steps: dict[str, ClosingStep]
    balances: list[LedgerDay]
    statement: BankStatement | None


def day_facts(session: Session, day: date) -> DayFacts:
    """One day; raises NotFound."""
    row = session.get(BusinessDay, day)
    if row is None:
        raise NotFound("没有这个会计日期。")
    steps = {step.name: step for step in session.scalars(select(ClosingStep).where(ClosingStep.day == day))}
    balances = session.scalars(select(LedgerDay).where(LedgerDay.day == day).order_by(LedgerDay.gl_code))
    return DayFacts(row, steps, list(balances), session.get(BankStatement, day))


@dataclass(frozen=True, slots=True)
class Standing:
    """What an alarm looks at: open breaks, days that wait, and how old the oldest of them is."""

    open_breaks: int
    waiting_days: int
    oldest_waiting: date | None
    open_day: date | None


def standing(session: Session) -> Standing:
    """How the days stand."""
    open_breaks = session.scalar(
        select(func.count()).select_from(BankBreak).where(BankBreak.state != "closed")
    )
    waiting = session.execute(
        select(func.count(), func.min(BusinessDay.day)).where(BusinessDay.state == "closing")
    ).one()
    open_day = session.scalar(select(BusinessDay.day).where(BusinessDay.state == "open"))
    return Standing(open_breaks or 0, waiting[0], waiting[1], open_day)
