"""Table of checks without a face 不刷脸核验: the bank's word on the card, and the code sent by SMS."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, DateTime, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class CardSmsCheck(Base):
    """One application's other way: what the bank said, the latest code, and when it was proven."""

    __tablename__ = "card_sms_check"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    card_id: Mapped[UUID] = mapped_column(Uuid)
    matched: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str | None] = mapped_column(String(40))
    as_of: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    checked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    challenge_id: Mapped[UUID | None] = mapped_column(Uuid)
    passed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
