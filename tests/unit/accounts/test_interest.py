"""Interest on the fund: the figures of the rule, worked by hand, and what must always hold."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.interest import (
    Movement,
    Rate,
    accrue,
    accrue_periods,
    interest_periods,
    next_settlement,
    settlement_days,
    weights,
)
from services.core.money import half_up

RATES = (Rate(date(2016, 2, 21), 15_000),)
YEAR = (date(2025, 7, 1), date(2026, 6, 30))


def _year() -> tuple[Movement, ...]:
    """+2,000.00 on the 15th of each month from 2025-07 to 2026-06, −18,000.00 on 2026-03-10."""
    months = [date(2025, month, 15) for month in range(7, 13)] + [
        date(2026, month, 15) for month in range(1, 7)
    ]
    return (*(Movement(day, 200_000) for day in months), Movement(date(2026, 3, 10), -1_800_000))


def test_a_year_of_contributions_and_a_withdrawal() -> None:
    """Domain facts §4.1: 50,000 on 2025-07-01, settled on 2026-06-30.

    By hand, in yuan·days: 50,000 × 364 = 18,200,000. The twelve 2,000 lie 350, 319, 288, 258, 227, 197, 166, 135,
    107, 76, 46 and 15 days, together 2,184, so 4,368,000. The 18,000 are away for 112 days: −2,016,000.
    Sum 20,552,000; × 1.5 % / 360 = 856.3333, / 365 = 844.6027.
    """
    by_360 = accrue(5_000_000, _year(), RATES, *YEAR, 360)
    assert by_360.fen_days == 2_055_200_000
    assert by_360.interest_fen == 85_633
    assert accrue(5_000_000, _year(), RATES, *YEAR, 365).interest_fen == 84_460


def test_the_rounded_daily_factor_is_not_used() -> None:
    """0.00004167 a day instead of 1.5 %/360 would give 856.40 (20,552,000 × 0.00004167 = 856.4018)."""
    assert accrue(5_000_000, _year(), RATES, *YEAR, 360).interest_fen != 85_640


@pytest.mark.parametrize(("basis", "interest_fen"), [(360, 15_208), (365, 15_000)])
def test_ten_thousand_for_a_year(basis: int, interest_fen: int) -> None:
    """Domain facts §4.1: 10,000 for 365 days; 3,650,000 × 1.5 % = 54,750; / 360 = 152.0833, / 365 = 150."""
    start = date(2025, 6, 30)
    found = accrue(1_000_000, (), RATES, start, start + timedelta(days=365), basis)
    assert found.interest_fen == interest_fen


def test_days_are_half_open() -> None:
    """Money of the settlement day itself earns from the next period on; money of the first day earns that day."""
    one = Movement(date(2026, 6, 30), 1_000_000)
    assert accrue(0, (one,), RATES, *YEAR, 360).fen_days == 0
    assert accrue(0, (one,), RATES, date(2026, 6, 30), date(2026, 7, 1), 360).fen_days == 1_000_000


def test_half_a_fen_is_rounded_up_once() -> None:
    """1.5 % / 360 a day: 120.00 yuan for one day are exactly half a fen, 119.99 are less."""
    assert accrue(12_000, (), RATES, YEAR[0], date(2025, 7, 2), 360).interest_fen == 1
    assert accrue(11_999, (), RATES, YEAR[0], date(2025, 7, 2), 360).interest_fen == 0


def test_a_rate_that_changes_counts_from_its_day() -> None:
    """36,000.00: ten days at 1.5 % are 15.00, ten more at 1.2 % are 12.00."""
    rates = (*RATES, Rate(date(2025, 7, 11), 12_000))
    assert accrue(3_600_000, (), rates, YEAR[0], date(2025, 7, 21), 360).interest_fen == 2_700


def test_no_rate_no_interest_invented() -> None:
    with pytest.raises(ValueError, match="rate"):
        accrue(1, (), RATES, date(2015, 1, 1), date(2015, 2, 1), 360)


BOOKS_FROM = date(2026, 6, 30)


@pytest.mark.parametrize(
    ("opened_on", "booked_on", "on", "expected"),
    [
        (date(2020, 3, 1), None, date(2026, 11, 23), ["2026-06-30", "2026-11-23"]),
        (date(2026, 9, 1), None, date(2026, 11, 23), ["2026-09-01", "2026-11-23"]),
        (date(2020, 3, 1), None, date(2026, 3, 1), ["2025-06-30", "2026-03-01"]),
        # On 30 June before the yearly run the whole year is still owed; after it, nothing.
        (date(2020, 3, 1), None, date(2026, 6, 30), ["2025-06-30", "2026-06-30"]),
        (date(2020, 3, 1), date(2026, 6, 30), date(2026, 6, 30), ["2026-06-30", "2026-06-30"]),
        # A closing that came back on a later day owes only what has grown since.
        (date(2020, 3, 1), date(2026, 11, 20), date(2026, 11, 23), ["2026-11-20", "2026-11-23"]),
        # Days after 30 June and before the yearly run has come to the account: the year is not lost.
        (date(2020, 3, 1), None, date(2027, 7, 2), ["2026-06-30", "2027-06-30", "2027-07-02"]),
        (date(2020, 3, 1), date(2027, 6, 30), date(2027, 7, 2), ["2027-06-30", "2027-07-02"]),
        (
            date(2027, 1, 5),
            None,
            date(2028, 7, 1),
            ["2027-01-05", "2027-06-30", "2028-06-30", "2028-07-01"],
        ),
    ],
)
def test_periods_that_are_owed_at_a_closing(
    opened_on: date, booked_on: date | None, on: date, expected: list[str]
) -> None:
    """Domain facts §4.1: from the later of the open date and the last settlement to the day; each year by itself."""
    periods = interest_periods(opened_on, booked_on, BOOKS_FROM, on, 6, 30)
    assert [periods[0][0].isoformat(), *(to_on.isoformat() for _, to_on in periods)] == expected
    assert all(one[1] == other[0] for one, other in pairwise(periods))


def test_a_year_s_interest_earns_from_its_settlement_day() -> None:
    """10,000.00 for 360 days at 1.5 %/360 are 150.00; then 10,150.00 for 30 days are 12.6875, so 12.69."""
    first = (date(2026, 7, 5), date(2027, 6, 30))
    periods = (first, (first[1], date(2027, 7, 30)))
    found = accrue_periods(1_000_000, (), RATES, periods, 360)
    assert [one.interest_fen for one in found] == [15_000, 1_269]


def test_money_that_came_in_between_earns_in_its_own_period() -> None:
    """5,000.00 more on the settlement day itself: (10,000 + 150 + 5,000) × 30 × 1.5 %/360 = 18.9375."""
    first = (date(2026, 7, 5), date(2027, 6, 30))
    more = (Movement(first[1], 500_000),)
    found = accrue_periods(1_000_000, more, RATES, (first, (first[1], date(2027, 7, 30))), 360)
    assert [one.interest_fen for one in found] == [15_000, 1_894]


def test_weights_of_days() -> None:
    """Money of the last day lies one day, of the first day all of them; a new rate counts from its day."""
    rates = (*RATES, Rate(date(2026, 6, 29), 12_000))
    assert weights(rates, date(2026, 6, 27), date(2026, 6, 30)) == [
        (date(2026, 6, 27), 3, 42_000),
        (date(2026, 6, 28), 2, 27_000),
        (date(2026, 6, 29), 1, 12_000),
    ]


def test_settlement_days() -> None:
    days = settlement_days(date(2024, 6, 30), date(2026, 6, 30), 6, 30)
    assert days == (date(2025, 6, 30), date(2026, 6, 30))
    assert next_settlement(date(2026, 6, 30), 6, 30) == date(2027, 6, 30)
    assert next_settlement(date(2026, 11, 23), 6, 30) == date(2027, 6, 30)


MOVES = st.lists(
    st.builds(
        Movement,
        st.dates(date(2025, 7, 1), date(2026, 6, 29)),
        st.integers(min_value=0, max_value=10_000_000),
    ),
    max_size=20,
)


@given(st.integers(0, 10**9), MOVES, st.dates(*YEAR))
def test_products_add_up_over_any_split(opening_fen: int, moves: list[Movement], middle: date) -> None:
    first = accrue(opening_fen, moves, RATES, YEAR[0], middle, 360)
    then = opening_fen + sum(move.fen for move in moves if move.on < middle)
    second = accrue(then, [m for m in moves if m.on >= middle], RATES, middle, YEAR[1], 360)
    both = accrue(opening_fen, moves, RATES, *YEAR, 360)
    assert first.fen_days + second.fen_days == both.fen_days
    assert abs(first.interest_fen + second.interest_fen - both.interest_fen) <= 1


@given(st.integers(0, 10**9), MOVES, st.integers(1, 10**7))
def test_more_money_never_earns_less(opening_fen: int, moves: list[Movement], more_fen: int) -> None:
    little = accrue(opening_fen, moves, RATES, *YEAR, 360)
    much = accrue(opening_fen + more_fen, moves, RATES, *YEAR, 360)
    assert much.interest_fen >= little.interest_fen
    assert much.fen_days - little.fen_days == more_fen * 364


@given(st.integers(0, 10**9), MOVES)
def test_weights_give_the_same_interest(opening_fen: int, moves: list[Movement]) -> None:
    """The way of the yearly run, by sums of fen times the weight of its day, comes to the same fen."""
    by_day = {day: (days, ppm_days) for day, days, ppm_days in weights(RATES, *YEAR)}
    lines = [(YEAR[0], opening_fen), *((move.on, move.fen) for move in moves)]
    found = accrue(opening_fen, moves, RATES, *YEAR, 360)
    assert sum(fen * by_day[on][0] for on, fen in lines) == found.fen_days
    assert half_up(sum(fen * by_day[on][1] for on, fen in lines), 360 * 1_000_000) == found.interest_fen
