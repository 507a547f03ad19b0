"""Restored books 恢复后的账: they do not know what left since the instant, so no money moves until the bank has told."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, DateTime, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.audit.service import CENTRE, record
from services.core.db import Base, Instant
from services.core.errors import Unavailable

_MARK = text(
    "INSERT INTO restored_books (until_at, last_day, marked_at)"
    " VALUES (:until, greatest(CAST(:day AS date), (SELECT max(day) FROM business_day)), :at)"
    " ON CONFLICT (until_at) DO UPDATE SET last_day = greatest(restored_books.last_day, excluded.last_day)"
    " RETURNING last_day"
)
_BEHIND = text("SELECT EXISTS (SELECT FROM books_behind)")


class RestoredBooks(Base):
    """A restore to `until_at`. Money rests until `last_day`, the last on which something could have left, is closed."""

    __tablename__ = "restored_books"
    until_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    last_day: Mapped[date] = mapped_column(Date)
    marked_at: Mapped[Instant]


class BooksBehind(Unavailable):
    """The books were restored, and the bank has not yet told everything that happened since."""

    code, title = "centre.books_behind", "正在与银行对账"
    detail = "中心正在与银行核对账目，涉及资金的业务暂时不能办理，您的钱没有动。请明天再来，或拨打 12329。"


def mark_restored(session: Session, until: datetime, day: date, at: datetime) -> date:
    """Have money rest until `day`, or the books' own day where that is later, is closed; returns which. Again: no less."""
    last_day: date = session.execute(_MARK, {"until": until, "day": day, "at": at}).scalar_one()
    detail = {"last_day": last_day.isoformat()}
    record(session, CENTRE, "books.restored", actor="system", subject=until.isoformat(), at=at, detail=detail)
    return last_day


def books_behind(session: Session) -> bool:
    """Whether money has to rest."""
    return bool(session.scalar(_BEHIND))
