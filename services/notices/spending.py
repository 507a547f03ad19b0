"""Spending 短信费用: what the SMS of a day have cost, counted when they are handed over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from threading import Lock
from time import monotonic
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.core.clock import shanghai_day
from services.notices.models import NoticeIntent, NoticeSpend
from services.notices.quiet import day_begin

SLOTS = 16
_FRESH_S = 2.0


class Spending:
    """The day's sum, read every two seconds: a budget may be passed by what goes in between."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read: tuple[date, int, float] | None = None

    def of_day(self, session: Session, at: datetime) -> int:
        """Fen spent on the Shanghai day of `at`."""
        day = shanghai_day(at)
        with self._lock:
            if self._read is None or self._read[0] != day or monotonic() - self._read[2] > _FRESH_S:
                self._read = (day, spent_on(session, day), monotonic())
            return self._read[1]

    def add(self, session: Session, at: datetime, intent_id: UUID, cost_fen: int) -> None:
        """Count one SMS; a negative cost takes back one that did not go."""
        one = 1 if cost_fen > 0 else -1
        row = insert(NoticeSpend).values(
            spent_on=shanghai_day(at), slot=intent_id.int % SLOTS, messages=one, cost_fen=cost_fen
        )
        more = {"messages": NoticeSpend.messages + one, "cost_fen": NoticeSpend.cost_fen + cost_fen}
        session.execute(row.on_conflict_do_update(index_elements=["spent_on", "slot"], set_=more))
        with self._lock:
            if self._read is not None:
                self._read = (self._read[0], self._read[1] + cost_fen, self._read[2])


def spent_on(session: Session, day: date) -> int:
    """Fen spent on a day."""
    found = session.scalar(select(func.sum(NoticeSpend.cost_fen)).where(NoticeSpend.spent_on == day))
    return int(found or 0)


def sent_today(session: Session, account_id: UUID, channel: str, at: datetime) -> dict[str, int]:
    """How many went to a member on a channel today, by topic."""
    begin = day_begin(at)
    rows = session.execute(
        select(NoticeIntent.topic, func.count().label("sent"))
        .where(
            NoticeIntent.account_id == account_id,
            NoticeIntent.channel == channel,
            NoticeIntent.sent_at >= begin,
            NoticeIntent.sent_at < begin + timedelta(days=1),
            NoticeIntent.state.not_in(("created", "held")),
        )
        .group_by(NoticeIntent.topic)
    )
    return {row.topic: row.sent for row in rows}
