"""Tables of face sessions 刷脸会话; frames lie sealed until the verdict and no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import BIT, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class FaceSession(Base):
    """One try: the challenge, how far it went, and the verdict. One of kind wechat has no challenge of ours."""

    __tablename__ = "face_session"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    operation_digest: Mapped[bytes] = mapped_column(LargeBinary)
    consent_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(String(10), default="camera", server_default="camera")
    device_id: Mapped[UUID | None] = mapped_column(Uuid)
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
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_face_session_kept", "created_at", "account_id", postgresql_where=text("erased_at IS NULL")),
        Index(
            "ix_face_session_reasons",
            "erased_at",
            postgresql_where=text("erased_at IS NOT NULL AND reasons <> '[]'::jsonb"),
        ),
        Index("ix_face_session_day", "account_id", "created_at"),
        Index("ix_face_session_state", "state", "created_at"),
        CheckConstraint(
            "(kind = 'camera' AND device_id IS NOT NULL) OR (kind = 'wechat' AND device_id IS NULL)",
            name="kind",
        ),
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
    __table_args__ = (Index("ix_face_frame_hash_account", "account_id", "session_id"),)


class FacePictureHash(Base):
    """Blinded signs of a frame's low frequencies, so that a copy is known; four bands find candidates; 90 days."""

    __tablename__ = "face_picture_hash"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    seq: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    digest: Mapped[str] = mapped_column(BIT(512))
    band0: Mapped[int] = mapped_column(index=True)
    band1: Mapped[int] = mapped_column(index=True)
    band2: Mapped[int] = mapped_column(index=True)
    band3: Mapped[int] = mapped_column(index=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class FaceTemplate(Base):
    """A member's face descriptor, where the centre keeps them at all; the key lies outside the database."""

    __tablename__ = "face_template"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[int] = mapped_column(SmallInteger)
    consent_id: Mapped[UUID] = mapped_column(Uuid)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FaceVerification(Base):
    """What binds a session of kind wechat to WeChat's own verification 微信人脸核身, and WeChat's answer."""

    __tablename__ = "face_verification"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reference: Mapped[str] = mapped_column(String(32))
    openid_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    openid_mac: Mapped[bytes] = mapped_column(LargeBinary)
    subject_mac: Mapped[bytes] = mapped_column(LargeBinary)
    verify_id_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    verify_id_mac: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    issued_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    asks: Mapped[int] = mapped_column(SmallInteger, default=0)
    asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answer: Mapped[int | None] = mapped_column(Integer)
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "session_id"],
            ["face_session.account_id", "face_session.session_id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("account_id", "reference", name="uq_face_verification_reference"),
    )
