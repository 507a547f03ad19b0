"""The bank's line of a surplus before, or without, the second person's word: it stops nobody else's and is booked once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from services.core.db import transaction
from services.remittances.service import Filed
from services.settlement.movements import change_key
from services.settlement.ports import AccountChange
from tests.integration.remittances.test_surplus import OVER, WHY, bank, decided, on, over, person
from tests.support.domain.desk import Colleague
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.remittances import Unit, credit
from tests.support.domain.world import World

__all__ = ["anna", "boris", "desk", "over"]


def paid_out(unit: Unit, number: str) -> AccountChange:
    return replace(credit(unit.payer_no, OVER, number), direction="debit")


def ask(world: World, over: Filed, colleague: Colleague, way: str = "return") -> str:
    return world.product.surpluses.ask_of_batch(over.batch_no, way, person(world, colleague), WHY).number  # type: ignore[arg-type]


@pytest.mark.parametrize("refused", [False, True])
def test_without_the_second_word_it_is_for_a_person(
    world: World, unit: Unit, over: Filed, anna: Colleague, boris: Colleague, refused: bool
) -> None:
    """Nobody has agreed, and the number stands in a remark: the line is kept as a break, and what follows it is read."""
    number = ask(world, over, anna)
    if refused:
        decided(world, number, boris, approve=False)
    lines = [paid_out(unit, number), credit(unit.payer_no, 700, number), credit(unit.payer_no, 900)]
    world.product.settlement_jobs.take_changes(lines)
    told = "SELECT string_agg(outcome, ' ' ORDER BY amount_fen) AS outcomes FROM bank_notice WHERE notice_key = ANY(:keys)"
    assert (
        world.one(told, keys=[change_key(line) for line in lines]).outcomes
        == "amount_differs remittance_open break"
    )
    assert (on(world, unit, "21904"), world.new_violations()) == (0, {})


@pytest.mark.parametrize(("outcome", "other"), [("break", "101"), ("corrected", "119")])
def test_paid_out_before_the_second_word_it_is_not_waited_for_again(
    world: World, unit: Unit, over: Filed, anna: Colleague, boris: Colleague, outcome: str, other: str
) -> None:
    """20.00 left already: with the yes nothing is to be returned any more. Two people may have put it on 119 before."""
    number = ask(world, over, anna)
    before = on(world, unit, other)
    assert bank(world, paid_out(unit, number)) == "break"
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE bank_notice SET outcome = :o WHERE instruction_no = :n"), {"o": outcome, "n": number}
        )
    decided(world, number, boris)
    assert (on(world, unit, "21904"), on(world, unit, other) - before) == (0, OVER)
    states = (
        "SELECT state FROM remittance_receipt WHERE employer_id = :e AND amount_fen = :f AND batch_id IS NULL"
    )
    assert world.one(states, e=unit.employer_id, f=OVER).state == "returned"
    assert bank(world, replace(paid_out(unit, number), host_seq_no="X9")) == "break"
    assert world.new_violations() == {}


def test_what_is_kept_is_not_paid_out(
    world: World, unit: Unit, over: Filed, anna: Colleague, boris: Colleague
) -> None:
    number = ask(world, over, anna, "keep")
    decided(world, number, boris)
    assert bank(world, paid_out(unit, number)) == "break"
    assert (on(world, unit, "21904"), world.new_violations()) == (0, {})


def test_what_the_bank_took_back_is_not_set_free_for_a_part_of_it_was_set_apart(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """6,005.00 of which 20.00 were set apart; taken back by the bank, they pay for nothing when the batch goes back."""
    over = unit.file()
    unit.pay(1_500, over.batch_no)
    world.later(seconds=1)
    unit.pay(600_500, over.batch_no)
    assert unit.post(over.batch_id) == "posted"
    decided(world, ask(world, over, anna, "keep"), boris)
    assert unit.pay(600_500, over.batch_no, reversal=True) == "break"
    world.product.reversals.ask(over.batch_no, person(world, anna), WHY)
    world.product.reversals.decide(over.batch_no, person(world, boris), approve=True)
    assert unit.post(over.batch_id) == "reversed"
    states = "SELECT state FROM remittance_receipt WHERE employer_id = :e AND amount_fen = :f"
    found = {fen: world.one(states, e=unit.employer_id, f=fen).state for fen in (1_500, 598_500, OVER)}
    assert found == {1_500: "open", 598_500: "allotted", OVER: "open"}
