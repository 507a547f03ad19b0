"""Table of questions asked of other departments 数据共享调用记录."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class ShareCall(Base):
    """One question about a member: to whom, for what, under which consent, and the sealed answer while it is kept."""

    __tablename__ = "share_call"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    call_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    service: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[str] = mapped_column(String(60))
    case_id: Mapped[str] = mapped_column(String(40))
    consent_id: Mapped[UUID] = mapped_column(Uuid)
    params_mac: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(12))
    as_of: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    data_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        Index("ix_share_call_recent", "account_id", "service", "asked_at"),
        Index("ix_share_call_kept", "asked_at", postgresql_where=text("data_sealed IS NOT NULL")),
    )
