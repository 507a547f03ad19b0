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


def interest_periods(
    opened_on: date, settled_through: date | None, books_from: date, on: date, month: int, day: int
) -> tuple[tuple[date, date], ...]:
    """Periods that interest is still owed for when an account closes on a day, each ending on a settlement day or on it.

    They begin with the later of the opening and the last settlement: the one that was booked, or for accounts taken
    over the last one before `books_from`, the day from which these books owe interest.
    """
    last = max(date(year, month, day) for year in (on.year - 1, on.year) if date(year, month, day) < on)
    start = min(on, max(opened_on, settled_through or opened_on, min(books_from, last)))
    ends = [end for end in settlement_days(start, on, month, day) if end < on]
    return tuple(pairwise((start, *ends, on)))


def accrue_periods(
    opening_fen: int,
    movements: Sequence[Movement],
    rates: Sequence[Rate],
    periods: Sequence[tuple[date, date]],
    day_basis: int,
) -> tuple[Accrued, ...]:
    """Interest of several periods in a row; that of each earns from its end on. `opening_fen` is before the first."""
    found: list[Accrued] = []
    for from_on, to_on in periods:
        earned = sum(one.interest_fen for one in found)
        before = opening_fen + earned + sum(m.fen for m in movements if m.on < from_on)
        within = [m for m in movements if from_on <= m.on < to_on]
        found.append(accrue(before, within, rates, from_on, to_on, day_basis))
    return tuple(found)


def weights(rates: Sequence[Rate], from_on: date, to_on: date) -> list[tuple[date, int, int]]:
    """For each day of [from, to): how many days, and how many ppm·days, money of that day lies until `to`."""
    found, ppm_days = [], 0
    for back in range(1, (to_on - from_on).days + 1):
        day = to_on - timedelta(days=back)
        ppm_days += _rate_on(rates, day)
        found.append((day, back, ppm_days))
    return found[::-1]


def next_settlement(on: date, month: int, day: int) -> date:
    """The first yearly settlement day after a day."""
    return settlement_days(on, on + timedelta(days=366), month, day)[0]
