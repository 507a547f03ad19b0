"""Business days 会计日期: cut over by the calendar or earlier by hand, looked at until they close."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.audit.service import CENTRE, record
from services.closing.models import BusinessDay
from services.closing.states import DAY_STATES
from services.core.clock import shanghai_day

LOOK_AGAIN = timedelta(minutes=5)


def open_day(session: Session, *, lock: bool = False) -> BusinessDay | None:
    """The day that is open; none before the first."""
    statement = select(BusinessDay).where(BusinessDay.state == "open")
    return session.scalar(statement.with_for_update() if lock else statement)


def first_day(session: Session) -> BusinessDay | None:
    """The day these books began."""
    return session.scalar(select(BusinessDay).order_by(BusinessDay.day).limit(1))


def roll(session: Session, at: datetime) -> int:
    """Open the first day, or cut over to the calendar's; every day between is a day. Returns how many were opened."""
    today, present = shanghai_day(at), open_day(session)
    if present is None:
        if session.scalar(select(func.count()).select_from(BusinessDay)) == 0:
            session.add(BusinessDay(day=today, state=DAY_STATES.initial, opened_at=at))
            return 1
        return 0
    opened = 0
    while (present := open_day(session, lock=True)) is not None and present.day < today:
        cut_over(session, present, at)
        opened += 1
    return opened


def cut_over(session: Session, present: BusinessDay, at: datetime) -> BusinessDay:
    """日切: the open day goes into its closing, the next one is open; from here on postings are of that."""
    present.state = DAY_STATES.target(present.state, "cut_over")
    present.closing_at = present.look_again_at = at
    session.flush()
    following = BusinessDay(day=present.day + timedelta(days=1), state=DAY_STATES.initial, opened_at=at)
    session.add(following)
    session.flush()
    subject = present.day.isoformat()
    record(session, CENTRE, "day.cut_over", actor="system", subject=subject, at=at)
    return following


def waiting_days(session: Session) -> list[date]:
    """Days on their way to being closed, the oldest first."""
    statement = select(BusinessDay.day).where(BusinessDay.state == "closing")
    return list(session.scalars(statement.order_by(BusinessDay.day)))


def is_due(session: Session, at: datetime) -> bool:
    """Whether a day is to be looked at now."""
    statement = select(func.count()).where(BusinessDay.state == "closing", BusinessDay.look_again_at <= at)
    return bool(session.scalar(statement))


def look_again(session: Session, at: datetime) -> None:
    """Something has changed for the days that wait, such as a break that was closed."""
    session.execute(update(BusinessDay).where(BusinessDay.state == "closing").values(look_again_at=at))
