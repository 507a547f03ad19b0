"""Months that an agreement owes: since its signing, at most twelve back, and none that was drawn in another way."""

from __future__ import annotations

from datetime import date

import pytest

from services.agreements.rules import months_owed

SIGNED = date(2025, 3, 25)


@pytest.mark.parametrize(
    ("due_on", "covered", "drawn_on", "owed"),
    [
        (date(2025, 4, 20), (), None, ("2025-04",)),
        (date(2025, 3, 20), (), None, ()),
        (date(2025, 6, 20), ("2025-05",), None, ("2025-04", "2025-06")),
        (date(2025, 6, 20), (), date(2025, 5, 1), ("2025-06",)),
        (date(2025, 6, 20), (), date(2025, 6, 30), ()),
        (date(2025, 6, 20), ("2025-06",), date(2025, 4, 30), ("2025-05",)),
        (date(2026, 2, 20), (), date(2025, 12, 31), ("2026-01", "2026-02")),
        (date(2025, 5, 20), (), date(2024, 12, 31), ("2025-04", "2025-05")),
    ],
)
def test_months_owed(
    due_on: date, covered: tuple[str, ...], drawn_on: date | None, owed: tuple[str, ...]
) -> None:
    assert months_owed(SIGNED, due_on, covered, drawn_on) == owed


def test_no_more_than_this_month_and_twelve_before() -> None:
    owed = months_owed(date(2020, 1, 1), date(2026, 2, 20), ())
    assert (len(owed), owed[0], owed[-1]) == (13, "2025-02", "2026-02")
