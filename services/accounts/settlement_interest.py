"""Interest booked on accounts 结息入账: to the day when one closes; the yearly run of 30 June books the same way."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.interest import Accrued, Movement, Rate, accrue, interest_from
from services.accounts.service import account_of
from services.core.clock import shanghai_day
from services.ledger.chart import BUSINESS_EXPENSE, INTEREST_PAYABLE, MEMBER_FUND
from services.ledger.queries import fund_before, fund_changes, last_reference
from services.ledger.service import Entry, Line, post
from services.policies.service import PolicyBook

INTEREST = "interest"
_ACCRUAL = "interest_accrual"


def accrued(session: Session, policies: PolicyBook, account_id: UUID, from_on: date, to_on: date) -> Accrued:
    """Interest of [from, to) by the account's books and the figures of each day."""
    basis = policies.on(session, to_on).integer("interest.day_basis")
    rates = [Rate(f.effective_from, int(f.value)) for f in policies.history(session, "interest.fund_ppm")]
    moves = [Movement(on, fen) for on, fen in fund_changes(session, account_id, from_on) if on < to_on]
    return accrue(fund_before(session, account_id, from_on), moves, rates, from_on, to_on, basis)


def closing_interest(session: Session, policies: PolicyBook, account_id: UUID, on: date) -> Accrued:
    """Interest to the day if the account closed on it: from the later of opening and the last 30 June."""
    policy = policies.on(session, on)
    month, day = policy.integer("interest.settlement_month"), policy.integer("interest.settlement_day")
    opened_on = account_of(session, account_id).opened_on
    booked = last_reference(session, account_id, INTEREST)
    through = date.fromisoformat(booked.split(":")[1]) if booked else None
    return accrued(session, policies, account_id, interest_from(opened_on, through, on, month, day), on)


def post_closing_interest(session: Session, policies: PolicyBook, account_id: UUID, at: datetime) -> Accrued:
    """Book the interest to the day, before the hold of a withdrawal that closes the account.

    The caller holds the account's lock. On the same day again there is nothing left to book.
    """
    found = closing_interest(session, policies, account_id, shanghai_day(at))
    post_interest(session, account_id, found, at)
    return found


def post_interest(session: Session, account_id: UUID, found: Accrued, at: datetime) -> None:
    """Two journals: Dr 411 业务支出, Cr 211 应付利息; then Dr 211, Cr 201 住房公积金. Once for each end of a period."""
    if found.interest_fen == 0:
        return
    ref, fen = f"interest:{found.to_on}", found.interest_fen
    accrual = (Line(BUSINESS_EXPENSE, fen), Line(INTEREST_PAYABLE, -fen))
    credit = (Line(INTEREST_PAYABLE, fen), Line(MEMBER_FUND, -fen))
    post(session, account_id, Entry(f"{ref}:accrue", _ACCRUAL, "计提利息", accrual), at)
    post(session, account_id, Entry(f"{ref}:credit", INTEREST, f"利息（至 {found.to_on}）", credit), at)
