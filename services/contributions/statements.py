"""Annual statement 年度对账单: what came in and went out of a member's fund in one year of interest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.service import account_of
from services.contributions.service import months_paid
from services.ledger.queries import KindTotal, fund_before, fund_totals

_GROUPS = {
    "contribution": "contributed",
    "interest": "interest",
    "withdrawal_hold": "withdrawn",
    "withdrawal_reverse": "withdrawn",
    "withdrawal_return": "withdrawn",
    "loan_offset": "loan",
}


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


def statement_year(on: date) -> int:
    """The statement a day belongs to."""
    return on.year + (on.month > 6)


def statement_of(session: Session, account_id: UUID, year: int, today: date) -> Statement | None:
    """The member's statement of a year; None for a year before the account was opened or not begun yet."""
    account = account_of(session, account_id)
    from_on, to_on = date(year - 1, 7, 1), date(year, 6, 30)
    if to_on < account.opened_on or from_on > today:
        return None
    opening = fund_before(session, account_id, from_on)
    sums = _sums(fund_totals(session, account_id, from_on, min(to_on, today)))
    months = [month for month in months_paid(session, account_id) if from_on <= month <= min(to_on, today)]
    return Statement(
        year=year,
        from_on=max(from_on, account.opened_on),
        to_on=min(to_on, today),
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
    )


def _sums(totals: list[KindTotal]) -> dict[str, int]:
    sums = dict.fromkeys((*_GROUPS.values(), "other"), 0)
    for total in totals:
        sums[_GROUPS.get(total.kind, "other")] += total.amount_fen
    return sums
