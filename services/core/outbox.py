"""Outbox 事件箱: what happened, written with the change itself and read later by those who tell others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, String, Uuid, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.core.db import Base
from services.core.ids import new_id
from services.core.jobs import defer
from services.core.sql import Statement


class OutboxEvent(Base):
    """One event of one account, e.g. `withdrawal.paid`."""

    __tablename__ = "outbox_event"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    topic: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (Index("ix_outbox_event_created_at", "created_at"),)


class ProcessedEvent(Base):
    """Mark that a consumer has handled an event; written in the effect's own transaction."""

    __tablename__ = "processed_event"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    consumer: Mapped[str] = mapped_column(String(40), primary_key=True)


_INSERT = Statement(
    "INSERT INTO outbox_event (account_id, event_id, topic, payload, created_at)"
    " VALUES (:account_id, :event_id, :topic, :payload, :created_at)",
    json=("payload",),
)
_CLAIM = Statement(
    "INSERT INTO processed_event (account_id, event_id, consumer) VALUES (:account_id, :event_id, :consumer)"
    " ON CONFLICT DO NOTHING"
)
_LOAD = Statement(
    "SELECT topic, payload, created_at FROM outbox_event WHERE account_id = :account_id AND event_id = :event_id"
)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as those who tell of it read it."""

    topic: str
    payload: dict[str, Any]
    created_at: datetime


def emit(
    session: Session,
    account_id: UUID,
    topic: str,
    payload: dict[str, Any],
    at: datetime,
    *,
    notify: bool = True,
) -> UUID:
    """Write an event, and the job that tells the member of it, in the caller's transaction.

    The payload holds ids, amounts and card tails, never names or numbers of people.
    """
    event_id = new_id()
    _INSERT.run(
        session,
        {
            "account_id": account_id,
            "event_id": event_id,
            "topic": topic,
            "payload": payload,
            "created_at": at,
        },
    )
    if notify:
        defer(session, "notices.handle_event", "notices", account_id=account_id, event_id=event_id)
    return event_id


def claim(session: Session, account_id: UUID, event_id: UUID, consumer: str) -> bool:
    """True once for each (event, consumer): the caller then does the effect in this same transaction."""
    key = {"account_id": account_id, "event_id": event_id, "consumer": consumer}
    return _CLAIM.run(session, key) == 1


def load_event(session: Session, account_id: UUID, event_id: UUID) -> Happened:
    """The event; it exists, since the job that asks was written with it."""
    row = _LOAD.first(session, {"account_id": account_id, "event_id": event_id})
    if row is None:
        raise NoResultFound
    return Happened(row.topic, row.payload, row.created_at)


def backlog(session: Session) -> int:
    """How many events no consumer has handled yet."""
    handled = select(ProcessedEvent.event_id).where(
        ProcessedEvent.account_id == OutboxEvent.account_id, ProcessedEvent.event_id == OutboxEvent.event_id
    )
    return session.scalar(select(func.count()).select_from(OutboxEvent).where(~handled.exists())) or 0
