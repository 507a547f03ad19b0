"""Table of ratings 好差评."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, DateTime, ForeignKey, Index, LargeBinary, SmallInteger, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base

_OPEN = text("answer_due_on IS NOT NULL AND answered_at IS NULL")


class CaseRating(Base):
    """What a member thought of a finished case, 5 (非常满意) to 1; 1 and 2 have a day by which they are answered.

    Words are sealed: members write names and numbers into them.
    """

    __tablename__ = "case_rating"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    reasons: Mapped[list[str]] = mapped_column(JSONB)
    words_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    rated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    added_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    added_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answer_due_on: Mapped[date | None] = mapped_column(Date)
    owner_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("staff.staff_id", name="fk_case_rating_owner_id")
    )
    taken_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_case_rating_due", "answer_due_on", postgresql_where=_OPEN),
        Index("ix_case_rating_rated_at", "rated_at"),
    )
