"""Table of relatives who may look 帮家人办."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class RelativeLink(Base):
    """An invitation by code, and once accepted, whose cases (`account_id`) another member (`relative_id`) may see.

    The code is kept only as a keyed hash, and not at all once it was used.
    """

    __tablename__ = "relative_link"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    link_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    label: Mapped[str] = mapped_column(String(20))
    code_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    relative_id: Mapped[UUID | None] = mapped_column(Uuid)
    invited_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_relative_link_code_mac", "code_mac", unique=True),
        Index(
            "uq_relative_link_live",
            "relative_id",
            "account_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
