"""A wrong month taken back: by two people, line by line, never below zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.contributions.service import months_paid
from services.core.db import transaction
from services.core.ids import new_id
from services.remittances.faults import NotNow, SamePerson
from services.remittances.models import Employer, RemittanceReversal
from services.remittances.reversing import Reversals
from services.remittances.service import Filed
from services.staff.models import Staff
from services.staff.service import RoleMissing, known_staff
from tests.integration.remittances.test_surplus import bank
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.persons import Person
from tests.support.domain.remittances import Unit, credit
from tests.support.domain.world import World
from tests.support.remittance_files import sheet

__all__ = ["anna", "boris", "desk"]
BEFORE, AFTER = 400_000, 600_000
WHY = "单位报错了月份"


def person(world: World, colleague: Colleague) -> Staff:
    """Who it is, as the centre knows them."""
    with transaction(world.sessions) as session:
        return known_staff(session, colleague.login)


@pytest.fixture
def posted(unit: Unit) -> Filed:
    """November, posted."""
    filed = unit.file()
    unit.pay(600_000, filed.batch_no)
    assert unit.post(filed.batch_id) == "posted"
    return filed


def test_two_people_take_a_month_back(
    world: World, unit: Unit, posted: Filed, anna: Colleague, boris: Colleague
) -> None:
    before = unit.clearing_fen()
    world.product.reversals.ask(posted.batch_no, person(world, anna), WHY)
    assert unit.funds() == [AFTER] * 3
    world.product.reversals.decide(posted.batch_no, person(world, boris), approve=True)
    other = update(RemittanceReversal).where(RemittanceReversal.batch_id == posted.batch_id)
    with pytest.raises(DBAPIError, match="stays as it was"), transaction(world.sessions) as session:
        session.execute(other.values(asked_by=new_id()))
    assert unit.post(posted.batch_id) == "reversed"
    assert unit.funds() == [BEFORE] * 3
    assert unit.clearing_fen() - before == 600_000
    with transaction(world.sessions) as session:
        assert months_paid(session, unit.accounts[0])[0] == date(2026, 10, 1)
        assert session.get_one(Employer, unit.employer_id).paid_through == date(2026, 10, 1)
    again = unit.file()  # the money is still there, and the month is free
    assert again.state == "funded"
    assert unit.post(again.batch_id) == "posted"
    assert unit.funds() == [AFTER] * 3


def test_one_person_is_not_two(world: World, unit: Unit, posted: Filed, anna: Colleague) -> None:
    who = person(world, anna)
    world.product.reversals.ask(posted.batch_no, who, WHY)
    with pytest.raises(SamePerson):
        world.product.reversals.decide(posted.batch_no, who, approve=True)
    decided = update(RemittanceReversal).where(RemittanceReversal.batch_id == posted.batch_id)
    decided = decided.values(decided_by=who.staff_id, decided_at=world.clock.now(), approved=True)
    with pytest.raises(IntegrityError), transaction(world.sessions) as session:
        session.execute(decided)
    alone = text("UPDATE remittance_batch SET state = 'reversing', reached = 0 WHERE batch_id = :b")
    with pytest.raises(DBAPIError, match="no second person"), transaction(world.sessions) as session:
        session.execute(alone, {"b": posted.batch_id})
    assert unit.state(posted.batch_id) == "posted"


def test_a_new_login_is_no_second_person(
    world: World, unit: Unit, posted: Filed, desk: DeskWorld, boris: Colleague
) -> None:
    """Asked for under the old login, decided on under the new one neither way; a colleague does."""
    id_no = Person().id_no
    first = desk.colleague(id_no=id_no)
    world.product.reversals.ask(posted.batch_no, person(world, first), WHY)
    again = person(world, desk.come_back(first, id_no))
    for approve in (True, False):
        with pytest.raises(SamePerson):
            world.product.reversals.decide(posted.batch_no, again, approve=approve)
    assert unit.state(posted.batch_id) == "posted"
    world.product.reversals.decide(posted.batch_no, person(world, boris), approve=True)
    assert unit.post(posted.batch_id) == "reversed"


def test_roles_reasons_and_states(
    world: World, unit: Unit, posted: Filed, anna: Colleague, boris: Colleague
) -> None:
    reversals, first, other = world.product.reversals, person(world, anna), person(world, boris)
    with pytest.raises(NotNow):
        reversals.decide(posted.batch_no, other, approve=True)
    first.roles, other.roles = ["approver"], ["reviewer"]
    with pytest.raises(RoleMissing):
        reversals.ask(posted.batch_no, first, WHY)
    with pytest.raises(RoleMissing):
        reversals.decide(posted.batch_no, other, approve=True)
    first.roles = other.roles = ["approver", "reviewer"]
    reversals.ask(posted.batch_no, first, WHY)
    with pytest.raises(NotNow):
        reversals.ask(posted.batch_no, other, WHY)
    reversals.decide(posted.batch_no, other, approve=False)
    assert unit.state(posted.batch_id) == "posted"
    reversals.ask(posted.batch_no, other, WHY)  # another one may be asked for after a no
    reversals.decide(posted.batch_no, first, approve=True)
    assert unit.post(posted.batch_id) == "reversed"
    with pytest.raises(NotNow):
        reversals.ask(posted.batch_no, first, WHY)


def test_what_is_not_in_the_fund_any_more_stays(
    world: World, unit: Unit, posted: Filed, anna: Colleague, boris: Colleague
) -> None:
    """The second person has less than their 2,000.00 left for the reversal: the line stays and is said."""
    drawn = unit.accounts[1]
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE member_balance SET balance_fen = 199_999 WHERE account_id = :a"), {"a": drawn}
        )
    before = unit.clearing_fen()
    world.product.reversals.ask(posted.batch_no, person(world, anna), WHY)
    world.product.reversals.decide(posted.batch_no, person(world, boris), approve=True)
    assert unit.post(posted.batch_id) == "reversed"
    assert unit.funds() == [BEFORE, 199_999, BEFORE]
    assert unit.clearing_fen() - before == 400_000
    faults = world.product.remittances.show(posted.batch_no).faults
    assert [(one.line_no, one.code) for one in faults] == [(2, "not_taken_back")]
    with transaction(world.sessions) as session:
        assert months_paid(session, drawn)[0] == date(2026, 11, 1)
        session.execute(
            text("UPDATE member_balance SET balance_fen = :f WHERE account_id = :a"), {"f": AFTER, "a": drawn}
        )


@pytest.mark.parametrize("way", ["keep", "return"])
def test_what_came_back_beside_a_line_that_stays_is_kept_or_given_back(
    world: World, unit: Unit, posted: Filed, anna: Colleague, boris: Colleague, way: Literal["keep", "return"]
) -> None:
    """Of 6,000.00 a line of 2,000.00 stays: 4,000.00 wait for two people, who keep them for a file or give them back."""
    test_what_is_not_in_the_fund_any_more_stays(world, unit, posted, anna, boris)
    asked = world.product.surpluses.ask_of_batch(posted.batch_no, way, person(world, anna), WHY)
    assert asked.amount_fen == 400_000
    world.product.surpluses.decide(asked.number, person(world, boris), approve=True)
    assert world.product.remittances.show(posted.batch_no).received_fen == 200_000
    with pytest.raises(NotNow):
        world.product.surpluses.ask_of_batch(posted.batch_no, way, person(world, anna), WHY)
    if way == "return":
        paid = replace(credit(unit.payer_no, 400_000, asked.number), direction="debit")
        assert [bank(world, paid), bank(world, paid)] == ["remittance_returned", "duplicate"]
    else:
        again = unit.file(sheet(unit.employer_no, [unit.entries[0], unit.entries[2]]))
        assert (again.state, again.received_fen) == ("funded", 400_000)
        assert unit.post(again.batch_id) == "posted"
        assert unit.funds() == [AFTER] * 3
    assert world.new_violations() == {}


def test_what_the_bank_took_back_is_no_surplus_of_a_reversed_batch(
    world: World, unit: Unit, posted: Filed, anna: Colleague, boris: Colleague
) -> None:
    """6,000.00 that the bank took back when they were posted are not there to be kept or given back."""
    assert unit.pay(600_000, posted.batch_no, reversal=True, direction="debit") == "break"
    test_what_is_not_in_the_fund_any_more_stays(world, unit, posted, anna, boris)
    with pytest.raises(NotNow):
        world.product.surpluses.ask_of_batch(posted.batch_no, "return", person(world, anna), WHY)


def test_money_the_bank_took_back_pays_for_no_other_file(
    world: World, unit: Unit, posted: Filed, anna: Colleague, boris: Colleague
) -> None:
    """Posted, taken back by the bank, then by two people: 6,000.00 that are not there credit nobody."""
    assert unit.pay(600_000, posted.batch_no, reversal=True, direction="debit") == "break"
    world.product.reversals.ask(posted.batch_no, person(world, anna), WHY)
    world.product.reversals.decide(posted.batch_no, person(world, boris), approve=True)
    assert unit.post(posted.batch_id) == "reversed"
    again = unit.file()
    assert (again.state, again.received_fen) == ("waiting", 0)
    assert unit.pay(600_000, again.batch_no) == "remittance_paid"
    assert unit.post(again.batch_id) == "posted"
    assert unit.funds() == [AFTER] * 3


def test_what_a_court_froze_stays(
    world: World, unit: Unit, posted: Filed, anna: Colleague, boris: Colleague
) -> None:
    """Of 6,000.00 a court froze 4,000.01: a month of 2,000.00 is not there to be taken back."""
    freeze = text("UPDATE member_balance SET frozen_fen = :f WHERE account_id = :a")
    with transaction(world.sessions) as session:
        session.execute(freeze, {"f": 400_001, "a": unit.accounts[0]})
        session.execute(freeze, {"f": 400_000, "a": unit.accounts[1]})
    world.product.reversals.ask(posted.batch_no, person(world, anna), WHY)
    world.product.reversals.decide(posted.batch_no, person(world, boris), approve=True)
    assert unit.post(posted.batch_id) == "reversed"
    assert unit.funds() == [AFTER, BEFORE, BEFORE]
    faults = world.product.remittances.show(posted.batch_no).faults
    assert [(one.line_no, one.code) for one in faults] == [(1, "not_taken_back")]


def test_taking_back_goes_on_after_a_kill(
    world: World, unit: Unit, posted: Filed, anna: Colleague, boris: Colleague
) -> None:
    world.product.reversals.ask(posted.batch_no, person(world, anna), WHY)
    world.product.reversals.decide(posted.batch_no, person(world, boris), approve=True)
    some = Reversals(world.sessions, world.clock, size=2)
    assert some.step(posted.batch_id) == "reversing"
    assert unit.funds() == [BEFORE, BEFORE, AFTER]
    assert some.run(posted.batch_id) == "reversed"
    assert unit.funds() == [BEFORE] * 3
