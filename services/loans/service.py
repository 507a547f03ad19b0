"""Repaying loans 还款: instalments, overdue, partial prepayment, full settlement, offset from the fund; the journals.

Each use case locks the loan, books one journal under a reference that cannot be used twice, and keeps plan and
balance with it. Money from the card: Dr 101; from the fund 冲还贷: Dr 201 of the payer. Principal: Cr 121, or 122 once
it was overdue. Interest and penalty: Cr 401.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import SHANGHAI, shanghai_day
from services.ledger.chart import (
    ENTRUSTED_LOAN,
    OVERDUE_LOAN,
)
from services.ledger.service import BalanceInsufficient, Entry, Line, post
from services.loans.booking import Paid, Payer, book, own_card
from services.loans.contract import write_plan
from services.loans.errors import (
    InstalmentDueToday,
    InstalmentNotDue,
    LoanOverdue,
    LoanSettled,
    PrepaymentTooMuch,
)
from services.loans.models import Loan, LoanInstalment, LoanRate, LoanRepayment
from services.loans.rules import (
    Change,
    Method,
    Overdue,
    Payoff,
    Prepayment,
    PrepaymentTooLarge,
    offset,
    penalty_fen,
    plan,
    prepay,
    rate_on,
)
from services.loans.standing import Standing, standing_of
from services.loans.states import INSTALMENT_STATES, LOAN_STATES
from services.settlement.deductions.service import DeductionUnderWay, live_deduction


def pay_instalment(
    session: Session, account_id: UUID, loan_id: UUID, payer: Payer, at: datetime
) -> LoanRepayment:
    """Book the next instalment on or after its day (02 正常还款; from the fund 05).

    Raises LoanSettled, LoanOverdue when one before it is unpaid, InstalmentNotDue.
    """
    standing = _open(session, account_id, loan_id)
    on = payer.on(at)
    if standing.loan.state == "overdue":
        raise LoanOverdue
    row = standing.planned[0]
    if on < row.due_on:
        raise InstalmentNotDue
    if on > standing.in_time_until(row):
        raise LoanOverdue
    return _close_if_last(session, standing, _pay_row(session, standing.loan, row, payer, at), on)


def take_over_history(session: Session, account_id: UUID, loan_id: UUID, count: int) -> None:
    """Book the first instalments as paid by card at noon of their own days, when a loan comes from other books."""
    standing = _open(session, account_id, loan_id)
    with session.no_autoflush:  # many rows at once: written together
        for row in standing.planned[:count]:
            at = datetime.combine(row.due_on, time(12), SHANGHAI)
            booked = _pay_row(session, standing.loan, row, own_card(account_id), at)
            _close_if_last(session, standing, booked, row.due_on)
    session.flush()


def _pay_row(session: Session, loan: Loan, row: LoanInstalment, payer: Payer, at: datetime) -> LoanRepayment:
    _settle_row(row, payer.on(at))
    paid = Paid(
        f"instalment:{row.no}",
        "02" if payer.source == "card" else "05",
        f"偿还贷款第 {row.no} 期",
        row.principal_fen,
        row.interest_fen,
        instalment_no=row.no,
    )
    return book(session, loan, payer, paid, at)


def fall_overdue(
    session: Session, account_id: UUID, loan_id: UUID, at: datetime, on: date | None = None
) -> int:
    """Move the principal of instalments unpaid after their last day to 逾期贷款: Dr 122, Cr 121. Returns how many.

    Run again on the same day it changes nothing. While a deduction is under way nothing is late yet: the card may
    have paid in time.
    """
    standing = standing_of(session, account_id, loan_id, lock=True)
    if live_deduction(session, account_id, loan_id) is not None:
        return 0
    late = [row for row in standing.overdue(on or shanghai_day(at)) if row.state == "planned"]
    for row in late:
        row.state = INSTALMENT_STATES.target(row.state, "fall_overdue")
        lines = (Line(OVERDUE_LOAN, row.principal_fen), Line(ENTRUSTED_LOAN, -row.principal_fen))
        entry = Entry(f"loan:{loan_id}:overdue:{row.no}", "loan_overdue", f"贷款第 {row.no} 期逾期", lines)
        if row.principal_fen:
            post(session, account_id, entry, at)
    if late and standing.loan.state == "normal":
        standing.loan.state = LOAN_STATES.target("normal", "fall_overdue")
        record(session, account_id, "loan.overdue", actor="系统", subject=standing.loan.contract_no, at=at)
    return len(late)


def pay_overdue(
    session: Session, account_id: UUID, loan_id: UUID, payer: Payer, at: datetime
) -> list[LoanRepayment]:
    """Pay everything overdue with its penalty up to the day, oldest first (04 逾期还款; from the fund 05)."""
    on = payer.on(at)
    fall_overdue(session, account_id, loan_id, at, on)
    standing = _open(session, account_id, loan_id)
    booked = []
    for row in standing.overdue(on):
        overdue = Overdue(row.no, row.due_on, row.principal_fen, row.interest_fen)
        _settle_row(row, on)
        paid = Paid(
            f"instalment:{row.no}",
            "04" if payer.source == "card" else "05",
            f"偿还贷款第 {row.no} 期（逾期）",
            row.principal_fen,
            row.interest_fen,
            penalty_fen(overdue, standing.steps, on, standing.loan.penalty_percent),
            row.principal_fen,
            row.no,
        )
        booked.append(book(session, standing.loan, payer, paid, at))
    if booked:
        standing.loan.state = LOAN_STATES.target(standing.loan.state, "catch_up")
        _close_if_last(session, standing, booked[-1], on)
    return booked


def trial_prepayment(standing: Standing, amount_fen: int, on: date, change: Change) -> Prepayment:
    """What a partial prepayment on a day would do. Raises LoanSettled, LoanOverdue, InstalmentDueToday, PrepaymentTooMuch."""
    if standing.loan.state == "settled":
        raise LoanSettled
    if standing.overdue(on):
        raise LoanOverdue
    rest, level = standing.rest(on), standing.level(on)
    if rest.due_on[0] <= on:
        raise InstalmentDueToday
    try:
        return prepay(rest, _method(standing.loan), standing.steps, level, amount_fen, on, change)
    except PrepaymentTooLarge:
        raise PrepaymentTooMuch from None


@dataclass(frozen=True, slots=True)
class Order:
    """A prepayment or settlement to book; `reference` (the case number) makes booking it twice impossible."""

    reference: str
    payer: Payer


def prepay_part(
    session: Session,
    account_id: UUID,
    loan_id: UUID,
    order: Order,
    amount_fen: int,
    change: Change,
    at: datetime,
) -> Prepayment:
    """Book a partial prepayment 提前部分还款 (03; from the fund 05) and the plan that follows."""
    standing = _open(session, account_id, loan_id)
    on = order.payer.on(at)
    found = trial_prepayment(standing, amount_fen, on, change)
    kind = "03" if order.payer.source == "card" else "05"
    paid = Paid(f"prepay:{order.reference}", kind, "提前部分还款", found.principal_fen, found.interest_fen)
    standing.loan.prepaid_fen += found.principal_fen
    book(session, standing.loan, order.payer, paid, at)
    standing.loan.plan_version += 1
    write_plan(session, standing.loan, f"prepaid_{change}", found.after, at)
    _told(session, standing.loan, "loan.prepaid", order, at)
    return found


def settle(session: Session, account_id: UUID, loan_id: UUID, order: Order, at: datetime) -> Payoff:
    """Pay everything 提前结清 (06): principal, interest to the day, overdue and penalty; the loan is settled."""
    on = order.payer.on(at)
    fall_overdue(session, account_id, loan_id, at, on)
    standing = _open(session, account_id, loan_id)
    due = standing.payoff(on)
    paid = Paid(
        f"settle:{order.reference}",
        "06",
        "贷款结清",
        due.principal_fen + due.overdue_principal_fen,
        due.interest_fen + due.overdue_interest_fen,
        due.penalty_fen,
        due.overdue_principal_fen,
    )
    for row in standing.overdue(on):
        _settle_row(row, on)
    book(session, standing.loan, order.payer, paid, at)
    standing.loan.plan_version += 1
    write_plan(session, standing.loan, "settled", (), at)
    _settled(standing.loan, on)
    _told(session, standing.loan, "loan.settled", order, at)
    return due


def offset_from_fund(
    session: Session,
    account_id: UUID,
    loan_id: UUID,
    order: Order,
    available_fen: int,
    leave_fen: int,
    change: Change,
    at: datetime,
) -> int:
    """Let the payer's fund repay as much as it may 冲还贷: settle, or pay part ahead; returns what was taken.

    Raises LoanOverdue, InstalmentDueToday, BalanceInsufficient when nothing can be taken.
    """
    due = _open(session, account_id, loan_id).payoff(shanghai_day(at))
    found = offset(due.amount_fen, available_fen, leave_fen)
    if found.amount_fen <= 0:
        raise BalanceInsufficient
    if found.settles:
        settle(session, account_id, loan_id, order, at)
    else:
        prepay_part(session, account_id, loan_id, order, found.amount_fen, change, at)
    return found.amount_fen


def reprice(session: Session, account_id: UUID, loan_id: UUID, ppm: int, year: int, at: datetime) -> bool:
    """Give an open loan the published rate from 1 January of a year on; False when nothing changes."""
    fall_overdue(session, account_id, loan_id, at)  # what fell due stays with the plan it fell due under
    standing = standing_of(session, account_id, loan_id, lock=True)
    if live_deduction(session, account_id, loan_id) is not None:
        return False  # the next look changes it
    from_on = date(year, 1, 1)
    known = {step.from_on for step in standing.steps}
    if standing.loan.state == "settled" or from_on in known or rate_on(standing.steps, from_on) == ppm:
        return False
    session.add(LoanRate(account_id=account_id, loan_id=loan_id, from_on=from_on, ppm=ppm))
    session.flush()
    if standing.ahead(shanghai_day(at)):  # else all of it is overdue: only its penalty has the new rate
        _plan_anew(session, standing, at)
    record(session, account_id, "loan.repriced", actor="centre", subject=standing.loan.contract_no, at=at)
    return True


def _plan_anew(session: Session, standing: Standing, at: datetime) -> None:
    """What is ahead, at the rates that the loan has now."""
    loan, today = standing.loan, shanghai_day(at)
    steps = standing_of(session, loan.account_id, loan.loan_id).steps
    rows = plan(standing.rest(today), _method(loan), steps, standing.level(today))
    loan.plan_version += 1
    write_plan(session, loan, "rate", rows, at)


def _method(loan: Loan) -> Method:
    return "02" if loan.method == "02" else "01"


def _open(session: Session, account_id: UUID, loan_id: UUID) -> Standing:
    """The loan, locked; raises LoanSettled, or DeductionUnderWay: until the card has paid or not, the plan stands."""
    standing = standing_of(session, account_id, loan_id, lock=True)
    if standing.loan.state == "settled":
        raise LoanSettled
    if live_deduction(session, account_id, loan_id) is not None:
        raise DeductionUnderWay
    return standing


def _settle_row(row: LoanInstalment, on: date) -> None:
    row.state = INSTALMENT_STATES.target(row.state, "pay")
    row.paid_on = on


def _close_if_last(session: Session, standing: Standing, booked: LoanRepayment, on: date) -> LoanRepayment:
    if standing.loan.balance_fen == 0:
        _settled(standing.loan, on)
        record(
            session,
            standing.loan.account_id,
            "loan.settled",
            actor="系统",
            subject=standing.loan.contract_no,
            at=booked.booked_at,
        )
    return booked


def _settled(loan: Loan, on: date) -> None:
    loan.state = LOAN_STATES.target(loan.state, "settle")
    loan.settled_on = on


def _told(session: Session, loan: Loan, action: str, order: Order, at: datetime) -> None:
    """Audit in the payer's chain, whose lock the caller holds."""
    record(session, order.payer.account_id, action, actor="member", subject=loan.contract_no, at=at)
