"""An employer's money told of by a notice and again by the statement, in other words or a day later: booked once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.settlement.ports import AccountChange
from tests.integration.remittances.test_surplus import bank, decided, person
from tests.support.domain.desk import Colleague
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.remittances import Unit, credit
from tests.support.domain.world import World

__all__ = ["anna", "boris", "desk"]

WHOLE = 600_000
"""Three people of 2,000.00."""
DAY = date(2026, 11, 23)
OTHERWISE: dict[str, dict[str, Any]] = {
    "other words": {"counter_name": "某单位 （湖南）"},
    "the next day": {"day": DAY + timedelta(days=1)},
    "three days before": {"day": DAY - timedelta(days=3)},
    "without its account's name": {"counter_name": ""},
}
ANOTHER: dict[str, dict[str, Any]] = {
    "another number of the bank's": {"host_seq_no": "H-other"},
    "another sum": {"amount_fen": WHOLE - 1},
    "four days later": {"day": DAY + timedelta(days=4)},
}


def money(unit: Unit, words: str = "") -> AccountChange:
    return replace(credit(unit.payer_no, WHOLE, words), day=DAY)


def receipts(world: World, unit: Unit) -> int:
    statement = "SELECT count(*) AS n FROM remittance_receipt WHERE employer_id = :e"
    return int(world.one(statement, e=unit.employer_id).n)


@pytest.mark.parametrize("how", OTHERWISE)
@pytest.mark.parametrize("named", [False, True])
def test_the_second_telling_books_nothing(world: World, unit: Unit, how: str, named: bool) -> None:
    """6,000.00 fund the batch once; the second telling waits for a person and for no batch."""
    before, filed = unit.clearing_fen(), unit.file()
    told = money(unit, filed.batch_no if named else "")
    assert bank(world, told) == "remittance_paid"
    assert bank(world, replace(told, **OTHERWISE[how])) == "break"
    assert (unit.clearing_fen() - before, receipts(world, unit)) == (WHOLE, 1)
    assert unit.post(filed.batch_id) == "posted"
    assert bank(world, replace(told, counter_name="第三种写法")) == "break"
    assert (unit.clearing_fen() - before, world.new_violations()) == (0, {})


@pytest.mark.parametrize("how", ANOTHER)
def test_another_payment_is_booked(world: World, unit: Unit, how: str) -> None:
    before, told = unit.clearing_fen(), money(unit)
    changed = replace(told, **ANOTHER[how])
    assert [bank(world, one) for one in (told, changed)] == ["remittance_open"] * 2
    assert unit.clearing_fen() - before == WHOLE + changed.amount_fen


def test_money_of_two_batches_under_one_number_is_two(world: World, unit: Unit) -> None:
    """The bank books an employer's list of orders under one number: what tells them apart is whose batch each names."""
    world.later(days=10)
    before, first, second = unit.clearing_fen(), unit.file(), unit.file(month="2026-12")
    told = money(unit, first.batch_no)
    assert bank(world, told) == "remittance_paid"
    assert bank(world, replace(told, summary=second.batch_no, pen_no="2")) == "remittance_paid"
    assert unit.clearing_fen() - before == 2 * WHOLE


def test_another_employer_s_money_of_the_same_number_is_its_own(world: World, unit: Unit) -> None:
    told, other = money(unit), Unit(world)
    assert bank(world, told) == "remittance_open"
    assert bank(world, replace(told, counter_account_no=other.payer_no)) == "remittance_open"


def test_taken_back_in_two_spellings_it_goes_once(world: World, unit: Unit) -> None:
    """Two payments of 6,000.00, one of them put back and told of twice: the other stays."""
    before, told = unit.clearing_fen(), money(unit)
    for change in (told, replace(told, host_seq_no="H-second")):
        assert bank(world, change) == "remittance_open"
    back = replace(told, reversal=True, direction="debit", host_seq_no="Z1")
    assert bank(world, back) == "remittance_back"
    assert bank(world, replace(back, counter_name="另一种写法")) == "break"
    assert unit.clearing_fen() - before == WHOLE


def test_what_was_set_apart_of_it_is_still_the_same_money(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """6,020.00 told of, 20.00 of them kept for the next batch: told of again, they are 6,020.00 as before."""
    filed = unit.file()
    told = replace(money(unit, filed.batch_no), amount_fen=WHOLE + 2_000)
    assert bank(world, told) == "remittance_over"
    assert unit.post(filed.batch_id) == "posted"
    asked = world.product.surpluses.ask_of_batch(filed.batch_no, "keep", person(world, anna), "留作下月汇缴")
    decided(world, asked.number, boris)
    assert bank(world, replace(told, counter_name="另一种写法")) == "break"
    assert world.new_violations() == {}


def test_a_line_of_no_money_is_kept_and_stops_nothing(world: World, unit: Unit) -> None:
    """No journal has a line of nought: the notice could not be taken up, and came again before every other one."""
    before, filed = unit.clearing_fen(), unit.file()
    for words in ("", filed.batch_no):
        assert bank(world, replace(money(unit, words), amount_fen=0)) == "unmatched"
    assert (receipts(world, unit), unit.clearing_fen() - before, world.new_violations()) == (0, 0, {})
    assert bank(world, money(unit, filed.batch_no)) == "remittance_paid"
