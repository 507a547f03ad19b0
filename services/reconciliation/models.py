"""Tables of reconciliation 对账: the bank's statements 流水, and breaks 差错 with their history."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base, Fen, Instant, Key

_STAFF = "staff.staff_id"


class BankStatement(Base):
    """The bank's statement of one day, by BDC113. `missing_fen` is what its own balances say and its lines do not."""

    __tablename__ = "bank_statement"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    lines: Mapped[int] = mapped_column(Integer)
    debit_fen: Mapped[Fen]
    credit_fen: Mapped[Fen]
    opening_fen: Mapped[Fen]
    closing_fen: Mapped[Fen]
    missing_fen: Mapped[Fen]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    fetched_at: Mapped[Instant]
    __table_args__ = (
        CheckConstraint("closing_fen = opening_fen + credit_fen - debit_fen + missing_fen", name="adds_up"),
    )


class BankStatementLine(Base):
    """One line of it; `fen` is negative when money left. `notice_key` is the key of the movement it tells of."""

    __tablename__ = "bank_statement_line"
    day: Mapped[date] = mapped_column(
        ForeignKey("bank_statement.day", name="fk_bank_statement_line_day"), primary_key=True
    )
    line_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    notice_key: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    host_seq_no: Mapped[str] = mapped_column(String(40))
    instruction_no: Mapped[str | None] = mapped_column(String(15), index=True)
    fen: Mapped[Fen]
    balance_fen: Mapped[Fen]


class BankBreak(Base):
    """Something that does not agree 差错: what the bank says and what the books say, signed as on 101."""

    __tablename__ = "bank_break"
    break_id: Mapped[Key]
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(80))
    bank_fen: Mapped[Fen]
    book_fen: Mapped[Fen]
    instruction_no: Mapped[str | None] = mapped_column(String(15))
    member_account_id: Mapped[UUID | None] = mapped_column(Uuid)
    notice_key: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    other_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey(_STAFF, name="fk_bank_break_owner_id"))
    resolution: Mapped[str | None] = mapped_column(String(10))
    found_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("uq_bank_break_ref", "kind", "ref", unique=True),
        Index("ix_bank_break_open", "day", postgresql_where=text("state <> 'closed'")),
    )

    @property
    def difference_fen(self) -> int:
        """What the bank has more than the books."""
        return self.bank_fen - self.book_fen


class BreakProposal(Base):
    """How the person who took a break would close it. Append-only."""

    __tablename__ = "break_proposal"
    proposal_id: Mapped[Key]
    break_id: Mapped[UUID] = mapped_column(
        ForeignKey("bank_break.break_id", name="fk_break_proposal_break_id"), index=True
    )
    staff_id: Mapped[UUID] = mapped_column(ForeignKey(_STAFF, name="fk_break_proposal_staff_id"))
    resolution: Mapped[str] = mapped_column(String(10))
    belongs_to: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(200))
    proposed_at: Mapped[Instant]
    __table_args__ = (Index("uq_break_proposal_author", "proposal_id", "break_id", "staff_id", unique=True),)


class BreakDecision(Base):
    """The second person's word on a proposal. Append-only."""

    __tablename__ = "break_decision"
    proposal_id: Mapped[Key]
    break_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    proposer_id: Mapped[UUID] = mapped_column(Uuid)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey(_STAFF, name="fk_break_decision_staff_id"))
    outcome: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[Instant]
    __table_args__ = (
        ForeignKeyConstraint(
            ["proposal_id", "break_id", "proposer_id"],
            [f"break_proposal.{name}" for name in ("proposal_id", "break_id", "staff_id")],
            name="fk_break_decision_proposal",
        ),
    )


class BreakEvent(Base):
    """What happened to a break, in order. Append-only; without a person it was the system."""

    __tablename__ = "break_event"
    break_id: Mapped[UUID] = mapped_column(
        ForeignKey("bank_break.break_id", name="fk_break_event_break_id"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    event: Mapped[str] = mapped_column(String(12))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey(_STAFF, name="fk_break_event_staff_id"))
    note: Mapped[str] = mapped_column(String(240))
    at: Mapped[Instant]
