"""Business days: holidays, make-up days, and a year whose calendar has not come out."""

from datetime import date

import pytest

from services.core.workdays import is_business_day, next_business_day, shifted, year_is_known


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        ("2026-11-20", True),  # Friday
        ("2026-12-20", False),  # Sunday
        ("2026-09-20", True),  # Sunday, made up for National Day
        ("2026-10-01", False),  # National Day
        ("2031-10-01", False),  # unknown year: fixed holidays
        ("2031-10-06", True),  # unknown year: a Monday
        ("2031-10-04", False),  # unknown year: a Saturday
    ],
)
def test_business_days(day: str, open_: bool) -> None:
    assert is_business_day(date.fromisoformat(day)) is open_


def test_a_day_moves_only_where_policy_says_so() -> None:
    sunday = date(2026, 12, 20)
    assert shifted(sunday, "next") == date(2026, 12, 21)
    assert shifted(sunday, "none") == sunday
    assert next_business_day(date(2026, 10, 1)) == date(2026, 10, 8)


def test_a_year_is_known_once_its_calendar_is_out() -> None:
    assert (year_is_known(2026), year_is_known(2031)) == (True, False)
