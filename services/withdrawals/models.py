"""Table of risk decisions 风险判定: what was known, what followed, and by which figures."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, Integer, LargeBinary, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class RiskDecision(Base):
    """One decision on one application; facts and policy version make it replayable.

    The last columns say from where it was asked for: channel, phone, and address, which is forgotten in time.
    """

    __tablename__ = "risk_decision"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    decision_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    route: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[str] = mapped_column(String(12))
    delay_hours: Mapped[int] = mapped_column(Integer)
    reasons: Mapped[list[str]] = mapped_column(JSONB)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    policy_version: Mapped[str] = mapped_column(String(12))
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    channel: Mapped[str | None] = mapped_column(String(10))
    device_id: Mapped[UUID | None] = mapped_column(Uuid)
    address_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        Index("ix_risk_decision_application", "account_id", "application_id"),
        Index(
            "ix_risk_decision_address",
            "address_mac",
            "decided_at",
            postgresql_where=text("address_mac IS NOT NULL"),
        ),
        Index(
            "ix_risk_decision_kept_address",
            "decided_at",
            postgresql_where=text("address_sealed IS NOT NULL"),
        ),
    )
