"""Interest on the fund: the figures of the rule, worked by hand, and what must always hold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.interest import (
    Movement,
    Rate,
    accrue,
    interest_from,
    next_settlement,
    settlement_days,
)

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


@pytest.mark.parametrize(
    ("opened_on", "booked_on", "on", "expected"),
    [
        (date(2020, 3, 1), None, date(2026, 11, 23), date(2026, 6, 30)),
        (date(2026, 9, 1), None, date(2026, 11, 23), date(2026, 9, 1)),
        (date(2020, 3, 1), None, date(2026, 3, 1), date(2025, 6, 30)),
        # On 30 June before the yearly run the whole year is still owed; after it, nothing.
        (date(2020, 3, 1), None, date(2026, 6, 30), date(2025, 6, 30)),
        (date(2020, 3, 1), date(2026, 6, 30), date(2026, 6, 30), date(2026, 6, 30)),
        # A closing that came back on a later day owes only what has grown since.
        (date(2020, 3, 1), date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 20)),
    ],
)
def test_closing_interest_runs_from(
    opened_on: date, booked_on: date | None, on: date, expected: date
) -> None:
    """Domain facts §4.1: from the later of the open date and the last 30 June to the day."""
    assert interest_from(opened_on, booked_on, on, 6, 30) == expected


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
