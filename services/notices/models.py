"""Table of notice intents 通知意图: one for each event and channel, with its fate."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, DateTime, Index, LargeBinary, SmallInteger, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class NoticeIntent(Base):
    """One message that one member is to get on one channel about one event."""

    __tablename__ = "notice_intent"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    intent_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    topic: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(10))
    template: Mapped[str] = mapped_column(String(40))
    recipient_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    fields_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    subject_id: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(SmallInteger)
    provider: Mapped[str | None] = mapped_column(String(20))
    provider_ref: Mapped[str | None] = mapped_column(String(120))
    fault: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        UniqueConstraint("account_id", "event_id", "channel"),
        Index("ix_notice_intent_provider_ref", "provider_ref"),
        Index("ix_notice_intent_state", "state", "updated_at"),
    )


class EarlyReceipt(Base):
    """A provider's receipt that overtook its own answer; taken up when the answer brings the reference."""

    __tablename__ = "notice_early_receipt"
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    provider_ref: Mapped[str] = mapped_column(String(120), primary_key=True)
    delivered: Mapped[bool] = mapped_column(Boolean)
    fault: Mapped[str | None] = mapped_column(String(60))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
