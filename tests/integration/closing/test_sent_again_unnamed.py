"""A letter's money that its sender took back and sends again without the number: two people bring the two together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.settlement.ports import AccountChange
from tests.integration.closing.test_booked_once import on, on_101
from tests.integration.closing.test_suspense import booked, closes, closes_first, found, move_on, on_the_list
from tests.integration.closing.test_transfer_claims import promised
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.transfers import asked, line, office, transfer, write
from tests.support.domain.world import Member, World

OPENING, WHOLE = 5_600_000, 1_203_456
"""The member's 56,000.00 are on 101; the letter is of 12,034.56."""


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


@pytest.fixture
def letter(days: ClosingWorld) -> tuple[Member, str]:
    """12,034.56 came under a letter on Monday and are the member's; that day is closed."""
    member, application_id = promised(days)
    number = transfer(days.world, member, application_id).letter_no
    days.tell(days.bank.book(line(number, day=days.today)))
    closes_first(days)
    assert days.world.balance(member) == (OPENING + WHOLE, 0)
    return member, number


def gone_back(days: ClosingWorld, number: str) -> Any:
    """The sender's bank takes 12,034.56 back under the letter's number; the break of that."""
    return found(days, line(number, WHOLE, direction="debit", day=days.today))


def unnamed(days: ClosingWorld, fen: int = WHOLE) -> AccountChange:
    """The sender's money, without the number."""
    told = of_somebody(days.today, fen, "长沙住房公积金管理中心")
    return replace(told, host_seq_no=f"U{days.today:%d}", summary="转移款")


def belongs(who: Colleague, path: str, number: str) -> int:
    """An answer to the proposal that it is the letter's; from a break, or from what stands."""
    form = {"resolution": "belongs", "way": "belongs", "belongs_to": number, "note": "对方来函核对过"}
    return who.sign_in().post(f"{path}/proposal", **form).status_code


def nothing_stands(days: ClosingWorld, who: Colleague) -> None:
    assert (on(days, "119"), on(days, "21901"), on(days, "21903")) == (0, 0, 0)
    assert (on_101(days, WHOLE), on_the_list(who)[0]) == (WHOLE, 0)
    assert days.world.new_violations() == {}


def test_said_to_be_the_letter_s_it_ends_what_stands_on_119(
    days: ClosingWorld, letter: tuple[Member, str], anna: Colleague, boris: Colleague
) -> None:
    """Dr 119 Cr 101 for Tuesday; then Dr 101 Cr 21901, Dr 21901 Cr 119: the member keeps 12,034.56, once."""
    member, number = letter
    booked(days, anna, boris, gone_back(days, number))
    assert (on(days, "119"), on_101(days, WHOLE)) == (WHOLE, 0)
    day, again = days.today, found(days, unnamed(days))
    close_break(anna, boris, again, "belongs", belongs_to=number)
    assert days.run() == [day]
    nothing_stands(days, anna)
    assert days.world.balance(member) == (OPENING + WHOLE, 0)
    assert closes(days)[0] == 0


def test_booked_first_it_is_moved_on_to_the_letter(
    days: ClosingWorld, letter: tuple[Member, str], anna: Colleague, boris: Colleague
) -> None:
    """On 119 and on 21903: they do not cancel, and belong together by the letter."""
    member, number = letter
    gone = booked(days, anna, boris, gone_back(days, number))
    again = booked(days, anna, boris, found(days, unnamed(days)))
    assert (on(days, "119"), on(days, "21903"), on_the_list(anna)[0]) == (WHOLE, -WHOLE, 2)
    form = {"way": "cancels", "other": gone.rsplit("/", 1)[1], "note": "金额一样"}
    assert anna.sign_in().post(f"{again}/proposal", **form).status_code == 409
    move_on(again, anna, boris, way="belongs", belongs_to=number)
    nothing_stands(days, anna)
    assert days.world.balance(member) == (OPENING + WHOLE, 0)
    assert closes(days) == (0, 0)


def test_another_sum_or_more_than_went_back_is_not_the_letter_s(
    days: ClosingWorld, letter: tuple[Member, str], anna: Colleague, boris: Colleague
) -> None:
    """12,034.56 went back once: neither 12,034.55 nor a second 12,034.56 belongs there."""
    _, number = letter
    booked(days, anna, boris, gone_back(days, number))
    less = booked(days, anna, boris, found(days, unnamed(days, WHOLE - 1)))
    assert belongs(anna, less, number) == 409
    once = booked(days, anna, boris, found(days, unnamed(days)))
    move_on(once, anna, boris, way="belongs", belongs_to=number)
    closes_first(days)
    more = found(days, unnamed(days))
    assert anna.sign_in().post(f"/breaks/{more}/take").status_code == 303
    assert belongs(anna, f"/breaks/{more}", number) == 409
    assert (on(days, "119"), on(days, "21901"), on(days, "21903")) == (0, 0, -(WHOLE - 1))


@pytest.mark.parametrize("resolution", ["booked", "explained"])
def test_a_letter_that_came_to_nothing_gets_and_gives_it_back(
    days: ClosingWorld, anna: Colleague, boris: Colleague, resolution: str
) -> None:
    """Refused; its money's going back is told first, and then its coming, unnamed: 101 as before, whoever booked what."""
    office(days.world)
    member = days.world.member()
    row = transfer(days.world, member, asked(days.world, member))
    write(days.world, row.letter_no, "refused", reason="原账户有未结清的公积金贷款")
    day, gone = days.today, gone_back(days, row.letter_no)
    close_break(anna, boris, gone, resolution)
    assert days.run() == [day]
    day, again = days.today, found(days, unnamed(days))
    close_break(anna, boris, again, "belongs", belongs_to=row.case_no)
    assert days.run() == [day]
    assert (on(days, "119"), on(days, "21901"), on(days, "21903"), on_101(days, WHOLE)) == (0, 0, 0, 0)
    assert on_the_list(anna)[0] == 0
    assert days.world.balance(member) == (OPENING, 0)
    assert closes(days)[0] == 0
