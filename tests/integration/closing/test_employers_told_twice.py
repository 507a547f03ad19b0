"""Days on which the bank tells of an employer's money twice: booked once, named where it has to be, and they close."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.settlement.ports import AccountChange
from tests.integration.closing.test_booked_once import on, on_101
from tests.integration.closing.test_other_words import told_otherwise
from tests.support.domain.bank_days import ClosingWorld, close_break
from tests.support.domain.desk import Colleague
from tests.support.domain.remittances import Unit, credit
from tests.support.domain.world import World

WHOLE = 600_000
"""Three people of 2,000.00."""


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


@pytest.fixture
def unit(days: ClosingWorld) -> Unit:
    """An employer of three."""
    return Unit(days.world)


def money(days: ClosingWorld, unit: Unit, words: str = "") -> AccountChange:
    return replace(credit(unit.payer_no, WHOLE, words), day=days.today)


def kinds(days: ClosingWorld) -> list[tuple[str, int, int]]:
    return sorted((row.kind, row.bank_fen, row.book_fen) for row in days.breaks())


def carried_fen(days: ClosingWorld) -> int:
    return int(days.rows("SELECT carried_fen FROM business_day ORDER BY day DESC OFFSET 1 LIMIT 1")[0][0])


def test_with_the_batch_s_number_it_is_no_difference(days: ClosingWorld, unit: Unit) -> None:
    day, filed = days.today, unit.file()
    told_otherwise(days, money(days, unit, filed.batch_no))
    assert unit.post(filed.batch_id) == "posted"
    days.next_day()
    assert days.run() == [day]
    assert (days.breaks(), on_101(days, WHOLE), carried_fen(days)) == ([], WHOLE, 0)


def test_without_a_number_each_telling_is_named(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """6,000.00 on 21902 once; the notice without a line and the line without a booking make nothing together."""
    day = days.today
    told_otherwise(days, money(days, unit))
    days.next_day()
    assert days.run() == []
    assert kinds(days) == [("duplicate_line", WHOLE, 0), ("ours_only", 0, WHOLE)]
    for row in days.breaks():
        close_break(anna, boris, row.break_id)
    assert days.run() == [day]
    assert (on_101(days, WHOLE), on(days, "21902"), carried_fen(days)) == (WHOLE, -WHOLE, 0)


def test_a_line_a_day_later_is_named_on_both(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """Told of on Monday under its batch's number, on Tuesday's statement."""
    monday, filed = days.today, unit.file()
    told = money(days, unit, filed.batch_no)
    days.tell(told)
    assert unit.post(filed.batch_id) == "posted"
    days.next_day()
    assert days.run() == []
    close_break(anna, boris, days.breaks()[0].break_id)
    assert days.run() == [monday]
    days.bank.book(replace(told, day=days.today))
    days.next_day()
    assert days.run() == []
    assert kinds(days) == [("ours_only", 0, WHOLE), ("shifted_day", WHOLE, 0)]
    close_break(anna, boris, days.breaks()[1].break_id)
    assert days.run() == [monday + timedelta(days=1)]
    assert (on_101(days, WHOLE), on(days, "21902"), carried_fen(days)) == (WHOLE, 0, 0)


@pytest.mark.parametrize("named", [False, True])
def test_a_second_payment_under_the_same_number_is_booked_by_two(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague, named: bool
) -> None:
    """The bank numbers each day anew, and the employer pays 6,000.00 twice: the second lies on 21903 after two words."""
    monday, filed = days.today, unit.file()
    told = money(days, unit, filed.batch_no if named else "")
    days.tell(days.bank.book(told))
    assert unit.post(filed.batch_id) == "posted"
    days.next_day()
    assert days.run() == [monday]
    days.tell(days.bank.book(replace(told, day=days.today)))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    assert (row.kind, row.bank_fen, row.book_fen) == ("duplicate_line", WHOLE, 0)
    close_break(anna, boris, row.break_id, "booked")
    assert days.run() == [monday + timedelta(days=1)]
    assert (on_101(days, WHOLE), on(days, "21903"), carried_fen(days)) == (2 * WHOLE, -WHOLE, 0)
