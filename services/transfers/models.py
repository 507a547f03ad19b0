"""Tables of transfers 转移, of letters 信函 and of the money that came under a letter 转入款."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base, Fen, Instant, Json, Key


class TransferIn(Base):
    """One transfer to here: the letter we wrote, and what the other centre said of the account it hands over.

    `letter_no` is 16 characters, node number and 10 digits; it goes out under this number for ever. The columns from
    `amount_fen` on are the other centre's word, dated by `answered_at`.
    """

    __tablename__ = "transfer_in"
    account_id: Mapped[Key]
    application_id: Mapped[Key]
    case_no: Mapped[str] = mapped_column(String(15))
    letter_no: Mapped[str] = mapped_column(String(16), unique=True)
    money_no: Mapped[str] = mapped_column(String(15), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    centre_code: Mapped[str] = mapped_column(String(6))
    centre_name: Mapped[str] = mapped_column(String(60))
    former_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    written_on: Mapped[date] = mapped_column(Date)
    expected_on: Mapped[date] = mapped_column(Date)
    attempts: Mapped[int] = mapped_column(Integer)
    asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    look_again_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    silent_told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str] = mapped_column(String(120))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    principal_fen: Mapped[int | None] = mapped_column(BigInteger)
    interest_fen: Mapped[int | None] = mapped_column(BigInteger)
    opened_month: Mapped[str | None] = mapped_column(String(7))
    paid_through_month: Mapped[str | None] = mapped_column(String(7))
    six_months: Mapped[bool | None] = mapped_column(Boolean)
    loans: Mapped[int | None] = mapped_column(SmallInteger)
    unsettled_loan: Mapped[bool | None] = mapped_column(Boolean)
    misuse: Mapped[bool | None] = mapped_column(Boolean)
    credited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    __table_args__ = (
        CheckConstraint("amount_fen IS NULL OR amount_fen = principal_fen + interest_fen", name="parts"),
        CheckConstraint("(answered_at IS NULL) = (amount_fen IS NULL)", name="answer_is_whole"),
        CheckConstraint("(credited_at IS NULL) = (state <> 'credited')", name="credited_has_a_time"),
        Index("ix_transfer_in_look_again_at", "look_again_at"),
    )


def _of_a_transfer() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["account_id", "application_id"], ["transfer_in.account_id", "transfer_in.application_id"]
    )


class TransferLetter(Base):
    """A letter that went out or came in, once: `digest` is what it says, so that the same word twice is one row."""

    __tablename__ = "transfer_letter"
    account_id: Mapped[Key]
    letter_id: Mapped[Key]
    application_id: Mapped[UUID] = mapped_column(Uuid)
    direction: Mapped[str] = mapped_column(String(3))
    kind: Mapped[str] = mapped_column(String(12))
    says: Mapped[Json]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[Instant]
    __table_args__ = (
        _of_a_transfer(),
        UniqueConstraint("account_id", "application_id", "digest"),
        CheckConstraint("direction IN ('out', 'in')", name="direction"),
    )


class TransferMoney(Base):
    """A movement on the centre's account that bears a letter's number: `waiting` lies on 暂收款, `open` is for a person."""

    __tablename__ = "transfer_money"
    account_id: Mapped[Key]
    notice_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    direction: Mapped[str] = mapped_column(String(6))
    amount_fen: Mapped[Fen]
    on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    at: Mapped[Instant]
    __table_args__ = (
        _of_a_transfer(),
        CheckConstraint("state IN ('waiting', 'credited', 'taken_back', 'open')", name="state"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )
