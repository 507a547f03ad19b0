"""Replay store 去重: remembers which callbacks came, so that each has its effect once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import String, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.core.db import Base, Instant

KEEP = timedelta(days=1)


class ReplayStore(Protocol):
    """Tells first times from repeats."""

    def first_time(self, key: str, now: datetime) -> bool:
        """Remember a key; False when it was there already."""
        ...


class WeChatCallbackSeen(Base):
    """Row of wechat_callback_seen: the hash of a signature or of a message's identity."""

    __tablename__ = "wechat_callback_seen"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[Instant] = mapped_column(index=True)


class DatabaseReplayStore:
    """ReplayStore in the caller's transaction: a handler that fails leaves no mark, so the resend counts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def first_time(self, key: str, now: datetime) -> bool:
        """Remember a key; False when it was there already."""
        statement = insert(WeChatCallbackSeen).values(key=key, seen_at=now).on_conflict_do_nothing()
        return self._session.execute(statement.returning(WeChatCallbackSeen.key)).first() is not None


def forget_old(session: Session, now: datetime) -> None:
    """Drop marks no resend can need any more; for a periodic job."""
    session.execute(delete(WeChatCallbackSeen).where(WeChatCallbackSeen.seen_at < now - KEEP))
