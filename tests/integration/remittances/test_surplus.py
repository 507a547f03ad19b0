"""What an employer paid too much: kept for the next batch or given back, by two people, never twice."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.core.db import transaction
from services.core.errors import NotFound
from services.remittances.faults import NotNow, SamePerson
from services.remittances.service import Filed
from services.settlement.ports import AccountChange
from services.staff.models import Staff
from services.staff.service import known_staff
from tests.integration.remittances.test_command import Command, _proof, command
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.persons import Person
from tests.support.domain.remittances import Unit, credit
from tests.support.domain.world import World

__all__ = ["anna", "boris", "command", "desk"]
WHY = "单位多转了一笔"
OVER = 2_000


def person(world: World, colleague: Colleague) -> Staff:
    with transaction(world.sessions) as session:
        return known_staff(session, colleague.login)


@pytest.fixture
def over(unit: Unit) -> Filed:
    """November's 6,000.00, posted; 6,020.00 came in two sums."""
    filed = unit.file()
    assert unit.pay(1_500, filed.batch_no) == "remittance_part"
    assert unit.pay(600_500, filed.batch_no) == "remittance_over"
    assert unit.post(filed.batch_id) == "posted"
    return filed


def decided(world: World, number: str, colleague: Colleague, *, approve: bool = True) -> None:
    world.product.surpluses.decide(number, person(world, colleague), approve=approve)


def on(world: World, unit: Unit, code: str) -> int:
    found = "SELECT coalesce(-sum(fen), 0) AS fen FROM posting WHERE gl_code = :c AND account_id = :e"
    return int(world.one(found, c=code, e=unit.employer_id).fen)


def bank(world: World, change: AccountChange) -> str:
    with transaction(world.sessions) as session:
        return world.product.settlement_jobs._settlement.record_change(session, change)


def test_kept_it_pays_for_the_next_batch(
    world: World, unit: Unit, over: Filed, anna: Colleague, boris: Colleague
) -> None:
    """20.00 kept; December lacks exactly them: 5,980.00 come, and it is posted."""
    asked = world.product.surpluses.ask_of_batch(over.batch_no, "keep", person(world, anna), WHY)
    assert (asked.amount_fen, asked.approved) == (OVER, None)
    decided(world, asked.number, boris)
    assert world.product.remittances.show(over.batch_no).received_fen == 600_000
    assert world.new_violations() == {}
    world.later(days=10)
    december = unit.file(month="2026-12")
    unit.pay(600_000 - OVER, december.batch_no)
    assert unit.post(december.batch_id) == "posted"
    assert (on(world, unit, "21902") - 1_200_000, world.new_violations()) == (0, {})


def test_given_back_it_waits_for_the_bank(
    world: World, unit: Unit, over: Filed, anna: Colleague, boris: Colleague
) -> None:
    """Dr 21902, Cr 21904 with the second word; Dr 21904, Cr 101 with the bank's line, told twice; back again by 退汇."""
    asked = world.product.surpluses.ask_of_batch(over.batch_no, "return", person(world, anna), WHY)
    assert (on(world, unit, "21902"), on(world, unit, "21904")) == (602_000, 0)
    decided(world, asked.number, boris)
    assert (on(world, unit, "21902"), on(world, unit, "21904")) == (600_000, OVER)
    paid = replace(credit(unit.payer_no, OVER, asked.number), direction="debit")
    assert bank(world, replace(paid, amount_fen=OVER + 1, host_seq_no="X1")) == "amount_differs"
    assert on(world, unit, "21904") == OVER
    assert [bank(world, paid), bank(world, paid)] == ["remittance_returned", "duplicate"]
    assert (on(world, unit, "21904"), on(world, unit, "101")) == (0, -600_000)
    back = credit(unit.payer_no, OVER, asked.number)
    assert bank(world, replace(back, host_seq_no="R1")) == "remittance_bounced"
    assert (on(world, unit, "21904"), world.new_violations()) == (OVER, {})
    assert bank(world, replace(paid, host_seq_no="X3")) == "remittance_returned"
    assert (on(world, unit, "21904"), world.new_violations()) == (0, {})
    entries = "SELECT action FROM audit_entry WHERE account_id = :e AND subject = :n ORDER BY seq"
    with transaction(world.sessions) as session:
        found = session.scalars(text(entries), {"e": unit.employer_id, "n": asked.number})
        assert list(found) == ["remittance.surplus_asked", "remittance.surplus_decided"]


