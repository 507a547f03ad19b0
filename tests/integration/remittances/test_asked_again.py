"""Money of an employer's that was asked about before: given back by two all the same, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from runtime.embedded_pg import plain
from services.remittances.service import Filed
from tests.integration.remittances.test_surplus import OVER, WHY, bank, decided, on, over, person
from tests.support.domain.desk import Colleague
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.remittances import Unit, credit
from tests.support.domain.world import World

__all__ = ["anna", "boris", "desk", "over"]
CAME = 600_000
VIEW = "SELECT state, amount_fen FROM invariant_i76_two_people_give_an_employer_s_money_back WHERE employer_id = %s"


def ask_back(world: World, unit: Unit, fen: int, colleague: Colleague) -> str:
    return world.product.surpluses.ask_of_open(unit.employer_no, fen, person(world, colleague), WHY).number


def pay_out(world: World, unit: Unit, fen: int, number: str) -> str:
    return bank(world, replace(credit(unit.payer_no, fen, number), direction="debit"))


def seen(world: World, unit: Unit, changed: str) -> list[tuple[str, int]]:
    """What the invariant shows of money without a batch that somebody changed past the triggers; then it is undone."""
    by_hand = f"UPDATE remittance_receipt SET {changed} WHERE employer_id = %s AND batch_id IS NULL"
    with psycopg.connect(plain(world.database.urls.superuser)) as thief:
        thief.execute("SET session_replication_role = replica")
        done = thief.execute(by_hand, (unit.employer_id,))  # type: ignore[arg-type]
        assert done.rowcount == 1
        rows = thief.execute(VIEW, (unit.employer_id,)).fetchall()
        thief.rollback()
    return rows


def test_refused_and_asked_again_it_is_given_back(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """6,000.00 for no batch: no, then yes under a number of its own; on 21904 until the bank has paid it."""
    assert unit.pay(CAME) == "remittance_open"
    first = ask_back(world, unit, CAME, anna)
    decided(world, first, boris, approve=False)
    again = ask_back(world, unit, CAME, anna)
    assert again != first
    decided(world, again, boris)
    assert (on(world, unit, "21904"), world.new_violations()) == (CAME, {})
    assert pay_out(world, unit, CAME, again) == "remittance_returned"
    assert (on(world, unit, "21904"), world.new_violations()) == (0, {})


def test_what_was_kept_is_given_back_later(
    world: World, unit: Unit, over: Filed, anna: Colleague, boris: Colleague
) -> None:
    """20.00 too much, kept, then given back as the employer's: 21902 keeps the 6,000.00 that were posted."""
    kept = world.product.surpluses.ask_of_batch(over.batch_no, "keep", person(world, anna), WHY)
    decided(world, kept.number, boris)
    assert seen(world, unit, "state = 'to_return'") == [("to_return", OVER)]
    number = ask_back(world, unit, OVER, anna)
    decided(world, number, boris)
    assert (on(world, unit, "21902"), on(world, unit, "21904")) == (600_000, OVER)
    assert world.new_violations() == {}
    assert pay_out(world, unit, OVER, number) == "remittance_returned"
    assert (on(world, unit, "21904"), world.new_violations()) == (0, {})


def test_without_an_approval_of_just_this_sum_it_is_seen(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """Asked by nobody, not answered yet, refused: each time seen. With the yes it is right, but for a fen more."""
    assert unit.pay(CAME) == "remittance_open"
    alone = [("to_return", CAME)]
    assert seen(world, unit, "state = 'to_return'") == alone
    first = ask_back(world, unit, CAME, anna)
    assert seen(world, unit, "state = 'to_return'") == alone
    decided(world, first, boris, approve=False)
    assert seen(world, unit, "state = 'to_return'") == alone
    decided(world, ask_back(world, unit, CAME, anna), boris)
    assert seen(world, unit, "state = 'returned'") == []
    assert seen(world, unit, "amount_fen = amount_fen + 1") == [("to_return", CAME + 1)]
