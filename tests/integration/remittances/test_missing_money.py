"""What the bank took back after the posting is missing in one batch: its money pays for nothing, that of others does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from services.core.db import transaction
from services.remittances.faults import NotNow
from services.remittances.service import Filed
from tests.integration.remittances.test_paid_twice import STRANGER, taken_back
from tests.integration.remittances.test_reversals import WHY, person
from tests.support.domain.desk import Colleague
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.remittances import Unit
from tests.support.domain.world import World

__all__ = ["anna", "boris", "desk"]


def posted(unit: Unit, month: str, amount_fen: int = 600_000) -> Filed:
    """A month, paid under its number and posted."""
    filed = unit.file(month=month)
    unit.pay(amount_fen, filed.batch_no)
    assert unit.post(filed.batch_id) == "posted"
    return filed


def two_months(unit: Unit, december_fen: int = 600_000) -> tuple[Filed, Filed]:
    """November, and ten days later December."""
    november = posted(unit, "2026-11")
    unit.world.later(days=10)
    return november, posted(unit, "2026-12", december_fen)


def set_back(unit: Unit, filed: Filed, first: Colleague, other: Colleague) -> int:
    """Two people take a posted batch back; what of its money stays with it."""
    product = unit.world.product
    product.reversals.ask(filed.batch_no, person(unit.world, first), WHY)
    product.reversals.decide(filed.batch_no, person(unit.world, other), approve=True)
    assert unit.post(filed.batch_id) == "reversed"
    return product.remittances.show(filed.batch_no).received_fen


@pytest.mark.parametrize("told", [True, False])
def test_what_is_missing_in_november_locks_no_money_of_december(
    world: World, unit: Unit, anna: Colleague, boris: Colleague, told: bool
) -> None:
    """6,000.00 each. December's are there for its right file; November's are not. So where a row says no batch."""
    november = posted(unit, "2026-11")
    assert taken_back(unit, 600_000, november.batch_no) == "break"
    if not told:
        unknown = "UPDATE remittance_receipt SET batch_id = NULL WHERE employer_id = :e AND state = 'break'"
        with transaction(world.sessions) as session:
            session.execute(text(unknown), {"e": unit.employer_id})
    world.later(days=10)
    december = posted(unit, "2026-12")
    assert set_back(unit, december, anna, boris) == 0
    again = unit.file(month="2026-12")
    assert (again.state, again.received_fen) == ("funded", 600_000)
    assert set_back(unit, november, anna, boris) == 600_000
    assert world.new_violations() == {}


def test_without_a_number_it_is_missing_in_the_last_that_was_paid_so(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    november, december = two_months(unit)
    assert taken_back(unit, 600_000) == "break"
    assert [set_back(unit, one, anna, boris) for one in (december, november)] == [600_000, 0]
    assert world.new_violations() == {}


def test_two_sums_without_a_number_are_missing_in_two_batches(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    november, december = two_months(unit)
    assert [taken_back(unit, 600_000) for _ in range(2)] == ["break"] * 2
    assert [set_back(unit, one, anna, boris) for one in (december, november)] == [600_000] * 2
    again = unit.file()
    assert (again.state, again.received_fen) == ("waiting", 0)
    assert world.new_violations() == {}


def test_what_came_as_more_is_not_what_was_taken_back(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """December's 6,020.00, of which 20.00 were set apart, are not the 6,000.00 of the bank: those were November's."""
    november, december = two_months(unit, 602_000)
    surpluses = world.product.surpluses
    asked = surpluses.ask_of_batch(december.batch_no, "keep", person(world, anna), WHY)
    surpluses.decide(asked.number, person(world, boris), approve=True)
    assert taken_back(unit, 600_000) == "break"
    assert [set_back(unit, one, anna, boris) for one in (december, november)] == [0, 600_000]
    assert world.new_violations() == {}


def test_money_for_a_refused_file_is_missing_where_it_was_posted(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """The refused file has no money: what came under its number was posted with the right one."""
    right = unit.entries[1]
    unit.entries[1] = replace(right, id_no=STRANGER)
    refused = unit.file()
    unit.pay(600_000, refused.batch_no)
    unit.entries[1] = right
    filed = unit.file()
    assert unit.post(filed.batch_id) == "posted"
    assert taken_back(unit, 600_000, refused.batch_no) == "break"
    assert set_back(unit, filed, anna, boris) == 600_000
    again = unit.file()
    assert (again.state, again.received_fen) == ("waiting", 0)
    assert world.new_violations() == {}


def test_what_is_missing_is_no_surplus_of_a_posted_batch(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """15.00 and 6,005.00 came for 6,000.00, and the 15.00 went back: 5.00 are too much, out of the 6,005.00."""
    filed = unit.file()
    unit.pay(1_500, filed.batch_no)
    unit.pay(600_500, filed.batch_no)
    assert unit.post(filed.batch_id) == "posted"
    surpluses, first, other = world.product.surpluses, person(world, anna), person(world, boris)
    early = surpluses.ask_of_batch(filed.batch_no, "return", first, WHY)
    assert early.amount_fen == 2_000
    assert taken_back(unit, 1_500, filed.batch_no) == "break"
    with pytest.raises(NotNow):
        surpluses.decide(early.number, other, approve=True)
    surpluses.decide(early.number, other, approve=False)
    asked = surpluses.ask_of_batch(filed.batch_no, "return", first, WHY)
    assert asked.amount_fen == 500
    surpluses.decide(asked.number, other, approve=True)
    states = "SELECT state FROM remittance_receipt WHERE employer_id = :e AND direction = 'credit' AND amount_fen = :f"
    found = {fen: world.one(states, e=unit.employer_id, f=fen).state for fen in (1_500, 600_000, 500)}
    assert found == {1_500: "allotted", 600_000: "allotted", 500: "to_return"}
    with pytest.raises(NotNow):
        surpluses.ask_of_batch(filed.batch_no, "keep", first, WHY)
    assert world.new_violations() == {}


def test_a_posted_batch_whose_money_is_missing_has_nothing_too_much(
    world: World, unit: Unit, anna: Colleague
) -> None:
    """6,020.00 came for 6,000.00 and went back whole: the 20.00 are not there to be kept or given back."""
    filed = posted(unit, "2026-11", 602_000)
    assert taken_back(unit, 602_000, filed.batch_no) == "break"
    with pytest.raises(NotNow):
        world.product.surpluses.ask_of_batch(filed.batch_no, "return", person(world, anna), WHY)
    assert world.new_violations() == {}
