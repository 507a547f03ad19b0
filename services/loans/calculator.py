"""Trial calculator 试算: what a loan would cost, and what a prepayment of one would do; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.core.errors import Invalid
from services.core.money import yuan_text
from services.loans.errors import InstalmentDueToday, LoanOverdue, LoanSettled, PrepaymentTooMuch
from services.loans.facts import LoanFact
from services.loans.rules import (
    Change,
    Level,
    Method,
    Plan,
    Prepayment,
    PrepaymentTooLarge,
    RateStep,
    Rest,
    level_of,
    month_after,
    plan,
    prepay,
    rate_key,
    total_interest_fen,
    whole,
)
from services.policies.rules import Policy

_TRIAL_DAY = 20


@dataclass(frozen=True, slots=True)
class OtherWay:
    """The same loan repaid the other way."""

    method: Method
    rows: Plan

    @property
    def interest_fen(self) -> int:
        """Interest over the whole term."""
        return total_interest_fen(self.rows)


@dataclass(frozen=True, slots=True)
class LoanTrial:
    """A loan tried out: every instalment, and the other way of repaying beside it."""

    amount_fen: int
    method: Method
    rate_ppm: int
    rows: Plan
    other: OtherWay

    @property
    def interest_fen(self) -> int:
        """Interest over the whole term."""
        return total_interest_fen(self.rows)


def try_loan(policy: Policy, amount_fen: int, months: int, method: Method, home: str) -> LoanTrial:
    """What such a loan would cost. Raises Invalid `trial.amount_over` or `trial.term_over` beyond the policy."""
    _within(policy, amount_fen, months)
    ppm = policy.integer(rate_key(home, months))
    rows = _rows(policy.on, amount_fen, months, method, ppm)
    other: Method = "02" if method == "01" else "01"
    beside = OtherWay(other, _rows(policy.on, amount_fen, months, other, ppm))
    return LoanTrial(amount_fen, method, ppm, rows, beside)


def _within(policy: Policy, amount_fen: int, months: int) -> None:
    most, longest = policy.integer("loan.cap_most_fen"), policy.integer("loan.max_months")
    if amount_fen > most:
        text = f"公积金贷款最多 {yuan_text(most)} 元，请改小一点再算。"
        raise Invalid(text, code="trial.amount_over", field="amount_fen", extra={"max_fen": most})
    if amount_fen < months:
        raise Invalid("金额太小了，请改大一点再算。", code="trial.amount_under", field="amount_fen")
    if months > longest:
        raise Invalid(f"公积金贷款最长 {longest // 12} 年。", code="trial.term_over", field="months")


def _rows(on: date, amount_fen: int, months: int, method: Method, ppm: int) -> Plan:
    """Drawn on its own repayment day, so that every period is a month."""
    drawn_on = on.replace(day=_TRIAL_DAY)
    rest = whole(amount_fen, drawn_on, _TRIAL_DAY, months)
    return plan(rest, method, (RateStep(drawn_on, ppm),), level_of(rest, method, ppm))


def try_prepayment(loan: LoanFact, amount_fen: int, on: date, change: Change) -> Prepayment:
    """What a partial prepayment on a day would do to a loan as its facts have it on that day.

    Raises LoanSettled, LoanOverdue, InstalmentDueToday, PrepaymentTooMuch.
    """
    if loan.next_due_on is None and loan.is_open:
        raise LoanOverdue
    if not loan.is_open or loan.next_due_on is None:
        raise LoanSettled
    if loan.is_overdue:
        raise LoanOverdue
    if loan.next_due_on <= on.isoformat():
        raise InstalmentDueToday
    steps = tuple(RateStep(date.fromisoformat(rate.from_on), rate.ppm) for rate in loan.rates)
    level = Level(loan.level_fen, loan.rate_ppm)
    method: Method = "02" if loan.method == "02" else "01"
    try:
        return prepay(
            _rest(loan, date.fromisoformat(loan.next_due_on)), method, steps, level, amount_fen, on, change
        )
    except PrepaymentTooLarge:
        raise PrepaymentTooMuch from None


def least_prepayment(policy: Policy, amount_fen: int) -> None:
    """Raises Invalid `trial.prepay_under` for a sum below the smallest prepayment."""
    least = policy.integer("loan.prepay_min_fen")
    if amount_fen < least:
        text = f"提前还款最少 {yuan_text(least)} 元，请改大一点再算。"
        raise Invalid(text, code="trial.prepay_under", field="amount_fen", extra={"min_fen": least})


def _rest(loan: LoanFact, first: date) -> Rest:
    due = (date(*month_after(first, months), first.day) for months in range(loan.months_left))
    since = date.fromisoformat(loan.interest_from)
    return Rest(loan.balance_fen - loan.overdue_principal_fen, since, loan.next_no, tuple(due))
