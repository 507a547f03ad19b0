"""Quotas 调用额度: calls counted for each API and day of Shanghai; warned at 80 %, stopped at the limit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from sqlalchemy import Date, Integer, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.core.clock import Clock, shanghai_day
from services.core.db import Base, Instant, Sessions
from services.core.sql import Statement

log = logging.getLogger(__name__)
WARN_PERCENT = 80
PAUSE = timedelta(seconds=60)
# The platform's defaults for a verified service account; an account may have more.
DAILY_LIMITS: Mapping[str, int] = {
    "stable_token": 500_000,
    "ticket/getticket": 1_000_000,
    "menu/create": 1_000,
    "menu/get": 10_000,
    "message/template/send": 100_000,
    "message/subscribe/bizsend": 100_000,
    "message/subscribe/send": 10_000_000,
    "message/custom/send": 500_000,
}


@dataclass(frozen=True, slots=True)
class Use:
    """One API today: how often it was called, and whether WeChat said that this is enough."""

    call: str
    used: int
    limit: int | None
    stopped: bool
    paused_until: datetime | None

    @property
    def percent(self) -> int:
        """How much of the day's limit is used, rounded down."""
        return self.used * 100 // self.limit if self.limit else 0


class Quotas(Protocol):
    """Counts calls and tells when to stop."""

    def may_call(self, call: str, *, urgent: bool) -> bool:
        """Count one more call; False when it must not be made."""
        ...

    def stop(self, call: str) -> None:
        """WeChat says the day's quota is used up (45009): no more calls before midnight."""
        ...

    def pause(self, call: str) -> None:
        """WeChat says too many in a minute (45011): none for a minute."""
        ...


class Uncounted:
    """Quotas of a client that has no database, as in a bench: everything may be called."""

    def may_call(self, call: str, *, urgent: bool) -> bool:
        """Always."""
        return True

    def stop(self, call: str) -> None:
        """Nothing to remember it in."""

    def pause(self, call: str) -> None:
        """Nothing to remember it in."""


class WeChatQuota(Base):
    """Row of wechat_quota: one API of one app on one day."""

    __tablename__ = "wechat_quota"

    appid: Mapped[str] = mapped_column(String(32), primary_key=True)
    call: Mapped[str] = mapped_column(String(60), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    used: Mapped[int] = mapped_column(Integer)
    stopped: Mapped[bool]
    paused_until: Mapped[Instant | None]
    first_at: Mapped[Instant]


_ADD = Statement(
    "INSERT INTO wechat_quota AS own (appid, call, day, used, stopped, paused_until, first_at)"
    " VALUES (:appid, :call, :day, :used, :stopped, :paused_until, :at)"
    " ON CONFLICT (appid, call, day) DO UPDATE SET used = own.used + excluded.used,"
    " stopped = own.stopped OR excluded.stopped,"
    " paused_until = coalesce(excluded.paused_until, own.paused_until)"
    " RETURNING used, stopped, paused_until"
)


class Counted(NamedTuple):
    """One API today, after one more."""

    used: int
    stopped: bool
    paused_until: datetime | None


class DatabaseQuotas:
    """Quotas in PostgreSQL, shared by all processes."""

    def __init__(
        self, sessions: Sessions, clock: Clock, appid: str, limits: Mapping[str, int] = DAILY_LIMITS
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._appid = appid
        self._limits = limits

    def may_call(self, call: str, *, urgent: bool) -> bool:
        """Count one more call. At the limit only urgent ones go on, until WeChat itself refuses."""
        row = self._add(call, used=1)
        limit = self._limits.get(call)
        if limit is not None:
            self._warn(call, row.used, limit)
        if row.stopped or (row.paused_until is not None and row.paused_until > self._clock.now()):
            return False
        return urgent or limit is None or row.used <= limit

    def stop(self, call: str) -> None:
        """No more of these before midnight."""
        log.error("wechat quota used up: %s", call)
        self._add(call, stopped=True)

    def pause(self, call: str) -> None:
        """None of these for a minute."""
        log.warning("wechat minute limit: %s", call)
        self._add(call, paused_until=self._clock.now() + PAUSE)

    def today(self) -> list[Use]:
        """Every API called today, the fullest first."""
        statement = select(WeChatQuota).where(
            WeChatQuota.appid == self._appid, WeChatQuota.day == shanghai_day(self._clock.now())
        )
        with self._sessions() as session:
            uses = [self._use(row) for row in session.scalars(statement)]
        return sorted(uses, key=lambda use: (-use.percent, -use.used, use.call))

    def clear(self) -> None:
        """Today's counts begin anew, after WeChat cleared its own (clear_quota)."""
        with self._sessions.begin() as session:
            session.execute(delete(WeChatQuota).where(WeChatQuota.appid == self._appid))

    def _use(self, row: WeChatQuota) -> Use:
        return Use(row.call, row.used, self._limits.get(row.call), row.stopped, row.paused_until)

    def _warn(self, call: str, used: int, limit: int) -> None:
        if used == -(-limit * WARN_PERCENT // 100):
            log.warning("wechat quota at %d%%: %s", WARN_PERCENT, call)
        if used == limit:
            log.error("wechat quota at its limit, urgent calls only: %s", call)

    def _add(
        self, call: str, *, used: int = 0, stopped: bool = False, paused_until: datetime | None = None
    ) -> Counted:
        now = self._clock.now()
        key = {"appid": self._appid, "call": call[:60], "day": shanghai_day(now), "at": now}
        more = {"used": used, "stopped": stopped, "paused_until": paused_until}
        with self._sessions.begin() as session:
            row = _ADD.first(session, {**key, **more})
        return Counted(row.used, row.stopped, row.paused_until)
