"""Table of suspense 挂账: how what two people booked as a correction is moved on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base, Instant, Key

_BREAK, _STAFF = "bank_break.break_id", "staff.staff_id"
_LIVE = text("state <> 'sent_back'")


class SuspenseClearing(Base):
    """A correction to be moved on: proposed by one person, decided by another; what was decided stays.

    It belongs to an order (`belongs_to`), or cancels with the correction of another break (`other_break_id`).
    """

    __tablename__ = "suspense_clearing"
    clearing_id: Mapped[Key]
    break_id: Mapped[UUID] = mapped_column(ForeignKey(_BREAK, name="fk_suspense_clearing_break_id"))
    way: Mapped[str] = mapped_column(String(10))
    belongs_to: Mapped[str | None] = mapped_column(String(20))
    other_break_id: Mapped[UUID | None] = mapped_column(
        Uuid, ForeignKey(_BREAK, name="fk_suspense_clearing_other_break_id")
    )
    state: Mapped[str] = mapped_column(String(10))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey(_STAFF, name="fk_suspense_clearing_staff_id"))
    note: Mapped[str] = mapped_column(String(200))
    proposed_at: Mapped[Instant]
    decided_by: Mapped[UUID | None] = mapped_column(
        Uuid, ForeignKey(_STAFF, name="fk_suspense_clearing_decided_by")
    )
    decision_note: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("uq_suspense_clearing_break", "break_id", unique=True, postgresql_where=_LIVE),
        Index("uq_suspense_clearing_other", "other_break_id", unique=True, postgresql_where=_LIVE),
        CheckConstraint("decided_by <> staff_id", name="four_eyes"),
    )
