"""A loan of which a few fen are left: no instalment is of nothing, and the plan ends when they are repaid."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loans.rules import Change, Level, Method, Plan, RateStep, level_of, plan, prepay, whole

DRAWN = date(2021, 3, 20)
RATE = (RateStep(DRAWN, 26_000),)
METHODS = st.sampled_from(["01", "02"])


def parts(rows: Plan) -> list[tuple[int, int]]:
    """Principal and interest of each instalment."""
    return [(row.principal_fen, row.interest_fen) for row in rows]


@pytest.mark.parametrize("method", ["01", "02"])
@pytest.mark.parametrize(
    ("left", "due_on"), [(1, [date(2021, 4, 20)]), (2, [date(2021, 4, 20), date(2021, 5, 20)])]
)
def test_a_fen_or_two_are_an_instalment_or_two(method: Method, left: int, due_on: list[date]) -> None:
    """2 fen in 300 months: a level of 0.009 is none, so 1 fen; interest 2 × 2.6 %/12 = 0.004 rounds to nothing."""
    rows = plan(whole(left, DRAWN, 20, 300), method, RATE)
    assert parts(rows) == [(1, 0)] * left
    assert [row.due_on for row in rows] == due_on
    assert rows[-1].balance_after_fen == 0


def test_what_is_left_when_all_but_two_fen_are_prepaid() -> None:
    """300 months are left of 529,468.65, and 529,468.63 are paid on the due day."""
    rest = whole(52_946_865, DRAWN, 20, 300)
    for method in ("01", "02"):
        level = level_of(rest, method, 26_000)
        found = prepay(rest, method, RATE, level, 52_946_863, DRAWN, "instalment")
        assert (found.level, parts(found.after)) == (Level(1, 26_000), [(1, 0), (1, 0)])


def test_a_level_that_is_all_interest_repays_all_the_same() -> None:
    """2.40 in 300 months: M = 2.40 × 0.0045368 = 1.09 fen, so 1; the interest of 2.31 or more is 0.5005, so 1 as well.

    Ten instalments have it, from 2.40 to 2.31; those after them are of principal alone.
    """
    rows = plan(whole(240, DRAWN, 20, 300), "01", RATE)
    assert parts(rows) == [(1, 1)] * 10 + [(1, 0)] * 230


def test_a_first_period_of_a_day_is_no_instalment_of_nothing() -> None:
    """Drawn on 30 March, due on 1 April: a day's interest of 2.40 is 0.017, and the level's own is 1."""
    drawn_on = date(2021, 3, 30)
    rows = plan(whole(240, drawn_on, 1, 300), "01", (RateStep(drawn_on, 26_000),))
    assert parts(rows)[0] == (1, 0)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 2_000),
    st.sampled_from([0, 21_000, 26_000, 35_750]),
    st.sampled_from([21_000, 49_000]),
    st.integers(1, 360),
    METHODS,
    st.dates(DRAWN, date(2021, 4, 30)),
    st.integers(1, 28),
)
def test_no_plan_holds_an_instalment_of_nothing(
    left: int, ppm: int, later: int, months: int, method: Method, drawn_on: date, day: int
) -> None:
    steps = (RateStep(DRAWN, ppm), RateStep(date(2023, 1, 1), later))
    rows = plan(whole(left, drawn_on, day, months), method, steps)
    assert all(row.principal_fen >= 1 for row in rows)
    assert sum(row.principal_fen for row in rows) == left
    assert len(rows) <= months
    assert (rows[-1].balance_after_fen, [row.no for row in rows]) == (0, list(range(1, len(rows) + 1)))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 500), st.integers(2, 300), METHODS, st.sampled_from(["term", "instalment"]))
def test_nor_one_after_a_prepayment_of_nearly_everything(
    left: int, months: int, method: Method, change: Change
) -> None:
    rest = whole(10_000_000, DRAWN, 20, months)
    level = level_of(rest, method, 26_000)
    found = prepay(rest, method, RATE, level, rest.balance_fen - left, DRAWN, change)
    assert all(row.principal_fen >= 1 for row in found.after)
    assert sum(row.principal_fen for row in found.after) == left
    assert found.level.fen >= 1
