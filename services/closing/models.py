"""Tables of the day's end 日终: business days, their steps, and what each account came to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base, Fen, Instant, Json, Key


class BusinessDay(Base):
    """A day of the books 会计日期, apart from the clock: open until the cut-over, closed when everything agrees.

    bank = books + gap + carried, when closed: the gap is what was there before these books or came without a bank
    movement (taken over), carried is made of named movements that one side has booked later or not at all.
    """

    __tablename__ = "business_day"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    opened_at: Mapped[Instant]
    closing_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    look_again_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    bank_closing_fen: Mapped[int | None] = mapped_column(BigInteger)
    book_closing_fen: Mapped[int | None] = mapped_column(BigInteger)
    gap_fen: Mapped[int | None] = mapped_column(BigInteger)
    carried_fen: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        Index("uq_business_day_open", "state", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_business_day_closed", "day", postgresql_where=text("state = 'closed'")),
    )


class ClosingStep(Base):
    """One step of a day's end: when it last ran, how often, and what came of it."""

    __tablename__ = "closing_step"
    day: Mapped[date] = mapped_column(
        ForeignKey("business_day.day", name="fk_closing_step_day"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    attempts: Mapped[int] = mapped_column(Integer)
    began_at: Mapped[Instant]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    result: Mapped[Json]
    fault: Mapped[str | None] = mapped_column(String(80))


class SealedHead(Base):
    """Where an account's audit chain ended when a day was sealed; written once, and only where it moved since the last."""

    __tablename__ = "sealed_head"
    account_id: Mapped[Key]
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (Index("ix_sealed_head_day", "day"),)


class LedgerDay(Base):
    """Opening, movements and closing of one account of the chart on one day.

    `taken_over_fen` is what was brought in meanwhile of days before these books.
    """

    __tablename__ = "ledger_day"
    day: Mapped[date] = mapped_column(
        ForeignKey("business_day.day", name="fk_ledger_day_day"), primary_key=True
    )
    gl_code: Mapped[str] = mapped_column(String(8), primary_key=True)
    opening_fen: Mapped[Fen]
    taken_over_fen: Mapped[Fen]
    movement_fen: Mapped[Fen]
    closing_fen: Mapped[Fen]
