"""Tables of the member's own controls 本人管控: the withdrawal lock and the daily limit."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base

_CLOSED = text("opened_at IS NULL")


class WithdrawalLock(Base):
    """A lock on all money that leaves an account 提取锁. It holds until `unlock_from`; for ever while that is empty.

    `opened_at` says that the member was told; it decides nothing.
    """

    __tablename__ = "withdrawal_lock"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    lock_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    locked_by: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(100))
    locked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    unlock_asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    unlock_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("uq_withdrawal_lock_closed", "account_id", unique=True, postgresql_where=_CLOSED),
        Index("ix_withdrawal_lock_unlock_from", "unlock_from", postgresql_where=_CLOSED),
    )


class DailyLimit(Base):
    """What a member lets leave the account in a day 自设每日限额, from an instant on; an empty limit takes it away.

    The latest that has begun counts; one that has not begun is voided by the next.
    """

    __tablename__ = "daily_limit"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    limit_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    limit_fen: Mapped[int | None] = mapped_column(BigInteger)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    from_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    voided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
