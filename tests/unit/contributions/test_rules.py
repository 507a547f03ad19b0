"""Counting months of contribution without a gap 连续缴存."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contributions.rules import continuous_months, next_month, previous_month

TODAY = date(2026, 11, 23)


def months(*texts: str) -> list[date]:
    """First days of "2026-10"."""
    return [date.fromisoformat(f"{text}-01") for text in texts]


@pytest.mark.parametrize(
    ("paid", "count"),
    [
        (months(), 0),
        (months("2026-10"), 1),
        (months("2026-11"), 1),
        (months("2026-11", "2026-10"), 2),
        (months("2026-09", "2026-10"), 2),
        (months("2026-09"), 0),  # October is missing: the row is broken
        (months("2026-08", "2026-10"), 1),
        (months("2026-01", "2025-12", "2025-11"), 0),
        (months("2026-10", "2026-09", "2026-08", "2026-07", "2026-05"), 4),
        ([date(2026, 10, 15), date(2026, 9, 30)], 2),  # any day of a month
        (months("2026-10", "2026-10", "2026-09"), 2),  # a month counts once
        (months("2027-01", "2026-12"), 0),  # the future does not help
    ],
)
def test_months_in_a_row(paid: list[date], count: int) -> None:
    assert continuous_months(paid, TODAY) == count


def test_a_row_goes_over_new_year() -> None:
    assert continuous_months(months("2026-01", "2025-12", "2025-11"), date(2026, 2, 1)) == 3


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_months_follow_each_other(day: date) -> None:
    first = day.replace(day=1)
    assert previous_month(next_month(first)) == next_month(previous_month(first)) == first
    assert previous_month(first) < first < next_month(first)
    assert (first - previous_month(first)).days in (28, 29, 30, 31)
    assert next_month(first).day == 1


@given(st.sets(st.integers(0, 60), max_size=40))
def test_the_count_is_the_distance_to_the_first_gap(back: set[int]) -> None:
    """Month 0 is the present one and may be missing."""
    paid = [date(2026 + (10 - number) // 12, (10 - number) % 12 + 1, 1) for number in back]
    start = 0 if 0 in back else 1
    expected = next(number for number in range(start, 62) if number not in back) - start
    assert continuous_months(paid, TODAY) == expected
