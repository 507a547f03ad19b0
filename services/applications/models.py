"""Tables of applications 办件 and their transitions 流转."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Index, Integer, LargeBinary, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base

MONEY = "withdrawal"
_LIVE_MONEY = (
    "state IN ('submitted', 'verifying', 'in_review', 'approved', 'waiting', 'collecting', 'paying', 'accepted', 'unknown')"
)


class Application(Base):
    """One request of a member for one item 事项."""

    __tablename__ = "application"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    case_no: Mapped[str] = mapped_column(String(15), unique=True)
    item_code: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(Integer)
    form: Mapped[dict[str, Any]] = mapped_column(JSONB)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    quote: Mapped[dict[str, Any]] = mapped_column(JSONB)
    policy_version: Mapped[str] = mapped_column(String(12))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    payee_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    payee: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    private_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    operation_digest: Mapped[bytes] = mapped_column(LargeBinary)
    submitted_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    __table_args__ = (
        Index(
            "uq_application_money_in_flight",
            "account_id",
            unique=True,
            postgresql_where=text(f"kind = 'withdrawal' AND {_LIVE_MONEY}"),
        ),
        Index(
            "uq_application_item_in_flight",
            "account_id",
            "item_code",
            unique=True,
            postgresql_where=text(
                "kind <> 'withdrawal' AND state IN ('submitted', 'verifying', 'in_review', 'forwarded')"
            ),
        ),
        Index("ix_application_state", "state", "updated_at"),
    )


class Transition(Base):
    """One change of state; `version` counts them within the application."""

    __tablename__ = "transition"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    source: Mapped[str | None] = mapped_column(String(20))
    event: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    note: Mapped[str | None] = mapped_column(String(200))


class CaseCounter(Base):
    """Where the case numbers 单号 of a module and day stand; handed out in blocks, so gaps are normal."""

    __tablename__ = "case_counter"
    module: Mapped[str] = mapped_column(String(2), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    next_value: Mapped[int] = mapped_column(Integer)
