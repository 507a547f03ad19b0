"""Days on which the bank tells of a letter's money twice: taken once, named where it has to be, and they close."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.closing.test_booked_once import late, on, on_101
from tests.integration.closing.test_other_words import told_otherwise
from tests.integration.closing.test_suspense import on_the_list
from tests.integration.closing.test_transfer_claims import promised
from tests.support.domain.bank_days import ClosingWorld, close_break
from tests.support.domain.desk import Colleague
from tests.support.domain.transfers import line, transfer
from tests.support.domain.world import Member, World

OPENING, WHOLE, HALF = 5_600_000, 1_203_456, 601_728
"""The member's 56,000.00 are on 101; 12,034.56 are promised, in two parts of 6,017.28."""


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


@pytest.fixture
def letter(days: ClosingWorld) -> tuple[Member, str]:
    """A member, and the number of the letter whose money is on its way."""
    member, application_id = promised(days)
    return member, transfer(days.world, member, application_id).letter_no


def kinds(days: ClosingWorld) -> list[tuple[str, int, int]]:
    return sorted((row.kind, row.bank_fen, row.book_fen) for row in days.breaks())


def test_in_other_words_it_is_no_difference(days: ClosingWorld, letter: tuple[Member, str]) -> None:
    """6,017.28 on 21901 once, and the day closes by itself; the rest comes on Tuesday."""
    monday, (member, no) = days.today, letter
    told_otherwise(days, line(no, HALF, day=monday))
    days.next_day()
    assert days.run() == [monday]
    assert (days.breaks(), on_101(days, HALF), on(days, "21901")) == ([], HALF, -HALF)
    days.tell(days.bank.book(line(no, HALF, day=days.today)))
    assert days.world.balance(member) == (OPENING + WHOLE, 0)
    days.next_day()
    assert (days.run(), days.breaks()) == ([monday + timedelta(days=1)], [])
    assert (on(days, "101"), on(days, "21901")) == (OPENING + WHOLE, 0)


def test_a_line_a_day_later_is_named_on_both(
    days: ClosingWorld, letter: tuple[Member, str], anna: Colleague, boris: Colleague
) -> None:
    """Told of on Monday, on Tuesday's statement: 6,017.28 on 101 once, and the two breaks make nothing together."""
    monday, (member, no) = days.today, letter
    told = line(no, HALF, day=monday)
    days.tell(told)
    days.next_day()
    assert days.run() == []
    close_break(anna, boris, days.breaks()[0].break_id)
    assert days.run() == [monday]
    days.bank.book(late(told, days))
    days.next_day()
    assert days.run() == []
    assert kinds(days) == [("ours_only", 0, HALF), ("shifted_day", HALF, 0)]
    close_break(anna, boris, days.breaks()[1].break_id)
    assert days.run() == [monday + timedelta(days=1)]
    assert (on_101(days, HALF), on(days, "21901")) == (HALF, -HALF)
    assert days.world.balance(member) == (OPENING, 0)


def test_money_of_a_letter_that_is_over_is_named_under_either_spelling(
    days: ClosingWorld, letter: tuple[Member, str]
) -> None:
    """Paid a second time on the same day, told of in two spellings: 12,034.56 lie on 21901 and have to go back."""
    no = letter[1]
    days.tell(days.bank.book(line(no, day=days.today)))
    told_otherwise(days, line(no, day=days.today))
    days.next_day()
    assert days.run() == []
    assert kinds(days) == [("transfer_open", WHOLE, WHOLE)]
    assert (on_101(days, WHOLE), on(days, "21901")) == (2 * WHOLE, -WHOLE)


def second_part(days: ClosingWorld, no: str) -> Any:
    """6,017.28 on Monday and again on Tuesday, under one number of the bank's; Tuesday's break."""
    monday = days.today
    told = line(no, HALF, day=monday)
    days.tell(days.bank.book(told))
    days.next_day()
    assert days.run() == [monday]
    days.tell(days.bank.book(late(told, days)))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    assert (row.kind, row.bank_fen, row.book_fen) == ("duplicate_line", HALF, 0)
    return row


def test_a_second_part_under_the_same_number_is_the_letter_s_by_two(
    days: ClosingWorld, letter: tuple[Member, str], anna: Colleague, boris: Colleague
) -> None:
    """Booked by two on 21903, then said to be the letter's: 56,000.00 and 12,034.56."""
    tuesday, (member, no) = days.today + timedelta(days=1), letter
    row = second_part(days, no)
    close_break(anna, boris, row.break_id, "booked")
    assert days.run() == [tuesday]
    assert (on_101(days, HALF), on(days, "21901"), on(days, "21903")) == (WHOLE, -HALF, -HALF)
    assert days.world.new_violations() == {}
    path = f"/suspense/{row.break_id}"
    form = {"way": "belongs", "belongs_to": no, "note": "已和银行核对"}
    assert anna.post(f"{path}/proposal", **form).status_code == 303
    assert boris.post(f"{path}/decision", outcome="confirm").status_code == 303
    assert days.world.balance(member) == (OPENING + WHOLE, 0)
    assert (on(days, "101"), on(days, "21901"), on(days, "21903")) == (OPENING + WHOLE, 0, 0)


def test_taken_back_in_other_words_it_is_no_difference(
    days: ClosingWorld, letter: tuple[Member, str]
) -> None:
    """6,017.28 came and went; the line that tells of the going back in other words takes nothing of what comes next."""
    monday, (member, no) = days.today, letter
    days.tell(days.bank.book(line(no, HALF, day=monday)))
    told_otherwise(days, line(no, HALF, day=monday, direction="debit"))
    days.next_day()
    assert (days.run(), days.breaks()) == ([monday], [])
    assert (on(days, "101"), on(days, "21901")) == (OPENING, 0)
    for _ in range(2):
        days.tell(days.bank.book(line(no, HALF, day=days.today)))
    assert days.world.balance(member) == (OPENING + WHOLE, 0)


def test_taken_back_twice_under_one_number_it_stands_until_people_move_it(
    days: ClosingWorld, letter: tuple[Member, str], anna: Colleague, boris: Colleague
) -> None:
    """6,017.28 came and went on Monday; on Tuesday the bank takes them again: on 119, and the desk lists them."""
    monday, (_, no) = days.today, letter
    back = line(no, HALF, day=monday, direction="debit")
    for change in (line(no, HALF, day=monday), back):
        days.tell(days.bank.book(change))
    days.next_day()
    assert days.run() == [monday]
    days.tell(days.bank.book(late(back, days)))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    assert (row.kind, row.bank_fen, row.book_fen) == ("duplicate_line", -HALF, 0)
    close_break(anna, boris, row.break_id, "booked")
    assert days.run() == [monday + timedelta(days=1)]
    assert (on(days, "101"), on(days, "119")) == (OPENING - HALF, HALF)
    assert on_the_list(anna)[0] == 1
