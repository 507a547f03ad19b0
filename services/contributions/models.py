"""Table of contributions 缴存明细."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class Contribution(Base):
    """One month's contribution of one account; `month` is the first day of that month, `batch_id` the employer's batch it came in."""

    __tablename__ = "contribution"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    posted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    batch_id: Mapped[UUID | None] = mapped_column(Uuid)
