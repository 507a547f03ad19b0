"""Replay store 去重: remembers which callbacks came and what was answered, so that each has its effect once."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy import String, Text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.core.db import Base, Instant
from services.core.sql import Statement


class ReplayStore(Protocol):
    """Tells first times from repeats."""

    def first_time(self, key: str, now: datetime, *also: str) -> bool:
        """Remember a key, and others with it; False when any was there already."""
        ...

    def keep_answer(self, key: str, answer: str) -> None:
        """Remember what was answered, still encrypted for WeChat."""
        ...

    def answer_of(self, key: str) -> str | None:
        """What was answered, when there was an answer."""
        ...


class WeChatCallbackSeen(Base):
    """Row of wechat_callback_seen: the hash of a signature or of a message's identity; the answer as ciphertext."""

    __tablename__ = "wechat_callback_seen"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[Instant] = mapped_column(index=True)
    answer: Mapped[str | None] = mapped_column(Text)


_SEE = Statement(
    "INSERT INTO wechat_callback_seen (key, seen_at) SELECT unnest(CAST(:keys AS text[])), :seen_at"
    " ON CONFLICT DO NOTHING"
)


class DatabaseReplayStore:
    """ReplayStore in the caller's transaction: a handler that fails leaves no mark, so the resend counts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def first_time(self, key: str, now: datetime, *also: str) -> bool:
        """Remember a key, and others with it; False when any was there already."""
        keys = [key, *also]
        return _SEE.run(self._session, {"keys": keys, "seen_at": now}) == len(keys)

    def keep_answer(self, key: str, answer: str) -> None:
        """Remember what was answered."""
        row = update(WeChatCallbackSeen).where(WeChatCallbackSeen.key == key)
        self._session.execute(row.values(answer=answer))

    def answer_of(self, key: str) -> str | None:
        """What was answered."""
        row = self._session.get(WeChatCallbackSeen, key)
        return row.answer if row is not None else None
