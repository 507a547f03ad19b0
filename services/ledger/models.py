"""Tables of the ledger 总账表. Signed fen: debit 借 is positive, credit 贷 is negative."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class Journal(Base):
    """One journal 凭证; `business_ref` makes posting it a second time impossible.

    `proof` is the key of the bank's movement that a line on 101 stands for.
    """

    __tablename__ = "journal"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    journal_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    business_ref: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(40))
    summary: Mapped[str] = mapped_column(String(60))
    accounting_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    proof: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        UniqueConstraint("account_id", "business_ref"),
        Index("ix_journal_proof", "proof", postgresql_where=text("proof IS NOT NULL")),
        Index("ix_journal_accounting_on", "accounting_on", postgresql_using="brin"),
    )


class Posting(Base):
    """One line of a journal 分录."""

    __tablename__ = "posting"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    journal_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    line_no: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    gl_code: Mapped[str] = mapped_column(String(8))
    fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "journal_id"], ["journal.account_id", "journal.journal_id"]),
        CheckConstraint("fen <> 0", name="not_zero"),
        Index("ix_posting_gl_code", "gl_code", postgresql_include=["fen"]),
    )


class MemberBalance(Base):
    """A member's fund 201 after holds, and what is held for them on 219; kept equal to the postings."""

    __tablename__ = "member_balance"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    balance_fen: Mapped[int] = mapped_column(BigInteger)
    held_fen: Mapped[int] = mapped_column(BigInteger)
    frozen_fen: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint("balance_fen >= 0", name="balance_not_negative"),
        CheckConstraint("held_fen >= 0", name="held_not_negative"),
        CheckConstraint("frozen_fen >= 0", name="frozen_not_negative"),
    )
