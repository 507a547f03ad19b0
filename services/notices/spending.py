"""Spending 短信费用: what the SMS of a day have cost, counted when they are handed over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from threading import Lock
from time import monotonic
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.core.clock import shanghai_day
from services.core.sql import Statement
from services.notices.models import NoticeSpend
from services.notices.quiet import day_begin

SLOTS = 16
_FRESH_S = 2.0
_ADD = Statement(
    "INSERT INTO notice_spend AS day (spent_on, slot, messages, cost_fen)"
    " VALUES (:spent_on, :slot, :messages, :cost_fen) ON CONFLICT (spent_on, slot) DO UPDATE"
    " SET messages = day.messages + excluded.messages, cost_fen = day.cost_fen + excluded.cost_fen"
)
_SENT = Statement(
    "SELECT topic, count(*) AS sent FROM notice_intent WHERE account_id = :account_id AND channel = :channel"
    " AND sent_at >= :since AND sent_at < :until AND state NOT IN ('created', 'held') GROUP BY topic"
)


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
        spent = {
            "spent_on": shanghai_day(at),
            "slot": intent_id.int % SLOTS,
            "messages": one,
            "cost_fen": cost_fen,
        }
        _ADD.run(session, spent)
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
    times = {"since": begin, "until": begin + timedelta(days=1)}
    rows = _SENT.all(session, {"account_id": account_id, "channel": channel, **times})
    return {row.topic: row.sent for row in rows}
