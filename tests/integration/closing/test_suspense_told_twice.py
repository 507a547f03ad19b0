"""What stands 挂账 of a movement that its order booked already: told on another day, or listed once more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.settlement.ports import AccountChange
from tests.integration.closing.test_booked_once import on, on_101
from tests.integration.closing.test_employer_claims import days, unit
from tests.integration.closing.test_suspense import SENT, booked, closes, found, move_on, on_the_list
from tests.integration.remittances.test_surplus import OVER, WHY, decided, person
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.remittances import Unit, credit
from tests.support.domain.transfers import asked, line, office, transfer

__all__ = ["days", "unit"]


def asked_for(days: ClosingWorld, unit: Unit, anna: Colleague) -> str:
    """6,020.00 came for 6,000.00, and 20.00 are asked to be given back; the number of that."""
    filed = unit.file()
    days.tell(days.bank.book(replace(credit(unit.payer_no, 602_000, filed.batch_no), day=days.today)))
    assert unit.post(filed.batch_id) == "posted"
    return days.product.surpluses.ask_of_batch(
        filed.batch_no, "return", person(days.world, anna), WHY
    ).number


def paid_out(days: ClosingWorld, unit: Unit, number: str) -> AccountChange:
    return replace(credit(unit.payer_no, OVER, number), direction="debit", day=days.today)


def list_again(days: ClosingWorld) -> None:
    """The bank lists its last line once more under the same key, and means it: the money left twice."""
    last = days.bank.lines[-1]
    days.bank.lines.append(replace(last, balance_fen=last.balance_fen - last.amount_fen))


def open_breaks(days: ClosingWorld) -> dict[str, Any]:
    """The day is over and does not close; what is open, by kind."""
    days.next_day()
    assert days.run() == []
    return {row.kind: row.break_id for row in days.breaks() if row.state != "closed"}


def other_of(path: str) -> str:
    return path.rsplit("/", 1)[1]


def test_a_return_told_on_monday_and_listed_on_tuesday_cancels(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """20.00: Dr 21904 Cr 101 by the notice, Dr 101 Cr 21903 for Monday, Dr 119 Cr 101 for Tuesday; they make nothing."""
    number = asked_for(days, unit, anna)
    decided(days.world, number, boris)
    told = paid_out(days, unit, number)
    days.tell(told)
    assert (on(days, "21904"), on_101(days, OVER)) == (0, -OVER)
    lacking = open_breaks(days)
    assert list(lacking) == ["ours_only"]
    monday = booked(days, anna, boris, lacking["ours_only"])
    shifted = found(days, replace(told, day=days.today))
    assert days.kinds() == ["shifted_day"]
    tuesday = booked(days, anna, boris, shifted)
    assert (on(days, "119"), on(days, "21903"), on_101(days, OVER)) == (OVER, -OVER, -OVER)
    assert on_the_list(anna)[0] == 2
    move_on(monday, anna, boris, way="cancels", other=other_of(tuesday))
    assert (on(days, "119"), on(days, "21903"), on_101(days, OVER)) == (0, 0, -OVER)
    assert on_the_list(anna)[0] == 0
    assert closes(days) == (0, 0)
    assert days.world.new_violations() == {}


def test_a_return_listed_twice_and_given_back_cancels(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """20.00 left once by its order and once more, on 119; on Tuesday 20.00 come from nobody, on 21903."""
    number = asked_for(days, unit, anna)
    decided(days.world, number, boris)
    days.tell(days.bank.book(paid_out(days, unit, number)))
    list_again(days)
    twice = open_breaks(days)
    assert list(twice) == ["duplicate_line"]
    again = booked(days, anna, boris, twice["duplicate_line"])
    assert (on(days, "119"), on_the_list(anna)[0]) == (OVER, 1)
    back = booked(days, anna, boris, found(days, of_somebody(days.today, OVER)))
    move_on(again, anna, boris, way="cancels", other=other_of(back))
    assert (on(days, "119"), on(days, "21903"), on_the_list(anna)[0]) == (0, 0, 0)
    assert closes(days) == (0, 0)


@pytest.mark.parametrize(("resolution", "before"), [("booked", 2 * OVER), ("explained", OVER)])
def test_the_order_takes_its_own_line_and_leaves_the_repetition(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague, resolution: str, before: int
) -> None:
    """Paid out twice before the second word: the yes takes 20.00 of what was booked for it, or books it; 20.00 stand."""
    number = asked_for(days, unit, anna)
    days.tell(days.bank.book(paid_out(days, unit, number)))
    list_again(days)
    both = open_breaks(days)
    assert sorted(both) == ["duplicate_line", "status_differs"]
    close_break(anna, boris, both["duplicate_line"], "booked")
    close_break(anna, boris, both["status_differs"], resolution)
    assert on(days, "119") == before
    decided(days.world, number, boris)
    assert (on(days, "119"), on(days, "21904"), on_101(days, OVER)) == (OVER, 0, -2 * OVER)
    assert on_the_list(anna)[0] == 1


def test_while_the_second_word_is_out_a_return_s_debit_is_not_cancelled(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """20.00 on 119 wait for the yes, which takes them; after a no nothing does, and they cancel."""
    number = asked_for(days, unit, anna)
    out = booked(days, anna, boris, found(days, paid_out(days, unit, number)))
    back = booked(days, anna, boris, found(days, of_somebody(days.today, OVER)))
    anna.sign_in()
    refused = anna.post(f"{out}/proposal", way="cancels", other=other_of(back), note="金额一样")
    assert (refused.status_code, "会自己转销" in refused.get_data(as_text=True)) == (409, True)
    decided(days.world, number, boris, approve=False)
    move_on(out, anna, boris, way="cancels", other=other_of(back))
    assert (on(days, "119"), on(days, "21903"), on_the_list(anna)[0]) == (0, 0, 0)


def money_gone_back(days: ClosingWorld) -> AccountChange:
    """A letter's 12,034.56 came before the letter and went back, both told; the going back."""
    office(days.world)
    member = days.world.member()
    number = transfer(days.world, member, asked(days.world, member)).money_no
    days.tell(days.bank.book(replace(line(number, SENT), day=days.today)))
    back = days.bank.book(replace(line(number, SENT, direction="debit"), day=days.today))
    days.tell(back)
    assert (on(days, "21901"), on_101(days, SENT)) == (0, 0)
    return back


