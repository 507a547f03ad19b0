"""Table of documents 材料."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, Index, Integer, LargeBinary, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class Document(Base):
    """One picture of one application, a JPEG of ours, sealed. `seen_at`: since when staff have relied on it."""

    __tablename__ = "document"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    document_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    size_bytes: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    picture_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "application_id"],
            ["application.account_id", "application.application_id"],
            name="fk_document_application",
        ),
        Index("ix_document_application", "account_id", "application_id"),
        Index("ix_document_created_at", "created_at"),
    )
