"""Business days 工作日 by the State Council's calendar of holidays and make-up days."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar

_FIXED = frozenset({(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)})
"""Public holidays on fixed days, for a year whose calendar has not come out."""


def year_is_known(year: int) -> bool:
    """Whether the calendar of a year is there; until it is, weekends and fixed holidays count."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:  # the calendar's own word for a year that it does not hold
        return False
    return True


def is_business_day(day: date) -> bool:
    """Whether banks and the centre work on a day."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 and (day.month, day.day) not in _FIXED


def next_business_day(day: date) -> date:
    """The day itself, or the first business day after it."""
    while not is_business_day(day):
        day += timedelta(days=1)
    return day


def shifted(day: date, shift: str) -> date:
    """A day moved as policy says: "none" keeps it, "next" 顺延 to the next business day."""
    return next_business_day(day) if shift == "next" else day
