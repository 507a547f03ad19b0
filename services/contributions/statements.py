"""Annual statement 年度对账单: what came in and went out of a member's fund in one year of interest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.service import account_of
from services.contributions.rules import next_month
from services.contributions.service import months_paid
from services.ledger.queries import KindTotal, MonthTotal, fund_before, fund_months, fund_totals

_GROUPS = {
    "contribution": "contributed",
    "contribution_reversal": "contributed",
    "interest": "interest",
    "withdrawal_hold": "withdrawn",
    "withdrawal_reverse": "withdrawn",
    "withdrawal_return": "withdrawn",
    "loan_offset": "loan",
}


@dataclass(frozen=True, slots=True)
class StatementMonth:
    """One month of a statement; `month` is its first day, `closing_fen` the fund at its end."""

    month: date
    contributed_fen: int
    interest_fen: int
    withdrawn_fen: int
    loan_fen: int
    other_fen: int
    closing_fen: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A year from 1 July to 30 June, named by the year it ends in; signed fen, in positive and out negative.

    `opening_fen` and the five sums make `closing_fen`.
    """

    year: int
    from_on: date
    to_on: date
    complete: bool
    """Whether the year is over; otherwise it goes up to today."""
    opening_fen: int
    contributed_fen: int
    contributed_months: int
    interest_fen: int
    withdrawn_fen: int
    loan_fen: int
    other_fen: int
    closing_fen: int
    employer: str
    months: tuple[StatementMonth, ...]
    """Every month of the span, also those in which nothing moved."""


def statement_years(opened_on: date, today: date) -> range:
    """The years there is a statement of, the newest first."""
    return range(statement_year(today), statement_year(opened_on) - 1, -1)


def statement_year(on: date) -> int:
    """The statement a day belongs to."""
    return on.year + (on.month > 6)


def statement_of(session: Session, account_id: UUID, year: int, today: date) -> Statement | None:
    """The member's statement of a year; None for a year before the account was opened or not begun yet."""
    account = account_of(session, account_id)
    from_on, to_on = date(year - 1, 7, 1), date(year, 6, 30)
    if to_on < account.opened_on or from_on > today:
        return None
    opening, last = fund_before(session, account_id, from_on), min(to_on, today)
    sums = _sums(fund_totals(session, account_id, from_on, last))
    months = [month for month in months_paid(session, account_id) if from_on <= month <= last]
    begins = max(from_on, account.opened_on)
    return Statement(
        year=year,
        from_on=begins,
        to_on=last,
        complete=to_on < today,
        opening_fen=opening,
        contributed_fen=sums["contributed"],
        contributed_months=len(months),
        interest_fen=sums["interest"],
        withdrawn_fen=sums["withdrawn"],
        loan_fen=sums["loan"],
        other_fen=sums["other"],
        closing_fen=opening + sum(sums.values()),
        employer=account.employer,
        months=by_month(opening, fund_months(session, account_id, from_on, last), begins, last),
    )


def by_month(
    opening_fen: int, totals: Iterable[MonthTotal], from_on: date, to_on: date
) -> tuple[StatementMonth, ...]:
    """The months of a span with what moved in each and the fund at its end.

    A month before the account was opened appears only when something was booked in it.
    """
    moved: dict[date, dict[str, int]] = {}
    for total in totals:
        sums = moved.setdefault(total.month, dict.fromkeys((*_GROUPS.values(), "other"), 0))
        sums[_GROUPS.get(total.kind, "other")] += total.amount_fen
    month, found = min([from_on.replace(day=1), *moved]), []
    while month <= to_on:
        sums = moved.get(month, dict.fromkeys((*_GROUPS.values(), "other"), 0))
        opening_fen += sum(sums.values())
        found.append(
            StatementMonth(
                month,
                sums["contributed"],
                sums["interest"],
                sums["withdrawn"],
                sums["loan"],
                sums["other"],
                opening_fen,
            )
        )
        month = next_month(month)
    return tuple(found)


def _sums(totals: list[KindTotal]) -> dict[str, int]:
    sums = dict.fromkeys((*_GROUPS.values(), "other"), 0)
    for total in totals:
        sums[_GROUPS.get(total.kind, "other")] += total.amount_fen
    return sums
