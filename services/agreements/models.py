"""Tables of agreements 约定 and of their runs 执行."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base, Instant, Key


class LoanAgreement(Base):
    """One agreement: `commercial` pays a bank's loan back to a card each month, `offset` repays the centre's loan.

    `loan_ref` is the loan's id, or for a bank's loan its keyed hash.
    """

    __tablename__ = "loan_agreement"
    account_id: Mapped[Key]
    agreement_id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(10))
    loan_ref: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(80))
    card_id: Mapped[UUID | None] = mapped_column(Uuid)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    consent_id: Mapped[UUID] = mapped_column(Uuid)
    state: Mapped[str] = mapped_column(String(10))
    signed_on: Mapped[date] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)
    ended_why: Mapped[str | None] = mapped_column(String(20))
    look_again_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(Integer)
    """Runs in a row that failed unexpectedly; `fault` names the last of them."""
    fault: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[Instant]
    __table_args__ = (
        CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="ended_has_a_day"),
        Index(
            "uq_loan_agreement_active",
            "account_id",
            unique=True,
            postgresql_where=text("state = 'active'"),
        ),
        Index("ix_loan_agreement_loan_ref", "loan_ref"),
    )


class AgreementRun(Base):
    """What came of one run day: the case it opened, or why there is none."""

    __tablename__ = "agreement_run"
    account_id: Mapped[Key]
    agreement_id: Mapped[Key]
    due_on: Mapped[date] = mapped_column(Date, primary_key=True)
    outcome: Mapped[str] = mapped_column(String(10))
    months: Mapped[list[str]] = mapped_column(JSONB)
    application_id: Mapped[UUID | None] = mapped_column(Uuid)
    ran_at: Mapped[Instant]
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "agreement_id"], ["loan_agreement.account_id", "loan_agreement.agreement_id"]
        ),
        CheckConstraint("(outcome = 'case') = (application_id IS NOT NULL)", name="case_has_an_application"),
    )
