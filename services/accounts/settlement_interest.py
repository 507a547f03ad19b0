"""Interest booked on accounts 结息入账: to the day when one closes; the yearly run of 30 June books the same way."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.accounts.interest import Accrued, Movement, Rate, accrue_periods, interest_periods
from services.accounts.models import InterestReceipt
from services.accounts.service import account_of
from services.core.clock import shanghai_day
from services.core.outbox import emit
from services.ledger.chart import BUSINESS_EXPENSE, INTEREST_PAYABLE, MEMBER_FUND
from services.ledger.queries import balance_of, fund_before, fund_changes
from services.ledger.service import Entry, Line, post
from services.policies.service import PolicyBook

INTEREST = "interest"
ACCRUAL = "interest_accrual"
ACCRUAL_SUMMARY = "计提利息"


def rates_of(session: Session, policies: PolicyBook) -> tuple[Rate, ...]:
    """The fund's rates, oldest first."""
    return tuple(
        Rate(figure.effective_from, int(figure.value))
        for figure in policies.history(session, "interest.fund_ppm")
    )


def _owed(session: Session, policies: PolicyBook, account_id: UUID, on: date) -> tuple[Accrued, ...]:
    """Interest to a day by the account's books: of every year that ended and was not settled, and of the days since."""
    policy = policies.on(session, on)
    periods = interest_periods(
        account_of(session, account_id).opened_on,
        _settled_through(session, account_id),
        date.fromisoformat(policy.text("interest.books_from")),
        on,
        policy.integer("interest.settlement_month"),
        policy.integer("interest.settlement_day"),
    )
    start = periods[0][0]
    movements = [Movement(day, fen) for day, fen in fund_changes(session, account_id, start)]
    opening_fen = fund_before(session, account_id, start)
    basis = policy.integer("interest.day_basis")
    return accrue_periods(opening_fen, movements, rates_of(session, policies), periods, basis)


def _settled_through(session: Session, account_id: UUID) -> date | None:
    statement = select(func.max(InterestReceipt.settled_on))
    return session.scalar(statement.where(InterestReceipt.account_id == account_id))


def closing_interest(session: Session, policies: PolicyBook, account_id: UUID, on: date) -> Accrued:
    """All interest to the day if the account closed on it."""
    owed = _owed(session, policies, account_id, on)
    fen_days, interest_fen = (sum(one.fen_days for one in owed), sum(one.interest_fen for one in owed))
    return Accrued(owed[0].from_on, on, fen_days, interest_fen)


def post_closing_interest(
    session: Session, policies: PolicyBook, account_id: UUID, at: datetime, *, tell: bool = False
) -> Accrued:
    """Book the interest to the day, before the hold of a withdrawal that closes the account.

    The caller holds the account's lock. On the same day again there is nothing left to book. `tell` the member of
    it where no notice of a payment follows that says so.
    """
    on = shanghai_day(at)
    found = closing_interest(session, policies, account_id, on)
    for period in _owed(session, policies, account_id, on):
        if period.from_on < period.to_on:
            _post(session, account_id, period, at)
    if tell and found.interest_fen:
        balance_fen = balance_of(session, account_id).balance_fen
        payload = {"amount_fen": found.interest_fen, "balance_fen": balance_fen}
        emit(session, account_id, "interest.posted", payload, at)
    return found


def _post(session: Session, account_id: UUID, found: Accrued, at: datetime) -> None:
    """The receipt, and two journals: Dr 411 业务支出, Cr 211 应付利息; then Dr 211, Cr 201 住房公积金."""
    fen = found.interest_fen
    session.add(
        InterestReceipt(
            account_id=account_id,
            settled_on=found.to_on,
            from_on=found.from_on,
            fen_days=found.fen_days,
            interest_fen=fen,
            balance_fen=balance_of(session, account_id).balance_fen + fen,
            batch_id=None,
            posted_at=at,
        )
    )
    session.flush()
    if fen == 0:
        return
    ref = f"interest:{found.to_on}"
    accrual = (Line(BUSINESS_EXPENSE, fen), Line(INTEREST_PAYABLE, -fen))
    credit = (Line(INTEREST_PAYABLE, fen), Line(MEMBER_FUND, -fen))
    summary, on = credit_summary(found.to_on), found.to_on
    post(session, account_id, Entry(f"{ref}:accrue", ACCRUAL, ACCRUAL_SUMMARY, accrual, on), at)
    post(session, account_id, Entry(f"{ref}:credit", INTEREST, summary, credit, on), at)


def credit_summary(settled_on: date) -> str:
    """How a member reads it."""
    return f"利息（至 {settled_on}）"
