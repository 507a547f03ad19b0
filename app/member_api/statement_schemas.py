"""Shapes 数据结构 of the annual statement. Amounts are fen."""

from __future__ import annotations

from app.member_api.shapes import Out


class StatementMonthOut(Out):
    """One month (YYYY-MM); in positive, out negative; `closing_fen` is the fund at its end."""

    month: str
    contributed_fen: int
    interest_fen: int
    withdrawn_fen: int
    loan_fen: int
    other_fen: int
    closing_fen: int


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
    months: list[StatementMonthOut]


class StatementsOut(Out):
    """Years there is a statement of, the newest first."""

    years: list[int]
