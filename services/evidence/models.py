"""Table of evidence 办件证据表: a row is noted by the database when a case ends, and written once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Integer, LargeBinary, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class CaseEvidence(Base):
    """What a case rested on when it ended at this version; one that came back from the bank ends twice.

    `tries` failed so far; the next one is not before `again_at`.
    """

    __tablename__ = "case_evidence"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    record: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    audit_seq: Mapped[int | None] = mapped_column(BigInteger)
    written_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    again_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_case_evidence_due", "tries", "ended_at", postgresql_where=text("written_at IS NULL")),
        CheckConstraint("num_nonnulls(record, digest, mac, audit_seq, written_at) IN (0, 5)", name="whole"),
    )
