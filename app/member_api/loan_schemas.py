"""Shapes 数据结构 of loans. Amounts are fen."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.member_api.shapes import Out


class LoanCardOut(Out):
    """The card repayments are taken from."""

    bank_name: str
    tail4: str


class LoanOut(Out):
    """A loan as it stands today."""

    loan_id: str
    contract_no: str
    role: Literal["borrower", "co_borrower"]
    role_text: str
    state: Literal["normal", "overdue", "settled"]
    state_text: str
    bank_name: str
    method: str
    method_text: str
    rate_text: str = Field(examples=["2.60%"])
    principal_fen: int
    months: int
    drawn_on: str
    due_last_on: str
    balance_fen: int
    months_left: int
    instalment_fen: int
    next_due_on: str | None
    overdue_fen: int
    penalty_fen: int
    settle_today_fen: int
    settled_on: str | None
    repaid_principal_fen: int
    repaid_interest_fen: int
    card: LoanCardOut
    house: str


class LoansOut(Out):
    """Loans the member answers for, newest first."""

    loans: list[LoanOut]


class InstalmentOut(Out):
    """One instalment of the plan in force."""

    no: int
    due_on: str
    state: Literal["planned", "paid", "overdue"]
    state_text: str
    amount_fen: int
    principal_fen: int
    interest_fen: int
    balance_after_fen: int
    rate_text: str
    paid_on: str | None


class PlanYearOut(Out):
    """One calendar year of the plan: what is repaid in it, and what is owed at its end."""

    year: int
    principal_fen: int
    interest_fen: int
    paid_fen: int
    balance_after_fen: int


class LoanPlanOut(Out):
    """The plan by years, and a page of instalments: what was paid, what is overdue, what is ahead.

    Pass `next_after` as `after` for the next page.
    """

    loan_id: str
    version: int
    interest_ahead_fen: int
    years: list[PlanYearOut]
    instalments: list[InstalmentOut]
    next_after: int | None


class RepaymentOut(Out):
    """One business on the loan."""

    on: str
    kind: str
    kind_text: str
    source_text: str
    amount_fen: int
    principal_fen: int
    interest_fen: int
    penalty_fen: int
    balance_after_fen: int


class RepaymentsOut(Out):
    """The loan's history, newest first."""

    repayments: list[RepaymentOut]
