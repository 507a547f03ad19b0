"""Counting months of contribution 连续缴存月数."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date


def previous_month(month: date) -> date:
    """First day of the month before."""
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def next_month(month: date) -> date:
    """First day of the month after."""
    return date(month.year + (month.month == 12), month.month % 12 + 1, 1)


def months_before(day: date, count: int) -> date:
    """First day of the month `count` months before a day's."""
    total = day.year * 12 + day.month - 1 - count
    return date(total // 12, total % 12 + 1, 1)


def continuous_months(paid: Iterable[date], today: date) -> int:
    """Months contributed without a gap, back from this month or the last one.

    The present month need not be paid yet: its remittance comes in the course of the month.
    """
    months = {day.replace(day=1) for day in paid}
    month = today.replace(day=1)
    if month not in months:
        month = previous_month(month)
    count = 0
    while month in months:
        count, month = count + 1, previous_month(month)
    return count
