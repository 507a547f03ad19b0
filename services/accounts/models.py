"""Tables of accounts 个人账户 and payee cards 收款卡."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Index, LargeBinary, SmallInteger, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class ProvidentFundAccount(Base):
    """A personal account 个人账户. `state` is code table A.6 of JGJ/T 320 (01 正常, 02 封存, 06 冻结 …)."""

    __tablename__ = "provident_fund_account"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_no: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(2))
    employer: Mapped[str] = mapped_column(String(120))
    opened_on: Mapped[date] = mapped_column(Date)
    contribution_base_fen: Mapped[int] = mapped_column(BigInteger)
    contribution_rate_percent: Mapped[int] = mapped_column(SmallInteger)
    monthly_contribution_fen: Mapped[int] = mapped_column(BigInteger)
    sealed_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    close_reason: Mapped[str | None] = mapped_column(String(2))


class PayeeCard(Base):
    """A card of the member that may receive money 收款卡."""

    __tablename__ = "payee_card"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    card_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    bank_code: Mapped[str] = mapped_column(String(6))
    bank_name: Mapped[str] = mapped_column(String(60))
    card_no_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    card_no_mac: Mapped[bytes] = mapped_column(LargeBinary)
    tail4: Mapped[str] = mapped_column(String(4))
    source: Mapped[str] = mapped_column(String(20))
    checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    usable_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index(
            "uq_payee_card_active",
            "account_id",
            "card_no_mac",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_payee_card_number", "card_no_mac"),
    )


class InterestReceipt(Base):
    """What an account got for [from, settled) 结息单; `balance_fen` is the fund after it, `batch_id` the set it came in.

    Written once, also where the interest is nothing. `fen_days` is the sum of every day's balance 积数.
    """

    __tablename__ = "interest_receipt"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    settled_on: Mapped[date] = mapped_column(Date, primary_key=True)
    from_on: Mapped[date] = mapped_column(Date)
    fen_days: Mapped[int] = mapped_column(BigInteger)
    interest_fen: Mapped[int] = mapped_column(BigInteger)
    balance_fen: Mapped[int] = mapped_column(BigInteger)
    batch_id: Mapped[UUID | None] = mapped_column(Uuid)
    posted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class InterestRun(Base):
    """The yearly settlement 年度结息 of all accounts; `reached` is the last account done, so that a run goes on."""

    __tablename__ = "interest_run"
    settled_on: Mapped[date] = mapped_column(Date, primary_key=True)
    day_basis: Mapped[int] = mapped_column(SmallInteger)
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reached: Mapped[UUID | None] = mapped_column(Uuid)
    accounts: Mapped[int] = mapped_column(BigInteger)
    interest_fen: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    told_through: Mapped[UUID | None] = mapped_column(Uuid)
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
