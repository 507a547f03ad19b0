"""Tables of settlement 结算: payment instructions 付款指令 and bank notices 账户变动."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, Index, Integer, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class PaymentInstruction(Base):
    """One order to the bank; `instruction_no` is the case number and goes out as SendSeqNo, never regenerated.

    With `due_at` it waits until then, and the member may call it back. `unwritten` counts the attempts that certainly
    put no byte of it on the line; while that is all of them, it can be called back.
    """

    __tablename__ = "payment_instruction"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    instruction_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    instruction_no: Mapped[str] = mapped_column(String(15), unique=True)
    state: Mapped[str] = mapped_column(String(20))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    capital_fen: Mapped[int] = mapped_column(BigInteger)
    interest_fen: Mapped[int] = mapped_column(BigInteger)
    settle_type: Mapped[str] = mapped_column(String(1))
    bus_type: Mapped[str] = mapped_column(String(2))
    payee_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    summary: Mapped[str] = mapped_column(String(60))
    attempts: Mapped[int] = mapped_column(Integer)
    unwritten: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_on: Mapped[date | None] = mapped_column(Date)
    host_seq_no: Mapped[str | None] = mapped_column(String(40))
    reply: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("uq_payment_instruction_application", "account_id", "application_id", unique=True),
        Index("ix_payment_instruction_state", "state", "updated_at"),
        CheckConstraint("amount_fen > 0 AND capital_fen + interest_fen = amount_fen", name="amounts"),
        CheckConstraint("unwritten BETWEEN 0 AND attempts", name="unwritten"),
        CheckConstraint("state <> 'cancelled' OR unwritten = attempts", name="called_back"),
    )


class BankNotice(Base):
    """One movement the bank told us of (SBDC100 or BDC113), once; kept as it came."""

    __tablename__ = "bank_notice"
    notice_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    host_seq_no: Mapped[str] = mapped_column(String(40))
    direction: Mapped[str] = mapped_column(String(6))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date] = mapped_column(Date, index=True)
    raw_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[str] = mapped_column(String(20))
    instruction_no: Mapped[str | None] = mapped_column(String(15), index=True)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (Index("ix_bank_notice_received_at", "received_at", postgresql_using="brin"),)
