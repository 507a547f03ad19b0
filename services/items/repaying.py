"""Repaying a loan from the fund 冲还: one journal in the payer's books (201 / 121, 122, 401), no bank payment.

The sum is to the day of booking: a case that waited for a person over midnight is worked out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.models import Application
from services.applications.service import move
from services.audit.service import record
from services.core.clock import shanghai_day
from services.core.outbox import emit
from services.ledger.queries import balance_of
from services.ledger.service import BalanceInsufficient
from services.loans.booking import Payer
from services.loans.models import Loan
from services.loans.queries import loan_held
from services.loans.rules import Change
from services.loans.service import Order, prepay_part, settle
from services.loans.standing import standing_of
from services.withdrawals.states import WITHDRAWAL_STATES


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do with a loan: how (as RepayLoan says), what becomes smaller, what has to stay in the fund."""

    loan_id: UUID
    how: str
    change: Change
    keep_fen: int


def repay(
    session: Session, application: Application, wish: Wish, at: datetime, payer: Payer | None = None
) -> Loan:
    """Book the repayment of an application and write on it what came of it; returns the loan.

    The fund pays unless another payer is given: a card whose money is there. The caller has locked the payer's account. Raises BalanceInsufficient, LoanSettled, LoanOverdue,
    InstalmentDueToday, PrepaymentTooMuch.
    """
    account_id = application.account_id
    payer = payer or Payer("fund", account_id)
    loan = loan_held(session, account_id, wish.loan_id).loan
    due = standing_of(session, loan.account_id, loan.loan_id, lock=True).payoff(payer.on(at))
    asked = application.amount_fen or 0
    all_of_it = wish.how == "all" or (wish.how == "up_to" and asked >= due.amount_fen > 0)
    amount_fen = due.amount_fen if all_of_it else asked
    if payer.source == "fund":
        _refuse_too_much(session, account_id, amount_fen, wish.keep_fen)
    order = Order(application.case_no, payer)
    if all_of_it:
        settle(session, loan.account_id, loan.loan_id, order, at)
        made: dict[str, Any] = {"penalty_fen": due.penalty_fen}
        step, interest_fen = "settle", due.interest_fen + due.overdue_interest_fen
    else:
        found = prepay_part(session, loan.account_id, loan.loan_id, order, amount_fen, wish.change, at)
        made = {
            "instalment_before_fen": found.before[0].amount_fen,
            "instalment_fen": found.after[0].amount_fen,
            "months_left": len(found.after),
            "saved_fen": found.saved_fen,
        }
        step, interest_fen = "prepay", found.interest_fen
    ref = f"loan:{loan.loan_id}:{step}:{application.case_no}"
    note_booked(application, amount_fen, [ref, f"{ref}:fund"] if payer.held_fen else [ref])
    made |= {"loan_id": str(loan.loan_id), "interest_fen": interest_fen, "balance_fen": loan.balance_fen}
    application.result = {**application.result, "repaid": made | {"settled": loan.state == "settled"}}
    session.flush()  # the state is moved by a statement of its own
    return loan


def settles_for(
    session: Session, account_id: UUID, loan_id: UUID, how: str, asked_fen: int, on: date
) -> int | None:
    """What settles the loan on a day, if that is what is asked for; None where the sum is the application's."""
    loan = loan_held(session, account_id, loan_id).loan
    due_fen = standing_of(session, loan.account_id, loan.loan_id).payoff(on).amount_fen
    settles = how == "all" or (how == "up_to" and asked_fen >= due_fen)
    return due_fen if settles and due_fen > 0 else None


def fund_covers(session: Session, application: Application, wish: Wish, at: datetime) -> bool:
    """Whether the fund alone settles the loan today and keeps what it has to."""
    loan = loan_held(session, application.account_id, wish.loan_id).loan
    due = standing_of(session, loan.account_id, loan.loan_id).payoff(shanghai_day(at))
    balance = balance_of(session, application.account_id)
    return due.amount_fen <= balance.balance_fen - balance.frozen_fen - wish.keep_fen


def note_booked(application: Application, amount_fen: int, refs: list[str]) -> None:
    """The sum as it was booked, and the loan's bookings that make it (invariant i30)."""
    application.amount_fen = amount_fen
    application.result = {**application.result, "booked": refs}


def _refuse_too_much(session: Session, account_id: UUID, amount_fen: int, keep_fen: int) -> None:
    balance = balance_of(session, account_id)
    if amount_fen > balance.balance_fen - balance.frozen_fen - keep_fen:
        raise BalanceInsufficient


def finish_repaid(
    session: Session, application: Application, *, event: str, actor: str, at: datetime
) -> None:
    """Take the case to its end and tell the member; the money has moved inside our books."""
    account_id, subject = application.account_id, str(application.application_id)
    move(session, application, WITHDRAWAL_STATES, event, actor=actor, at=at)
    move(session, application, WITHDRAWAL_STATES, "offset", actor="系统", at=at)
    detail = {"amount_fen": application.amount_fen, "case_no": application.case_no}
    record(session, account_id, "loan.repaid", actor=actor, subject=subject, at=at, detail=detail)
    payload = {
        "application_id": subject,
        "item_name": application.quote["item_name"],
        "amount_fen": application.amount_fen,
        "balance_fen": balance_of(session, account_id).balance_fen,
        "owed_fen": application.result["repaid"]["balance_fen"],
    }
    emit(session, account_id, "loan.repaid", payload, at)
