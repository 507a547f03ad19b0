"""Tables of loans 贷款表; particulars of people, houses and cards are sealed."""

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
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base, Fen, Instant, Key, Sealed


def _of_a_loan() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["account_id", "loan_id"], ["loan.account_id", "loan.loan_id"])


class Loan(Base):
    """A loan contract 借款合同 with where it stands; the borrower is the account's owner."""

    __tablename__ = "loan"
    account_id: Mapped[Key]
    loan_id: Mapped[Key]
    contract_no: Mapped[str] = mapped_column(String(30))
    state: Mapped[str] = mapped_column(String(10))
    home: Mapped[str] = mapped_column(String(6))
    method: Mapped[str] = mapped_column(String(2))
    guarantee: Mapped[str] = mapped_column(String(2))
    principal_fen: Mapped[Fen]
    months: Mapped[int] = mapped_column(SmallInteger)
    repayment_day: Mapped[int] = mapped_column(SmallInteger)
    penalty_percent: Mapped[int] = mapped_column(SmallInteger)
    grace_days: Mapped[int] = mapped_column(SmallInteger)
    due_shift: Mapped[str] = mapped_column(String(4))
    signed_on: Mapped[date] = mapped_column(Date)
    drawn_on: Mapped[date] = mapped_column(Date)
    bank_code: Mapped[str] = mapped_column(String(6))
    bank_name: Mapped[str] = mapped_column(String(60))
    house_sealed: Mapped[Sealed]
    house_city_code: Mapped[str] = mapped_column(String(6))
    house_price_fen: Mapped[Fen]
    down_payment_fen: Mapped[Fen]
    balance_fen: Mapped[Fen]
    repaid_principal_fen: Mapped[Fen]
    repaid_interest_fen: Mapped[Fen]
    repaid_penalty_fen: Mapped[Fen]
    prepaid_fen: Mapped[Fen]
    plan_version: Mapped[int] = mapped_column(SmallInteger)
    settled_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[Instant]
    __table_args__ = (
        UniqueConstraint("account_id", "contract_no"),
        CheckConstraint("balance_fen >= 0", name="balance_not_negative"),
        CheckConstraint("balance_fen + repaid_principal_fen = principal_fen", name="principal_is_whole"),
        CheckConstraint("(state = 'settled') = (settled_on IS NOT NULL)", name="settled_has_a_day"),
        CheckConstraint("state <> 'settled' OR balance_fen = 0", name="settled_owes_nothing"),
    )


class LoanCoBorrower(Base):
    """A co-borrower 共同借款人; found by the ID number's look-up value, the same as a member's."""

    __tablename__ = "loan_co_borrower"
    account_id: Mapped[Key]
    loan_id: Mapped[Key]
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    relation: Mapped[str] = mapped_column(String(10))
    name_sealed: Mapped[Sealed]
    id_no_sealed: Mapped[Sealed]
    id_no_mac: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (_of_a_loan(), Index("ix_loan_co_borrower_id_no_mac", "id_no_mac"))


