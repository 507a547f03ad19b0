"""What stands on 119 of a letter's money that went back: told in other words it is the letter's still, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.settlement.ports import AccountChange
from tests.integration.closing.test_booked_once import late, on, on_101
from tests.integration.closing.test_other_words import told_otherwise
from tests.integration.closing.test_suspense import SENT, booked, closes, found, move_on, on_the_list
from tests.support.domain.bank_days import ClosingWorld, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.transfers import asked, line, office, transfer
from tests.support.domain.world import World


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


@pytest.fixture
def back(days: ClosingWorld) -> AccountChange:
    """A letter's 12,034.56 go back before they came."""
    office(days.world)
    member = days.world.member()
    number = transfer(days.world, member, asked(days.world, member)).money_no
    return line(number, SENT, direction="debit", day=days.today)


def is_refused(anna: Colleague, path: str, against: str) -> None:
    anna.sign_in()
    form = {"way": "cancels", "other": against.rsplit("/", 1)[1], "note": "金额一样"}
    refused = anna.post(f"{path}/proposal", **form)
    assert (refused.status_code, "会自己转销" in refused.get_data(as_text=True)) == (409, True)


def test_booked_by_its_line_it_is_still_the_letter_s_by_its_notice(
    days: ClosingWorld, back: AccountChange, anna: Colleague, boris: Colleague
) -> None:
    """12,034.56 on 119, somebody else's on 21903: they do not cancel, and the letter's money takes the 119 once."""
    told_otherwise(days, back)
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    gone = booked(days, anna, boris, row.break_id)
    other = booked(days, anna, boris, found(days, of_somebody(days.today, SENT)))
    for path, against in ((gone, other), (other, gone)):
        is_refused(anna, path, against)
    assert (on(days, "119"), on(days, "21903"), on_the_list(anna)[0]) == (SENT, -SENT, 2)
    days.tell(days.bank.book(late(replace(back, direction="credit", host_seq_no="C-came"), days)))
    assert (on(days, "119"), on(days, "21901"), on(days, "21903")) == (0, 0, -SENT)
    assert (on_101(days, SENT), on_the_list(anna)[0]) == (SENT, 1)
    assert closes(days) == (0, 0)


def test_a_second_going_back_with_a_line_of_its_own_cancels(
    days: ClosingWorld, back: AccountChange, anna: Colleague, boris: Colleague
) -> None:
    """Gone on Monday and on Tuesday under one number of the bank's: the letter takes the first, the second may go."""
    first = booked(days, anna, boris, found(days, back))
    second = booked(days, anna, boris, found(days, late(back, days)))
    other = booked(days, anna, boris, found(days, of_somebody(days.today, SENT)))
    assert (on(days, "119"), on(days, "21903")) == (2 * SENT, -SENT)
    is_refused(anna, first, other)
    move_on(second, anna, boris, way="cancels", other=other.rsplit("/", 1)[1])
    assert (on(days, "119"), on(days, "21903"), on_the_list(anna)[0]) == (SENT, 0, 1)
    days.tell(days.bank.book(late(replace(back, direction="credit", host_seq_no="C-came"), days)))
    assert (on(days, "119"), on(days, "21901"), on_the_list(anna)[0]) == (0, 0, 0)
    assert closes(days) == (0, 0)
