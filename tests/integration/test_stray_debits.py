"""A bank that pays wrongly under our number and puts it right: what undoes a stray debit is no return of the good one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.settlement.ports import AccountChange
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

AMOUNT, OPENING = 300_000, 5_600_000
GONE, BACK = (OPENING - AMOUNT, 0), (OPENING, 0)


@pytest.fixture
def application(world: World, member: Member) -> Application:
    """A withdrawal of 3,000.00 that the bank has taken."""
    application = world.approved(member, AMOUNT)
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    assert world.state(application) == ("accepted", "accepted")
    return application


def debit(world: World, host_seq_no: str) -> AccountChange:
    """To the card of the order."""
    return movement(world.node.sent[0], host_seq_no=host_seq_no)


def to_another_card(world: World, host_seq_no: str) -> AccountChange:
    right = debit(world, host_seq_no)
    card_no = right.counter_account_no
    return replace(right, counter_account_no=f"{card_no[:-4]}{(int(card_no[-4:]) + 1) % 10_000:04d}")


def credit(world: World, host_seq_no: str) -> AccountChange:
    return movement(world.node.sent[0], direction="credit", host_seq_no=host_seq_no)


def tell(world: World, *changes: AccountChange) -> None:
    """One after the other."""
    for change in changes:
        world.product.settlement_jobs.take_changes([change])


def outcomes(world: World, application: Application) -> dict[str, str]:
    """How each movement was classified, by the bank's number."""
    statement = "SELECT json_object_agg(host_seq_no, outcome) AS all FROM bank_notice WHERE instruction_no = :n"
    return dict(world.one(statement, n=application.case_no).all)


def outcomes_of_credits(world: World, application: Application) -> list[str]:
    statement = (
        "SELECT json_agg(outcome) AS all FROM bank_notice WHERE instruction_no = :n AND direction = 'credit'"
    )
    return list(world.one(statement, n=application.case_no).all)


def booked(world: World, member: Member) -> int:
    """What payments and returns of 3,000.00 have left on 101."""
    statement = (
        "SELECT coalesce(sum(fen), 0) AS fen FROM posting"
        " WHERE account_id = :a AND gl_code = '101' AND abs(fen) = :fen"
    )
    return int(world.one(statement, a=member.account_id, fen=AMOUNT).fen)


@pytest.mark.parametrize("first", ["the wrong debit", "its undoing"])
def test_what_undoes_a_payment_to_another_card_is_not_given_back(
    world: World, member: Member, application: Application, first: str
) -> None:
    """Wrong card, undone, right card: 3,000.00 are on the card, and not in the fund as well."""
    wrong, undone = to_another_card(world, "W1"), credit(world, "U1")
    tell(world, *((wrong, undone) if first == "the wrong debit" else (undone, wrong)))
    assert (world.state(application), world.balance(member)) == (("accepted", "accepted"), (5_300_000, AMOUNT))
    tell(world, debit(world, "G1"))
    assert (world.state(application), world.balance(member)) == (("paid", "paid"), GONE)
    assert outcomes(world, application) == {"W1": "payee_differs", "U1": "break", "G1": "paid"}
    assert booked(world, member) == -AMOUNT
    tell(world, credit(world, "R1"))  # this one is the return of the good payment
    assert (world.state(application), world.balance(member)) == (("returned", "returned"), BACK)
    assert booked(world, member) == 0


def test_while_a_debit_to_another_card_is_not_undone_a_credit_is_for_a_person(
    world: World, member: Member, application: Application
) -> None:
    """Wrong card, right card, then the wrong one is undone: 3,000.00 have left, and stay so."""
    tell(world, to_another_card(world, "W1"), debit(world, "G1"), credit(world, "U1"))
    assert (world.state(application), world.balance(member)) == (("paid", "paid"), GONE)
    assert outcomes(world, application)["U1"] == "break"
    assert booked(world, member) == -AMOUNT


def test_what_undoes_a_second_debit_is_not_given_back(
    world: World, member: Member, application: Application
) -> None:
    """Paid twice under one number, the second undone: the first stands, and only its own return gives back."""
    tell(world, debit(world, "G1"), debit(world, "S1"), credit(world, "U1"))
    assert (world.state(application), world.balance(member)) == (("paid", "paid"), GONE)
    assert outcomes(world, application) == {"G1": "paid", "S1": "break", "U1": "break"}
    assert booked(world, member) == -AMOUNT
    tell(world, credit(world, "R1"))
    assert (world.state(application), world.balance(member)) == (("returned", "returned"), BACK)
    assert outcomes(world, application)["R1"] == "came_back"
    assert booked(world, member) == 0


def test_what_undoes_a_second_debit_and_is_told_under_two_days_undoes_it_once(
    world: World, member: Member, application: Application
) -> None:
    """By notice under one day and on the statement under the next: no return of the first debit."""
    undone = credit(world, "U1")
    tell(world, debit(world, "G1"), debit(world, "S1"), undone)
    tell(world, replace(undone, day=undone.day + timedelta(days=1)))
    assert (world.state(application), world.balance(member)) == (("paid", "paid"), GONE)
    assert booked(world, member) == -AMOUNT


def test_a_second_debit_that_people_have_booked_is_still_what_a_credit_answers(
    world: World, member: Member, application: Application
) -> None:
    """Its break is closed against 119; what the bank gives back for it is no return either."""
    tell(world, debit(world, "G1"), debit(world, "S1"))
    corrected = "UPDATE bank_notice SET outcome = 'corrected' WHERE instruction_no = :n AND host_seq_no = 'S1'"
    with transaction(world.sessions) as session:
        session.execute(text(corrected), {"n": application.case_no})
    tell(world, credit(world, "U1"))
    assert (world.state(application), world.balance(member)) == (("paid", "paid"), GONE)
    assert outcomes(world, application) == {"G1": "paid", "S1": "corrected", "U1": "break"}


@pytest.mark.parametrize("early", [False, True])
def test_one_payment_told_with_another_account_first_is_one_payment(
    world: World, member: Member, application: Application, early: bool
) -> None:
    """The notice names a clearing account, the statement the card, both the same movement: its return is a return."""
    told, paid, back = to_another_card(world, "G1"), debit(world, "G1"), credit(world, "R1")
    tell(world, *((told, back, paid) if early else (told, paid, back)))
    assert (world.state(application), world.balance(member)) == (("returned", "returned"), BACK)
    assert outcomes_of_credits(world, application) == ["came_back"]
    assert booked(world, member) == 0


def test_a_return_told_early_beside_a_debit_that_was_undone_is_given_back_once(
    world: World, member: Member, application: Application
) -> None:
    """Wrong card, undone; the return of the good payment is told before the payment itself."""
    tell(world, to_another_card(world, "W1"), credit(world, "U1"), credit(world, "R1"), debit(world, "G1"))
    assert (world.state(application), world.balance(member)) == (("returned", "returned"), BACK)
    assert sorted(outcomes_of_credits(world, application)) == ["break", "came_back"]
    assert booked(world, member) == 0
