"""Booking repayments 还款记账: one journal for each purse that pays, one line of the loan's history, the balance with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.clock import shanghai_day
from services.core.ids import new_id
from services.ledger.chart import (
    BANK_DEPOSIT,
    BUSINESS_INCOME,
    ENTRUSTED_LOAN,
    MEMBER_FUND,
    OVERDUE_LOAN,
    WITHDRAWAL_PAYABLE,
)
from services.ledger.service import Entry, Line, post
from services.loans.models import Loan, LoanRepayment

Source = Literal["card", "fund", "held"]
"""Whose money: the card's, the fund's, or the fund's that is on hold until the card has paid."""
_DEBIT = {"card": BANK_DEPOSIT, "fund": MEMBER_FUND, "held": WITHDRAWAL_PAYABLE}


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose money it is; the fund may be that of a co-borrower."""

    source: Source
    account_id: UUID
    held_fen: int = 0
    """Beside a card: what the fund adds, which is on hold."""
    valued_on: date | None = None
    """The day the sum is of; the day it is booked when none is given."""

    def on(self, at: datetime) -> date:
        """The day the payment counts from."""
        return self.valued_on or shanghai_day(at)


@dataclass(frozen=True, slots=True)
class Paid:
    """What one booking repays. `step` names it in the reference: "instalment:12", "prepay:<case number>"."""

    step: str
    kind: str
    summary: str
    principal_fen: int
    interest_fen: int
    penalty_fen: int = 0
    overdue_principal_fen: int = 0
    """The part of the principal that lies on 122."""
    instalment_no: int | None = None

    @property
    def amount_fen(self) -> int:
        """All of it."""
        return self.principal_fen + self.interest_fen + self.penalty_fen


def own_card(account_id: UUID) -> Payer:
    """The borrower's repayment card."""
    return Payer("card", account_id)


def split(paid: Paid, held_fen: int) -> tuple[Paid, Paid]:
    """The fund's part and the card's: the fund pays principal first, then interest, penalty last.

    Raises ValueError when nothing is left for the card.
    """
    if not 0 <= held_fen < paid.amount_fen:
        raise ValueError("the card pays a part")
    whole = {
        "normal": paid.principal_fen - paid.overdue_principal_fen,
        "late": paid.overdue_principal_fen,
        "interest": paid.interest_fen,
        "penalty": paid.penalty_fen,
    }
    taken, left = {}, held_fen
    for name, fen in whole.items():
        taken[name] = min(fen, left)
        left -= taken[name]
    fund = replace(
        paid,
        step=f"{paid.step}:fund",
        kind="05" if paid.kind in ("02", "04") else paid.kind,
        principal_fen=taken["normal"] + taken["late"],
        overdue_principal_fen=taken["late"],
        interest_fen=taken["interest"],
        penalty_fen=taken["penalty"],
    )
    card = replace(
        paid,
        principal_fen=paid.principal_fen - fund.principal_fen,
        overdue_principal_fen=paid.overdue_principal_fen - fund.overdue_principal_fen,
        interest_fen=paid.interest_fen - fund.interest_fen,
        penalty_fen=paid.penalty_fen - fund.penalty_fen,
    )
    return fund, card


def book(session: Session, loan: Loan, payer: Payer, paid: Paid, at: datetime) -> LoanRepayment:
    """Book what one payer pays; where the fund adds to a card, its part stands beside, from the hold."""
    if payer.held_fen:
        fund, paid = split(paid, payer.held_fen)
        _book(session, loan, replace(payer, source="held", held_fen=0), fund, at)
    return _book(session, loan, payer, paid, at)


def _book(session: Session, loan: Loan, payer: Payer, paid: Paid, at: datetime) -> LoanRepayment:
    """One journal in the payer's books, one line of the loan's history, and the loan's balance with them."""
    ref = f"loan:{loan.loan_id}:{paid.step}"
    credits = (
        (ENTRUSTED_LOAN, paid.principal_fen - paid.overdue_principal_fen),
        (OVERDUE_LOAN, paid.overdue_principal_fen),
        (BUSINESS_INCOME, paid.interest_fen + paid.penalty_fen),
    )
    lines = (
        Line(_DEBIT[payer.source], paid.amount_fen),
        *(Line(code, -fen) for code, fen in credits if fen),
    )
    kind = "loan_repayment" if payer.source == "card" else "loan_offset"
    journal_id = post(session, payer.account_id, Entry(ref, kind, paid.summary, lines), at)
    loan.balance_fen -= paid.principal_fen
    loan.repaid_principal_fen += paid.principal_fen
    loan.repaid_interest_fen += paid.interest_fen
    loan.repaid_penalty_fen += paid.penalty_fen
    booked = LoanRepayment(
        account_id=loan.account_id,
        loan_id=loan.loan_id,
        repayment_id=new_id(),
        business_ref=ref,
        kind=paid.kind,
        source="card" if payer.source == "card" else "fund",
        payer_account_id=payer.account_id,
        journal_id=journal_id,
        instalment_no=paid.instalment_no,
        booked_on=payer.on(at),
        principal_fen=paid.principal_fen,
        interest_fen=paid.interest_fen,
        penalty_fen=paid.penalty_fen,
        balance_after_fen=loan.balance_fen,
        booked_at=at,
    )
    session.add(booked)
    return booked
