"""Shapes 数据结构 of loans, of the calculator and of the annual statement. Amounts are fen."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictInt

from app.member_api.shapes import In, Out


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


class LoanPlanOut(Out):
    """The whole plan: what was paid, what is overdue, what is ahead."""

    loan_id: str
    version: int
    interest_ahead_fen: int
    instalments: list[InstalmentOut]


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


class LoanTrialIn(In):
    """A loan to try: amount, months, A.11 01 等额本息 or 02 等额本金, first or second home."""

    amount_fen: StrictInt = Field(gt=0, le=10_000_000_000)
    months: StrictInt = Field(ge=1, le=480)
    method: Literal["01", "02"] = "01"
    home: Literal["first", "second"] = "first"


class TrialYearOut(Out):
    """One year of the trial."""

    year: int
    amount_fen: int
    principal_fen: int
    interest_fen: int
    balance_after_fen: int


class LoanTrialOut(Out):
    """What the loan would cost at today's rate, and the other way of repaying beside it."""

    rate_text: str
    method: str
    method_text: str
    first_fen: int
    second_fen: int
    last_fen: int
    total_interest_fen: int
    total_fen: int
    years: list[TrialYearOut]
    other_method_text: str
    other_first_fen: int
    other_total_interest_fen: int
    note: str


class StatementOut(Out):
    """A year of interest, 1 July to 30 June, named by the year it ends in; in positive, out negative."""

    year: int
    from_on: str
    to_on: str
    complete: bool
    display_name: str
    account_no_masked: str
    employer: str
    opening_fen: int
    contributed_fen: int
    contributed_months: int
    interest_fen: int
    withdrawn_fen: int
    loan_fen: int
    other_fen: int
    closing_fen: int
