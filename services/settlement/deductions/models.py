"""Table of deductions 扣款."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, Index, Integer, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base, Fen, Instant, Key, Sealed


class Deduction(Base):
    """One order to take money from a repayment card; `instruction_no` goes out as SendSeqNo, never regenerated.

    The sum is that of `valued_on`, and is booked as of that day whenever the bank tells of it. `held_fen` is what the
    member's fund adds: on hold until the card has paid, given back if it does not.
    """

    __tablename__ = "deduction"
    account_id: Mapped[Key]
    deduction_id: Mapped[Key]
    instruction_no: Mapped[str] = mapped_column(String(15), unique=True)
    loan_id: Mapped[UUID] = mapped_column(Uuid)
    application_id: Mapped[UUID | None] = mapped_column(Uuid)
    purpose: Mapped[str] = mapped_column(String(12))
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(12))
    amount_fen: Mapped[Fen]
    principal_fen: Mapped[Fen]
    interest_fen: Mapped[Fen]
    penalty_fen: Mapped[Fen]
    held_fen: Mapped[Fen]
    valued_on: Mapped[date] = mapped_column(Date)
    settle_type: Mapped[str] = mapped_column(String(1))
    payer_sealed: Mapped[Sealed]
    tail4: Mapped[str] = mapped_column(String(4))
    loan_no: Mapped[str] = mapped_column(String(30))
    summary: Mapped[str] = mapped_column(String(60))
    attempts: Mapped[int] = mapped_column(Integer)
    sent_on: Mapped[date | None] = mapped_column(Date)
    host_seq_no: Mapped[str | None] = mapped_column(String(40))
    reply: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    __table_args__ = (
        CheckConstraint(
            "amount_fen > 0 AND held_fen >= 0 AND principal_fen + interest_fen + penalty_fen = amount_fen",
            name="amounts",
        ),
        Index(
            "uq_deduction_live",
            "account_id",
            "loan_id",
            unique=True,
            postgresql_where=text("state IN ('ready', 'sending', 'accepted', 'unknown', 'unbooked')"),
        ),
        Index("ix_deduction_state", "state", "updated_at"),
        Index("ix_deduction_application_id", "application_id"),
    )
