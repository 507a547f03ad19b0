"""Tables of notices 通知: intents with their fate, what members want, what SMS cost, circulars."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class NoticeIntent(Base):
    """One message that one member is to get on one channel about one event.

    `due_at` is when it is looked at again if nothing happens before; ended ones have none. `fallback` names the
    channels that are still to be tried when this one does not reach the member.
    """

    __tablename__ = "notice_intent"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    intent_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    topic: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(10))
    template: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    recipient_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    fields_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    subject_id: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(SmallInteger)
    asked: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    way: Mapped[str | None] = mapped_column(String(10))
    held_why: Mapped[str | None] = mapped_column(String(10))
    fallback: Mapped[str | None] = mapped_column(String(20))
    cost_fen: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    provider: Mapped[str | None] = mapped_column(String(20))
    provider_ref: Mapped[str | None] = mapped_column(String(120))
    fault: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        UniqueConstraint("account_id", "event_id", "channel"),
        Index("ix_notice_intent_provider_ref", "provider_ref"),
        Index("ix_notice_intent_state", "state", "updated_at"),
        Index("ix_notice_intent_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(
            "ix_notice_intent_kept",
            "updated_at",
            postgresql_where=text(
                "recipient_sealed IS NOT NULL AND state IN ('delivered', 'failed', 'not_subscribed')"
            ),
        ),
    )


class EarlyReceipt(Base):
    """A provider's receipt without an intent: it overtook its own answer, or the answer was lost.

    Taken up when the answer brings the reference, or by the recipient when only one message can be meant.
    """

    __tablename__ = "notice_early_receipt"
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    provider_ref: Mapped[str] = mapped_column(String(120), primary_key=True)
    delivered: Mapped[bool] = mapped_column(Boolean)
    fault: Mapped[str | None] = mapped_column(String(60))
    recipient_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    __table_args__ = (Index("ix_notice_early_receipt_recipient_mac", "recipient_mac", "received_at"),)


class NoticeSubscription(Base):
    """What a member chose for a topic on a channel, where it differs from the topic's own start."""

    __tablename__ = "notice_subscription"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    wanted: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class NoticeQuietHours(Base):
    """A member's own quiet hours 免打扰, in minutes of the Shanghai day."""

    __tablename__ = "notice_quiet_hours"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    wanted: Mapped[bool] = mapped_column(Boolean)
    from_minute: Mapped[int] = mapped_column(SmallInteger)
    until_minute: Mapped[int] = mapped_column(SmallInteger)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class NoticeConsent(Base):
    """How many subscribe messages 订阅消息 of a template a member still lets us send, one for each tap."""

    __tablename__ = "notice_consent"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    way: Mapped[str] = mapped_column(String(10), primary_key=True)
    template: Mapped[str] = mapped_column(String(40), primary_key=True)
    left_count: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    told_by: Mapped[str] = mapped_column(String(10))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class NoticeSpend(Base):
    """What SMS cost on a day, in slots so that senders do not wait for one another."""

    __tablename__ = "notice_spend"
    spent_on: Mapped[date] = mapped_column(Date, primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    messages: Mapped[int] = mapped_column(Integer)
    cost_fen: Mapped[int] = mapped_column(BigInteger)


class NoticeCircular(Base):
    """Policy news 政策通知 to every subscriber, and how far it has got."""

    __tablename__ = "notice_circular"
    circular_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    title: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(200))
    last_account_id: Mapped[UUID | None] = mapped_column(Uuid)
    told: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
