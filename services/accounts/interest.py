"""Interest on a member's fund 结息: the product method 积数法, pure.

Days are half-open [from, to): the day money comes in counts, the day of settlement does not. Each day's balance is
added up, times the rate of that day, over the day basis; rounded half up once for an account and a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from services.core.money import half_up

_ONE = 1_000_000


@dataclass(frozen=True, slots=True)
class Movement:
    """A change of the fund on a day, positive came in."""

    on: date
    fen: int


@dataclass(frozen=True, slots=True)
class Rate:
    """The yearly rate in parts per million from a day on (1.50 % = 15000)."""

    from_on: date
    ppm: int


@dataclass(frozen=True, slots=True)
class Accrued:
    """Interest of one account over [from, to)."""

    from_on: date
    to_on: date
    fen_days: int
    """积数: every day's balance added up, in fen times days."""
    interest_fen: int


def accrue(
    opening_fen: int,
    movements: Sequence[Movement],
    rates: Sequence[Rate],
    from_on: date,
    to_on: date,
    day_basis: int,
) -> Accrued:
    """Interest of [from, to) on what the fund was before `from_on` and what moved since; rates may change within."""
    if to_on < from_on:
        raise ValueError("interest runs forward")
    fen_days, weighted = 0, 0
    for start, end, balance_fen in _stretches(opening_fen, movements, rates, from_on, to_on):
        part = balance_fen * (end - start).days
        fen_days += part
        weighted += part * _rate_on(rates, start)
    return Accrued(from_on, to_on, fen_days, half_up(weighted, day_basis * _ONE))


def _stretches(
    opening_fen: int, movements: Sequence[Movement], rates: Sequence[Rate], from_on: date, to_on: date
) -> list[tuple[date, date, int]]:
    """Stretches of days with one balance and one rate."""
    borders = {from_on, to_on, *(m.on for m in movements), *(rate.from_on for rate in rates)}
    days = sorted(day for day in borders if from_on <= day <= to_on)
    found = []
    for start, end in pairwise(days):
        found.append((start, end, opening_fen + sum(m.fen for m in movements if m.on <= start)))
    return found


def _rate_on(rates: Sequence[Rate], day: date) -> int:
    known = [rate for rate in rates if rate.from_on <= day]
    if not known:
        raise ValueError("no rate is known for that day")
    return max(known, key=lambda rate: rate.from_on).ppm


def settlement_days(from_on: date, to_on: date, month: int, day: int) -> tuple[date, ...]:
    """Yearly settlement days 结息日 in (from, to]: 30 June."""
    years = range(from_on.year, to_on.year + 1)
    return tuple(on for on in (date(year, month, day) for year in years) if from_on < on <= to_on)


def interest_from(opened_on: date, settled_through: date | None, on: date, month: int, day: int) -> date:
    """First day that interest is still owed for when an account closes on a day.

    The later of the opening and the last 30 June before the day; or, when interest was booked since, the day of that.
    """
    last = max(
        (date(year, month, day) for year in (on.year - 1, on.year) if date(year, month, day) < on),
        default=opened_on,
    )
    return min(on, max(opened_on, last, settled_through or opened_on))


def next_settlement(on: date, month: int, day: int) -> date:
    """The first yearly settlement day after a day."""
    return settlement_days(on, on + timedelta(days=366), month, day)[0]
