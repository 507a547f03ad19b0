"""A return to an employer that went out, came back and went out again: each told of again books nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from services.core.db import transaction
from services.remittances.service import Filed
from services.settlement.movements import change_key
from services.settlement.ports import AccountChange
from tests.integration.remittances.test_surplus import OVER, WHY, bank, decided, on, over, person
from tests.integration.remittances.test_told_twice import OTHERWISE
from tests.support.domain.desk import Colleague
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.remittances import Unit, credit
from tests.support.domain.world import World

__all__ = ["anna", "boris", "desk", "over"]

CAME = 602_000
"""6,020.00 came for 6,000.00; 20.00 are given back."""
OUT, BACK = "remittance_returned", "remittance_bounced"


@pytest.fixture
def number(world: World, over: Filed, anna: Colleague) -> str:
    """Of a return that one person has asked for."""
    return world.product.surpluses.ask_of_batch(over.batch_no, "return", person(world, anna), WHY).number


@pytest.fixture
def paid(world: World, unit: Unit, number: str, boris: Colleague) -> AccountChange:
    """The bank's line of the payment, which two people have agreed to."""
    decided(world, number, boris)
    return out(unit, number)


def out(unit: Unit, number: str) -> AccountChange:
    return replace(credit(unit.payer_no, OVER, number), direction="debit")


def back(paid: AccountChange, host_seq_no: str = "R1") -> AccountChange:
    return replace(paid, direction="credit", host_seq_no=host_seq_no)


def tell(world: World, *changes: AccountChange) -> list[str]:
    return [bank(world, change) for change in changes]


def books(world: World, unit: Unit) -> tuple[int, int]:
    """What is owed to the employer, and what of its money the centre has on 101."""
    assert world.new_violations() == {}
    return on(world, unit, "21904"), -on(world, unit, "101")


@pytest.mark.parametrize("how", OTHERWISE)
def test_what_came_back_is_not_owed_a_second_time(
    world: World, unit: Unit, paid: AccountChange, how: str
) -> None:
    """Paid, put back, paid again: the employer has its 20.00 when the statement tells of the putting back."""
    came, again = back(paid), replace(paid, host_seq_no="X2")
    assert tell(world, paid, came, again) == [OUT, BACK, OUT]
    assert tell(world, replace(came, **OTHERWISE[how])) == ["break"]
    assert books(world, unit) == (0, CAME - OVER)


@pytest.mark.parametrize("how", OTHERWISE)
def test_what_came_back_is_not_counted_as_paid(
    world: World, unit: Unit, paid: AccountChange, how: str
) -> None:
    """Paid and put back, then the statement tells of the payment: 20.00 are owed until they are paid again."""
    assert tell(world, paid, back(paid), replace(paid, **OTHERWISE[how])) == [OUT, BACK, "break"]
    assert books(world, unit) == (OVER, CAME)
    assert tell(world, replace(paid, host_seq_no="X2")) == [OUT]
    assert books(world, unit) == (0, CAME - OVER)


def test_a_second_payment_and_a_second_putting_back_of_one_day_are_taken_in(
    world: World, unit: Unit, paid: AccountChange
) -> None:
    """The same sum on one day, each under a number of the bank's own; then each is told of again, and one is paid."""
    told = [paid, back(paid), replace(paid, host_seq_no="X2"), back(paid, "R2")]
    assert tell(world, *told) == [OUT, BACK, OUT, BACK]
    assert books(world, unit) == (OVER, CAME)
    assert tell(world, *(replace(one, counter_name="另一种写法") for one in told)) == ["break"] * 4
    assert tell(world, replace(paid, host_seq_no="X3")) == [OUT]
    assert tell(world, *(replace(one, counter_name="第三种写法") for one in told)) == ["break"] * 4
    assert books(world, unit) == (0, CAME - OVER)


def test_four_days_later_the_bank_s_number_is_another_payment(
    world: World, unit: Unit, paid: AccountChange
) -> None:
    later = replace(paid, day=paid.day.replace(day=paid.day.day + 4))
    assert tell(world, paid, back(paid), later) == [OUT, BACK, OUT]
    assert books(world, unit) == (0, CAME - OVER)


@pytest.mark.parametrize("sign", ["debit", "credit"])
def test_a_reversal_under_the_payment_s_own_number_puts_it_back_once(
    world: World, unit: Unit, paid: AccountChange, sign: Any
) -> None:
    undone = replace(paid, direction=sign, reversal=True, pen_no="2")
    assert tell(world, paid, undone, replace(paid, host_seq_no="X2")) == [OUT, BACK, OUT]
    assert tell(world, replace(undone, counter_name="另一种写法")) == ["break"]
    assert books(world, unit) == (0, CAME - OVER)


def test_paid_out_before_the_second_word_it_is_not_paid_out_by_its_other_telling(
    world: World, unit: Unit, number: str, boris: Colleague
) -> None:
    early = out(unit, number)
    assert tell(world, early) == ["break"]
    decided(world, number, boris)
    assert books(world, unit) == (0, CAME - OVER)
    assert tell(world, back(early), replace(early, counter_name="另一种写法")) == [BACK, "break"]
    assert books(world, unit) == (OVER, CAME)


def test_a_second_payment_left_to_people_is_not_taken_in_by_its_other_telling(
    world: World, unit: Unit, paid: AccountChange
) -> None:
    """Paid twice, both put back: 20.00 are owed, and the second payment, told of again, does not pay them."""
    second = replace(paid, host_seq_no="X2")
    assert tell(world, paid, second, back(paid), back(paid, "R2")) == [OUT, "break", "break", BACK]
    assert tell(world, replace(second, counter_name="另一种写法")) == ["break"]
    assert books(world, unit) == (OVER, CAME)


@pytest.mark.parametrize(
    ("outcome", "again", "owed"), [("break", BACK, OVER), ("corrected", "break", 0)]
)
def test_told_before_its_payment_it_is_taken_in_unless_people_have_booked_it(
    world: World, unit: Unit, paid: AccountChange, outcome: str, again: str, owed: int
) -> None:
    """The notices cross: what came back is a break; its other telling books it, if nobody did so by hand."""
    came = back(paid)
    assert tell(world, came) == ["break"]
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE bank_notice SET outcome = :o WHERE notice_key = :k"),
            {"o": outcome, "k": change_key(came)},
        )
    assert tell(world, paid, replace(came, counter_name="另一种写法")) == [OUT, again]
    assert on(world, unit, "21904") == owed
