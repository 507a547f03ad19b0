"""Members taken over from another system, before the books begin or later: their days close, each fen is brought in once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.closing.days import cut_over, open_day
from services.core.db import transaction
from tests.support.domain.bank_days import OPENING_FEN, ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.world import World

FUND, PAID = 5_600_000, 300_000
Row = tuple[int, int, int, int]


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """Books that begin empty."""
    return ClosingWorld(world)


def end(days: ClosingWorld) -> date:
    """The day ends and closes."""
    day = days.today
    days.next_day()
    assert days.run() == [day], days.steps(day)
    return day


def trial(days: ClosingWorld, day: date) -> dict[str, Row]:
    """Opening, taken over, movement and closing of each account."""
    rows = days.rows("SELECT * FROM ledger_day WHERE day = :day", day=day)
    return {
        row.gl_code: (row.opening_fen, row.taken_over_fen, row.movement_fen, row.closing_fen) for row in rows
    }


def both(*fens: int) -> dict[str, Row]:
    """The bank's account and the members' funds, the one against the other."""
    opening, taken_over, movement, closing = fens
    return {
        "101": (opening, taken_over, movement, closing),
        "201": (-opening, -taken_over, -movement, -closing),
    }


def gap(days: ClosingWorld, day: date) -> int:
    return int(days.rows("SELECT gap_fen FROM business_day WHERE day = :day", day=day)[0].gap_fen)


@pytest.mark.parametrize("empty", [1, 2])
def test_books_that_begin_empty_take_members_over(days: ClosingWorld, empty: int) -> None:
    """Two of 56,000.00 on one day, one of them paid 3,000.00 on the next: 112,000.00, then 109,000.00, then no change."""
    first, *_ = [end(days) for _ in range(empty)]
    assert (trial(days, first), gap(days, first)) == ({}, OPENING_FEN)
    member = days.world.member()
    days.world.enrol()
    taken = end(days)
    assert trial(days, taken) == both(0, 2 * FUND, 0, 2 * FUND)
    assert gap(days, taken) == OPENING_FEN - 2 * FUND
    days.paid(member)
    paid = end(days)
    after = 2 * FUND - PAID
    assert trial(days, paid) == {**both(2 * FUND, 0, -PAID, after), "219": (0, 0, 0, 0)}
    still = end(days)
    assert trial(days, still) == {**both(after, 0, 0, after), "219": (0, 0, 0, 0)}
    assert gap(days, paid) == gap(days, still) == OPENING_FEN - 2 * FUND


def test_one_is_taken_over_and_paid_on_the_same_day(days: ClosingWorld) -> None:
    """Over empty books: 56,000.00 brought in, 3,000.00 moved."""
    end(days)
    days.paid()
    day = end(days)
    assert trial(days, day) == {**both(0, FUND, -PAID, FUND - PAID), "219": (0, 0, 0, 0)}
    assert gap(days, end(days)) == OPENING_FEN - FUND


def test_who_was_there_before_the_first_day_is_in_its_opening(world: World) -> None:
    """One before the books begin, one in the first day, two in the second, one in the third; and a day of nothing."""
    world.enrol()
    days = ClosingWorld(world)
    world.enrol()
    assert trial(days, end(days)) == both(2 * FUND, 0, 0, 2 * FUND)
    world.enrol()
    world.enrol()
    second = end(days)
    assert trial(days, second) == both(2 * FUND, 2 * FUND, 0, 4 * FUND)
    world.enrol()
    third = end(days)
    assert trial(days, third) == both(4 * FUND, FUND, 0, 5 * FUND)
    assert trial(days, end(days)) == both(5 * FUND, 0, 0, 5 * FUND)
    assert (gap(days, second), gap(days, third)) == (OPENING_FEN - 4 * FUND, OPENING_FEN - 5 * FUND)


def test_one_taken_over_while_the_first_day_waits(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """Balanced empty, held by 123.45 of nobody: what comes meanwhile is in the first day's opening when it closes."""
    day = days.today
    days.bank.book(of_somebody(day))
    days.next_day()
    assert days.run() == []
    assert (days.steps(day)["trial"], trial(days, day)) == ("done", {})
    days.world.enrol()
    (row,) = days.breaks()
    close_break(anna, boris, row.break_id)
    assert days.run() == [day]
    assert trial(days, day) == both(FUND, 0, 0, FUND)
    following = end(days)
    assert trial(days, following) == both(FUND, 0, 0, FUND)
    assert gap(days, following) == gap(days, day) == OPENING_FEN - FUND


def test_one_taken_over_after_an_early_cut_over(days: ClosingWorld) -> None:
    """The first day is cut over at noon and waits for the calendar; its opening has who came in the afternoon."""
    day = days.today
    with transaction(days.world.sessions) as session:
        present = open_day(session, lock=True)
        assert present is not None
        cut_over(session, present, days.world.clock.now())
    days.bank.day += timedelta(days=1)
    days.world.node.day = days.bank.day
    assert days.run() == []
    days.world.enrol()
    days.world.later(days=1)
    assert days.run() == [day]
    assert trial(days, day) == both(FUND, 0, 0, FUND)
    days.next_day()
    assert days.run() == [day + timedelta(days=1)]
    assert trial(days, day + timedelta(days=1)) == both(FUND, 0, 0, FUND)