def test_a_second_payment_that_the_bank_puts_back_is_not_owed_again(
    world: World, unit: Unit, over: Filed, anna: Colleague, boris: Colleague
) -> None:
    """Paid twice under one number, and one put back: the employer has its 20.00, and 21904 is at nothing."""
    asked = world.product.surpluses.ask_of_batch(over.batch_no, "return", person(world, anna), WHY)
    decided(world, asked.number, boris)
    paid = replace(credit(unit.payer_no, OVER, asked.number), direction="debit")
    back = credit(unit.payer_no, OVER, asked.number)
    told = [paid, replace(paid, host_seq_no="X2"), replace(back, host_seq_no="R1")]
    assert [bank(world, one) for one in told] == ["remittance_returned", "break", "break"]
    assert (on(world, unit, "21904"), on(world, unit, "101")) == (0, -600_000)
    assert bank(world, replace(back, host_seq_no="R2")) == "remittance_bounced"  # now the payment itself
    assert (on(world, unit, "21904"), world.new_violations()) == (OVER, {})


def test_money_for_no_batch_is_given_back_unless_a_batch_took_it(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    assert unit.pay(600_000) == "remittance_open"
    staff = person(world, anna)
    with pytest.raises(NotFound):
        world.product.surpluses.ask_of_open(unit.employer_no, 600_001, staff, WHY)
    asked = world.product.surpluses.ask_of_open(unit.employer_no, 600_000, staff, WHY)
    filed = unit.file()
    assert filed.state == "funded"
    with pytest.raises(NotNow):
        decided(world, asked.number, boris)
    decided(world, asked.number, boris, approve=False)
    assert unit.post(filed.batch_id) == "posted"
    with pytest.raises(NotNow):
        world.product.surpluses.ask_of_batch(filed.batch_no, "return", staff, WHY)
    assert world.new_violations() == {}


def test_one_person_gives_nothing_back(
    world: World, unit: Unit, over: Filed, anna: Colleague, boris: Colleague
) -> None:
    """Neither by the service nor by hand in the database; a second question waits for the first; a decision stays."""
    asked = world.product.surpluses.ask_of_batch(over.batch_no, "return", person(world, boris), WHY)
    with pytest.raises(SamePerson):
        decided(world, asked.number, boris)
    with pytest.raises(NotNow):
        world.product.surpluses.ask_of_batch(over.batch_no, "keep", person(world, anna), WHY)
    oneself = "UPDATE remittance_surplus SET decided_by = asked_by, decided_at = asked_at, approved = true"
    alone = (
        (f"{oneself} WHERE approved IS NULL", "four_eyes"),
        ("UPDATE remittance_receipt SET state = 'to_return' WHERE employer_id = :e", "no second person"),
        ("UPDATE remittance_receipt SET state = 'returned' WHERE employer_id = :e", "no second person"),
    )
    for statement, why in alone:
        with pytest.raises(DBAPIError, match=why), transaction(world.sessions) as session:
            session.execute(text(statement), {"e": unit.employer_id} if ":e" in statement else {})
    decided(world, asked.number, boris_or(world, anna, boris), approve=False)
    with pytest.raises(DBAPIError, match="stays as it was"), transaction(world.sessions) as session:
        session.execute(
            text("UPDATE remittance_surplus SET approved = true WHERE number = :n"), {"n": asked.number}
        )
    assert on(world, unit, "21904") == 0


def test_a_new_login_is_no_second_person(
    world: World, unit: Unit, over: Filed, desk: DeskWorld, boris: Colleague
) -> None:
    """Asked for under the old login, decided on under the new one neither way; a colleague gives the 20.00 back."""
    id_no = Person().id_no
    first = desk.colleague(id_no=id_no)
    asked = world.product.surpluses.ask_of_batch(over.batch_no, "return", person(world, first), WHY)
    again = desk.come_back(first, id_no)
    for approve in (True, False):
        with pytest.raises(SamePerson):
            decided(world, asked.number, again, approve=approve)
    assert on(world, unit, "21904") == 0
    decided(world, asked.number, boris)
    assert on(world, unit, "21904") == OVER


def test_by_hand_neither_open_money_is_returned_nor_another_sum(
    world: World, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """Open money does not become returned past the two; theirs does, with the bank's word, and stays the sum it was."""
    assert unit.pay(600_000) == "remittance_open"
    by_hand = "UPDATE remittance_receipt SET state = 'returned' WHERE employer_id = :e AND state = 'open'"

    def refused(statement: str) -> None:
        with pytest.raises(DBAPIError, match="no second person"), transaction(world.sessions) as session:
            session.execute(text(statement), {"e": unit.employer_id})

    refused(by_hand)
    asked = world.product.surpluses.ask_of_open(unit.employer_no, 600_000, person(world, anna), WHY)
    refused(by_hand)
    decided(world, asked.number, boris)
    refused("UPDATE remittance_receipt SET amount_fen = 600001 WHERE employer_id = :e")
    paid = replace(credit(unit.payer_no, 600_000, asked.number), direction="debit")
    assert bank(world, paid) == "remittance_returned"
    state = "SELECT state, amount_fen FROM remittance_receipt WHERE employer_id = :e AND direction = 'credit'"
    assert tuple(world.one(state, e=unit.employer_id)) == ("returned", 600_000)
    assert world.new_violations() == {}


def boris_or(world: World, anna: Colleague, boris: Colleague) -> Colleague:
    """Whoever may decide and did not ask."""
    return anna if "approver" in person(world, anna).roles else boris


def test_the_command(world: World, unit: Unit, over: Filed, command: Command, anna: Colleague) -> None:
    words = ("surplus", "--batch-no", over.batch_no, "--way", "return", "--reason", WHY, "--by", anna.login)
    code, _, err = command(*words, typed="wrong\n000000\n")
    assert (code, err.partition(":")[0]) == (1, "staff.sign_in")
    world.later(minutes=1)
    asked = json.loads(command(*words, typed=_proof(world, anna))[1])
    assert (asked["way"], asked["amount_fen"], asked["approved"]) == ("return", OVER, None)
    aside = ("surplus", "--employer-no", unit.employer_no, "--amount", "1.00", "--way", "keep")
    code, _, err = command(*aside, "--reason", WHY, "--by", anna.login)
    assert (code, err.partition(":")[0]) == (
        1,
        "remittance.way",
    )  # it is kept as it is: never taken for a return


def test_the_second_person_sees_what_they_approve(
    world: World, unit: Unit, over: Filed, command: Command, anna: Colleague, boris: Colleague
) -> None:
    """Employer, sum, way, batch, who asked and why stand there before the yes; anything else than yes does nothing."""
    asked = world.product.surpluses.ask_of_batch(over.batch_no, "return", person(world, anna), WHY)
    decide = ("approve-surplus", asked.number, "--by", boris.login)
    for answer in ("", "no\n", "y\n"):
        world.later(minutes=1)
        code, out, err = command(*decide, typed=_proof(world, boris) + answer)
        assert (code, out, err.splitlines()[-1].partition(":")[0]) == (1, "", "approve? yes/no")
        assert "staff.not_agreed" in err
        assert on(world, unit, "21904") == 0
    world.later(minutes=1)
    code, out, err = command(*decide, typed=_proof(world, boris) + "yes\n")
    seen = dict(line.split("：", 1) for line in err.splitlines() if "：" in line)
    assert (seen["事项"], seen["单位"]) == ("多缴款退回单位", f"{unit.name}（{unit.employer_no}）")
    assert (seen["批次"], seen["金额"], seen["原因"]) == (over.batch_no, "20.00 元", WHY)
    assert f"（{anna.login}）" in seen["提出"]
    assert (code, json.loads(out)["approved"], on(world, unit, "21904")) == (0, True, OVER)
    world.later(minutes=1)
    code, _, err = command(*decide, typed=_proof(world, boris))
    assert (code, err.partition(":")[0], "事项" in err) == (1, "remittance.state", False)
