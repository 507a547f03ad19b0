"""Tables of face sessions 刷脸会话; frames lie sealed until the verdict and no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, Index, LargeBinary, SmallInteger, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class FaceSession(Base):
    """One try: the challenge, how far it went, and the verdict."""

    __tablename__ = "face_session"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    operation_digest: Mapped[bytes] = mapped_column(LargeBinary)
    consent_id: Mapped[UUID] = mapped_column(Uuid)
    device_id: Mapped[UUID] = mapped_column(Uuid)
    nonce: Mapped[str] = mapped_column(String(32))
    challenge_key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    prompts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    shown: Mapped[int] = mapped_column(SmallInteger)
    shown_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    starts_ms: Mapped[list[int]] = mapped_column(JSONB)
    next_batch: Mapped[int] = mapped_column(SmallInteger)
    frame_count: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    judged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    served_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    consumed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reasons: Mapped[list[str]] = mapped_column(JSONB, default=list)
    scores: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    models: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    __table_args__ = (
        Index("ix_face_session_day", "account_id", "created_at"),
        Index("ix_face_session_state", "state", "created_at"),
    )


class FaceBatch(Base):
    """A batch of sealed frames; deleted with the verdict."""

    __tablename__ = "face_batch"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    batch: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    frames_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "session_id"], ["face_session.account_id", "face_session.session_id"]
        ),
    )


class FaceFrameHash(Base):
    """Digest of a frame once seen, so that it cannot be sent again; kept 90 days."""

    __tablename__ = "face_frame_hash"
    frame_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    session_id: Mapped[UUID] = mapped_column(Uuid)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
