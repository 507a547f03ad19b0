"""Tables of remittances 汇缴表: employers, their batches and lines, what is wrong with them, and their money."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base

REGULAR, BACK_PAYMENT = "01", "02"
"""汇缴 and 补缴 of code table A.5."""
LIVE = "state NOT IN ('refused', 'cancelled', 'reversed')"


class Employer(Base):
    """A unit 单位; its books are posted under `employer_id`, and its row of balances is their lock.

    `payer_mac` is the look-up value of the bank account it pays from. `state` is code table A.4.
    """

    __tablename__ = "employer"
    employer_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    employer_no: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[str] = mapped_column(String(2))
    payer_mac: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    paid_through: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RemittanceBatch(Base):
    """One file of an employer; `batch_no` goes with the money, `reached` is the last line posted or taken back."""

    __tablename__ = "remittance_batch"
    batch_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    employer_id: Mapped[UUID] = mapped_column(Uuid)
    batch_no: Mapped[str] = mapped_column(String(15), unique=True)
    kind: Mapped[str] = mapped_column(String(2))
    month: Mapped[date] = mapped_column(Date)
    percent: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(12))
    people: Mapped[int] = mapped_column(Integer)
    total_fen: Mapped[int] = mapped_column(BigInteger)
    received_fen: Mapped[int] = mapped_column(BigInteger)
    posted_fen: Mapped[int] = mapped_column(BigInteger)
    reached: Mapped[int] = mapped_column(Integer)
    told: Mapped[int] = mapped_column(Integer)
    file_hash: Mapped[bytes] = mapped_column(LargeBinary)
    checked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("uq_remittance_batch_file", "file_hash", unique=True, postgresql_where=text(LIVE)),
        Index(
            "uq_remittance_batch_month",
            "employer_id",
            "month",
            unique=True,
            postgresql_where=text(f"kind = '01' AND {LIVE}"),
        ),
        Index("ix_remittance_batch_state", "state", "updated_at"),
        Index(
            "ix_remittance_batch_untold",
            "updated_at",
            postgresql_where=text("state = 'posted' AND told < people"),
        ),
        CheckConstraint("total_fen > 0 AND posted_fen >= 0", name="amounts"),
    )


class RemittanceLine(Base):
    """One person's line as the employer wrote it, copied in as it is; the ID number only as its look-up value."""

    __tablename__ = "remittance_line"
    batch_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    line_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    account_no: Mapped[str] = mapped_column(String(20))
    id_no_mac: Mapped[bytes] = mapped_column(LargeBinary)
    base_fen: Mapped[int] = mapped_column(BigInteger)
    unit_fen: Mapped[int] = mapped_column(BigInteger)
    member_fen: Mapped[int] = mapped_column(BigInteger)


class RemittanceFault(Base):
    """What is wrong with a line, or with the batch (`line_no` 0)."""

    __tablename__ = "remittance_fault"
    batch_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    line_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)


class RemittanceReceipt(Base):
    """A movement of an employer's money; `batch_id` is what it pays for, none while nobody knows."""

    __tablename__ = "remittance_receipt"
    employer_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    notice_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    batch_id: Mapped[UUID | None] = mapped_column(Uuid)
    direction: Mapped[str] = mapped_column(String(6))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RemittanceReversal(Base):
    """A posted batch to be taken back 错缴更正: asked for by one person, decided by another; the database compares."""

    __tablename__ = "remittance_reversal"
    batch_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    asked_by: Mapped[UUID] = mapped_column(Uuid)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[UUID | None] = mapped_column(Uuid)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approved: Mapped[bool | None]
    __table_args__ = (CheckConstraint("decided_by <> asked_by", name="four_eyes"),)


class RemittanceSurplus(Base):
    """An employer's surplus 多缴款 to be kept or given back: asked for by one person, decided by another.

    `receipt_key` is the sum it is about: one that waits, or one set apart from what paid the batch.
    """

    __tablename__ = "remittance_surplus"
    number: Mapped[str] = mapped_column(String(15), primary_key=True)
    employer_id: Mapped[UUID] = mapped_column(Uuid)
    batch_id: Mapped[UUID | None] = mapped_column(Uuid)
    receipt_key: Mapped[bytes] = mapped_column(LargeBinary)
    way: Mapped[str] = mapped_column(String(6))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(200))
    asked_by: Mapped[UUID] = mapped_column(Uuid)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[UUID | None] = mapped_column(Uuid)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approved: Mapped[bool | None]
    __table_args__ = (
        Index(
            "uq_remittance_surplus_open",
            "employer_id",
            unique=True,
            postgresql_where=text("approved IS NULL"),
        ),
        CheckConstraint("decided_by <> asked_by", name="four_eyes"),
    )
