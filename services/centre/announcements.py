"""Announcements 公告与停机通知: published by staff for a span of time, shown on every page meanwhile, withdrawn at once."""

from __future__ import annotations

from datetime import datetime
from unicodedata import category
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.audit.service import CENTRE, record
from services.centre.models import Announcement
from services.core.errors import Invalid, NotFound
from services.core.ids import new_id
from services.core.plain_text import seen

KINDS = {"outage": "停机", "news": "公告"}
MOST_SHOWN, LONGEST = 3, 200
YEARS = range(2020, 2200)
"""A slip of the hand in the year could be kept, but by no page be read again."""


def publish(
    session: Session, *, kind: str, words: str, from_at: datetime, until_at: datetime, by: str, at: datetime
) -> Announcement:
    """Show a text from an instant until another. Raises Invalid."""
    words = " ".join(seen(words).split())
    if kind not in KINDS:
        raise Invalid("请选停机或公告。", code="announcement.kind", field="kind")
    if not 6 <= len(words) <= LONGEST or any(category(char) == "Cc" for char in words):
        raise Invalid("请用 6 到 200 个字写清楚。", code="announcement.words", field="words")
    if from_at.year not in YEARS or until_at.year not in YEARS:
        raise Invalid("请看一下年份。", code="announcement.year", field="from")
    if until_at <= from_at or until_at <= at:
        raise Invalid("结束时间要晚于开始时间，也要晚于现在。", code="announcement.span", field="until")
    made = Announcement(
        announcement_id=new_id(),
        kind=kind,
        words=words,
        from_at=from_at,
        until_at=until_at,
        published_by=by,
        published_at=at,
    )
    session.add(made)
    session.flush()
    _note(session, made, "announcement.published", by, at)
    return made


def withdraw(session: Session, announcement_id: UUID, *, by: str, at: datetime) -> None:
    """Show it no more. Raises NotFound for one that is not there or was withdrawn."""
    row = session.get(Announcement, announcement_id, with_for_update=True)
    if row is None or row.withdrawn_at is not None:
        raise NotFound
    row.withdrawn_by, row.withdrawn_at = by, at
    _note(session, row, "announcement.withdrawn", by, at)


def in_force(session: Session, at: datetime) -> list[Announcement]:
    """What is shown now: outages first, then the newest."""
    statement = _standing(at).where(Announcement.from_at <= at)
    order = (Announcement.kind.desc(), Announcement.from_at.desc())  # outage after news in the alphabet
    return list(session.scalars(statement.order_by(*order).limit(MOST_SHOWN)))


def standing(session: Session, at: datetime) -> list[Announcement]:
    """What is shown now or will be, the soonest first."""
    return list(session.scalars(_standing(at).order_by(Announcement.from_at)))


def _standing(at: datetime) -> Select[Announcement]:
    return select(Announcement).where(Announcement.withdrawn_at.is_(None), Announcement.until_at > at)


def _note(session: Session, row: Announcement, action: str, by: str, at: datetime) -> None:
    record(session, CENTRE, action, actor=by, subject=str(row.announcement_id), at=at)
