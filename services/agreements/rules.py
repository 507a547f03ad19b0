"""Which months an agreement owes, and how many of them the fund can give; pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

MOST_MISSED = 12


def run_day(today: date, day: int) -> date:
    """The last run day on or before a day; the last of the month where it has no such day."""
    this = _in_month(today.year, today.month, day)
    return this if this <= today else _in_month(*_before(today.year, today.month), day)


def _in_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def _before(year: int, month: int) -> tuple[int, int]:
    return (year - 1, 12) if month == 1 else (year, month - 1)


def months_owed(
    signed_on: date, due_on: date, covered: Collection[str], drawn_on: date | None = None
) -> tuple[str, ...]:
    """Months (YYYY-MM) of run days since the signing that nothing was paid for: this one and at most 12 before it.

    What is drawn once a year, last on `drawn_on`, is drawn for the months until then.
    """
    found: list[str] = []
    year, month = due_on.year, due_on.month
    for _ in range(MOST_MISSED + 1):
        if _in_month(year, month, due_on.day) < signed_on:
            break
        if drawn_on is not None and (year, month) <= (drawn_on.year, drawn_on.month):
            break
        if f"{year}-{month:02d}" not in covered:
            found.append(f"{year}-{month:02d}")
        year, month = _before(year, month)
    return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class Share:
    """What a run pays, and the months it covers, oldest first."""

    amount_fen: int
    months: tuple[str, ...]


def share(monthly_fen: int, owed: tuple[str, ...], available_fen: int) -> Share:
    """F4: min(AV, monthly principal and interest), whole months first; the rest is made up for later."""
    if not owed or monthly_fen <= 0 or available_fen <= 0:
        return Share(0, ())
    whole = min(len(owed), available_fen // monthly_fen)
    if whole:
        return Share(whole * monthly_fen, owed[:whole])
    return Share(available_fen, owed[:1])