class LoanCard(Base):
    """The card repayments are taken from 还款账号; earlier ones stay, with the day they ended."""

    __tablename__ = "loan_card"
    account_id: Mapped[Key]
    loan_id: Mapped[Key]
    card_id: Mapped[Key]
    bank_code: Mapped[str] = mapped_column(String(6))
    bank_name: Mapped[str] = mapped_column(String(60))
    card_no_sealed: Mapped[Sealed]
    card_no_mac: Mapped[bytes] = mapped_column(LargeBinary)
    tail4: Mapped[str] = mapped_column(String(4))
    since_at: Mapped[Instant]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        _of_a_loan(),
        Index(
            "uq_loan_card_active",
            "account_id",
            "loan_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class LoanRate(Base):
    """The contract's rate from a day on, in parts per million a year."""

    __tablename__ = "loan_rate"
    account_id: Mapped[Key]
    loan_id: Mapped[Key]
    from_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ppm: Mapped[int] = mapped_column(Integer)
    __table_args__ = (_of_a_loan(),)


class LoanPlan(Base):
    """A version of the repayment plan 还款计划: from which instalment on, and why."""

    __tablename__ = "loan_plan"
    account_id: Mapped[Key]
    loan_id: Mapped[Key]
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    from_no: Mapped[int] = mapped_column(SmallInteger)
    made_at: Mapped[Instant]
    __table_args__ = (_of_a_loan(),)


class LoanInstalment(Base):
    """One instalment of one version; of an older version only what fell due is still in force."""

    __tablename__ = "loan_instalment"
    account_id: Mapped[Key]
    loan_id: Mapped[Key]
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    no: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    due_on: Mapped[date] = mapped_column(Date)
    rate_ppm: Mapped[int] = mapped_column(Integer)
    level_fen: Mapped[Fen]
    principal_fen: Mapped[Fen]
    interest_fen: Mapped[Fen]
    balance_after_fen: Mapped[Fen]
    state: Mapped[str] = mapped_column(String(10))
    paid_on: Mapped[date | None] = mapped_column(Date)
    __table_args__ = (
        _of_a_loan(),
        CheckConstraint("principal_fen >= 0 AND interest_fen >= 0", name="not_negative"),
        CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid_has_a_day"),
        Index("ix_loan_instalment_due_on", "due_on", postgresql_where=text("state <> 'paid'")),
        Index(
            "uq_loan_instalment_due",
            "account_id",
            "loan_id",
            "no",
            unique=True,
            postgresql_where=text("state <> 'planned'"),
        ),
    )


class LoanRepayment(Base):
    """One booked business 贷款明细 (A.15); `source` is whose money it was: card, fund, or the centre's at drawing."""

    __tablename__ = "loan_repayment"
    account_id: Mapped[Key]
    loan_id: Mapped[Key]
    repayment_id: Mapped[Key]
    business_ref: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(2))
    source: Mapped[str] = mapped_column(String(6))
    payer_account_id: Mapped[UUID] = mapped_column(Uuid)
    journal_id: Mapped[UUID] = mapped_column(Uuid)
    instalment_no: Mapped[int | None] = mapped_column(SmallInteger)
    booked_on: Mapped[date] = mapped_column(Date)
    principal_fen: Mapped[Fen]
    interest_fen: Mapped[Fen]
    penalty_fen: Mapped[Fen]
    balance_after_fen: Mapped[Fen]
    booked_at: Mapped[Instant]
    __table_args__ = (
        _of_a_loan(),
        UniqueConstraint("account_id", "loan_id", "business_ref"),
        CheckConstraint("source IN ('card', 'fund', 'centre')", name="source"),
    )


class LoanReminder(Base):
    """An instalment the member was told of beforehand 还款提醒; once for a loan and a due day."""

    __tablename__ = "loan_reminder"
    account_id: Mapped[Key]
    loan_id: Mapped[Key]
    due_on: Mapped[date] = mapped_column(Date, primary_key=True)
    told_at: Mapped[Instant]
    __table_args__ = (_of_a_loan(),)


class MortgageDischarge(Base):
    """The discharge of a settled loan's mortgage 解抵, asked of the registry for the member; one for a loan."""

    __tablename__ = "mortgage_discharge"
    account_id: Mapped[Key]
    loan_id: Mapped[Key]
    application_id: Mapped[UUID] = mapped_column(Uuid)
    case_no: Mapped[str] = mapped_column(String(15))
    state: Mapped[str] = mapped_column(String(10))
    receipt_no: Mapped[str] = mapped_column(String(40))
    asked_times: Mapped[int] = mapped_column(Integer)
    ask_again_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    __table_args__ = (
        _of_a_loan(),
        CheckConstraint(
            "(ask_again_at IS NULL) = (state IN ('registered', 'refused'))", name="ended_is_not_asked"
        ),
        Index("ix_mortgage_discharge_application_id", "application_id"),
        Index("ix_mortgage_discharge_ask_again_at", "ask_again_at"),
    )