def test_a_letter_s_money_that_went_back_on_another_day_stands(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """Taken back on Monday, listed on Tuesday: 12,034.56 on 21903 and on 119, and both are on the list."""
    back = money_gone_back(days)
    days.bank.lines.remove(back)
    booked(days, anna, boris, open_breaks(days)["ours_only"])
    shifted = found(days, replace(back, day=days.today))
    assert days.kinds() == ["shifted_day"]
    booked(days, anna, boris, shifted)
    assert (on(days, "119"), on(days, "21903"), on_the_list(anna)[0]) == (SENT, -SENT, 2)


def test_a_second_going_back_does_not_take_the_sender_s_next_money(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """Gone back on Monday and once more on Tuesday under one number, on 119; what comes then waits for the letter."""
    back = money_gone_back(days)
    day = days.today
    days.next_day()
    assert days.run() == [day]
    again = found(days, replace(back, day=days.today))
    assert days.kinds() == ["duplicate_line"]
    booked(days, anna, boris, again)
    assert (on(days, "119"), on_the_list(anna)[0]) == (SENT, 1)
    days.tell(days.bank.book(replace(line(back.remark, SENT), day=days.today)))
    assert (on(days, "119"), on(days, "21901"), on_the_list(anna)[0]) == (SENT, -SENT, 1)
    assert closes(days) == (0, 0)


def test_of_two_lines_on_two_days_the_order_takes_one(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """Paid out on Monday and on Tuesday under one bank number, both on 119: the yes takes 20.00, and 20.00 stand."""
    number = asked_for(days, unit, anna)
    told = paid_out(days, unit, number)
    booked(days, anna, boris, found(days, told))
    tuesday = booked(days, anna, boris, found(days, replace(told, day=days.today)))
    assert (on(days, "119"), on_the_list(anna)[0]) == (2 * OVER, 2)
    decided(days.world, number, boris)
    assert (on(days, "119"), on(days, "21904"), on_the_list(anna)[0]) == (OVER, 0, 1)
    back = booked(days, anna, boris, found(days, of_somebody(days.today, OVER)))
    move_on(tuesday, anna, boris, way="cancels", other=other_of(back))
    assert (on(days, "119"), on(days, "21903"), on_the_list(anna)[0]) == (0, 0, 0)
