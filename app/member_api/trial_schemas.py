"""Shapes 数据结构 of trials: what could I draw, what could I borrow, what would it cost, what would a prepayment save."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictInt

from app.member_api.schemas import ItemSummary, PartOut
from app.member_api.shapes import In, Out

_MOST_FEN = 10_000_000_000


class DrawTrialIn(In):
    """What the member supposes departments would say, and sums only they know: item code → form field → fen."""

    married: StrictBool = False
    homes: StrictInt = Field(default=0, ge=0, le=9)
    work: Literal["employed", "unemployed", "retired"] = "employed"
    local: StrictBool = True
    figures: dict[str, dict[str, StrictInt]] = Field(default_factory=dict, max_length=40)


class SupposedOut(Out):
    """One supposition, and who would be asked about it in earnest."""

    name: str
    text: str
    source: str


class ReasonOut(Out):
    """Why not; `supposed` means that it follows from a supposition."""

    code: str
    text: str
    change: str
    article: str
    supposed: bool
    next_on: str | None


class FigureAskOut(Out):
    """A sum that makes the estimate better."""

    name: str
    label: str
    value_fen: int | None


class EstimateOut(ItemSummary):
    """One item: `yes` with an amount, `no` with reasons, `ask` when a sum is missing (`max_fen` is then a ceiling).

    `next_on` after a yes is the first day it could be had again; after a no the first day it can be had.
    """

    outcome: Literal["yes", "no", "ask"]
    verb: str
    max_fen: int | None
    text: str
    breakdown: list[PartOut]
    reasons: list[ReasonOut]
    next_on: str | None
    asks: list[FigureAskOut]
    supposed: list[str]


class DrawTrialOut(Out):
    """Estimates of every item with an amount, those that say yes first; nothing is asked outside and nothing kept."""

    balance_fen: int
    supposed: list[SupposedOut]
    estimates: list[EstimateOut]
    note: str


class LoanTrialIn(In):
    """A loan to try: amount, months, A.11 01 等额本息 or 02 等额本金, first or second home; `plan_year` lists a year."""

    amount_fen: StrictInt = Field(gt=0, le=_MOST_FEN)
    months: StrictInt = Field(ge=1, le=480)
    method: Literal["01", "02"] = "01"
    home: Literal["first", "second"] = "first"
    plan_year: StrictInt | None = Field(default=None, ge=1, le=40)


class TrialYearOut(Out):
    """One year of the trial."""

    year: int
    amount_fen: int
    principal_fen: int
    interest_fen: int
    balance_after_fen: int


class TrialInstalmentOut(Out):
    """One instalment of the trial."""

    no: int
    amount_fen: int
    principal_fen: int
    interest_fen: int
    balance_after_fen: int


class LoanTrialOut(Out):
    """What the loan would cost at today's rate, and the other way of repaying beside it."""

    rate_text: str
    rate_from: str
    method: str
    method_text: str
    first_fen: int
    second_fen: int
    last_fen: int
    total_interest_fen: int
    total_fen: int
    years: list[TrialYearOut]
    instalments: list[TrialInstalmentOut]
    other_method: str
    other_method_text: str
    other_first_fen: int
    other_last_fen: int
    other_total_interest_fen: int
    other_years: list[TrialYearOut]
    note: str


class RateOut(Out):
    """Published rates from a day on."""

    from_on: str
    first_short: str
    first_long: str
    second_short: str
    second_long: str
    assumed: bool


class CapOut(Out):
    """The cap of one kind of household."""

    household: Literal["ordinary", "family", "talent"]
    label: str
    cap_fen: int
    assumed: bool


class LoanTermsOut(Out):
    """What loans are given on today: caps, terms, down payments, and the rates of every date."""

    max_months: int
    most_fen: int
    min_months: int
    paid_months: int
    monthly_base_fen: int
    caps: list[CapOut]
    rates: list[RateOut]


class BorrowTrialIn(In):
    """A home to be bought, and what is known of those who buy it; `income_fen` is the household's, a month."""

    price_fen: StrictInt = Field(gt=0, le=_MOST_FEN)
    income_fen: StrictInt = Field(gt=0, le=_MOST_FEN)
    months: StrictInt = Field(ge=12, le=480)
    home: Literal["first", "second"] = "first"
    method: Literal["01", "02"] = "01"
    household: Literal["ordinary", "family", "talent"] = "ordinary"
    withdrawn_fen: StrictInt = Field(default=0, ge=0, le=_MOST_FEN)


class LimitOut(Out):
    """One limit; `decides` marks the one that makes the sum, `assumed` one that no text was found for."""

    code: Literal["cap", "price", "balance", "income"]
    label: str
    fen: int
    text: str
    decides: bool
    assumed: bool


class BorrowTrialOut(Out):
    """The most that could be borrowed, with every limit, and what it would cost."""

    most_fen: int
    limits: list[LimitOut]
    waits_text: str | None
    loan: LoanTrialOut | None
    note: str


class PrepayTrialIn(In):
    """A sum to repay ahead."""

    amount_fen: StrictInt = Field(gt=0, le=_MOST_FEN)


class PrepayWayOut(Out):
    """One of the two ways: shorter term or lower instalment."""

    change: Literal["term", "instalment"]
    label: str
    months_before: int
    months_after: int
    instalment_before_fen: int
    instalment_after_fen: int
    last_due_before: str
    last_due_after: str
    saved_fen: int


class PrepayTrialOut(Out):
    """What a prepayment today would do, both ways side by side."""

    amount_fen: int
    principal_fen: int
    interest_fen: int
    balance_after_fen: int
    ways: list[PrepayWayOut]
    note: str
