"""Many requests for one balance at one moment: one wins, whatever the others carry."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable

import requests

from bench.phone import ApiProblem
from tests.faults.outcomes import assert_ends, held
from tests.faults.world import AMOUNT_FEN, World

MANY = 50
ITEM = "rent-withdrawal"


def at_once(call: Callable[[int], object]) -> Counter[tuple[int, str]]:
    """Do `call` MANY times at one moment; counts the answers by status and code."""
    gate, answers = threading.Barrier(MANY), []
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # more connections than it likes to keep

    def one(number: int) -> None:
        gate.wait(30)
        try:
            call(number)
            answers.append((201, ""))
        except ApiProblem as problem:
            answers.append((problem.status, problem.code))
        except requests.RequestException as fault:
            answers.append((0, type(fault).__name__))

    hands = [threading.Thread(target=one, args=(number,)) for number in range(MANY)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return Counter(answers)


def test_of_fifty_confirmations_of_one_balance_one_wins(world: World) -> None:
    """Every one has a key of its own, so that only the account's lock and the face session tell them apart."""
    case = world.ready()
    before = world.balance(case.member)
    answers = at_once(
        lambda n: case.phone.confirm(case.application_id, case.face_session_id, secrets.token_hex(16))
    )
    assert answers.pop((201, "")) == 1, answers
    assert set(answers) <= {
        (409, "application.state_changed"),
        (403, "face.not_passed"),
        (503, "service.busy"),
    }
    assert_ends(world, case, "paid")
    assert world.balance(case.member) == (before[0] - AMOUNT_FEN, 0)


def test_one_request_repeated_fifty_times_at_once_is_one_withdrawal(world: World) -> None:
    """One key: the first is carried out, the others are told to wait or get its answer."""
    case = world.ready()
    answers = at_once(lambda n: case.phone.confirm(case.application_id, case.face_session_id, case.key))
    assert answers.pop((201, "")) >= 1, answers
    assert set(answers) <= {(409, "idempotency.in_progress"), (503, "service.busy")}
    assert_ends(world, case, "paid")


def test_of_fifty_submissions_one_is_in_flight(world: World) -> None:
    """A member and fifty forms: one application is opened, and no money is touched by any."""
    member = world.member()
    before = world.balance(member)
    form = {"amount_fen": AMOUNT_FEN, "card_id": str(member.bound.card_id)}
    world.persist(lambda: member.phone.call("POST", f"/items/{ITEM}/quote", form))
    answers = at_once(lambda n: member.phone.apply(ITEM, form))
    assert answers.pop((201, "")) == 1, answers
    assert {status for status, _ in answers} <= {409, 429, 503}  # in flight already, or too many in an hour
    assert world.balance(member) == before
    applications = member.phone.call("GET", "/applications")["applications"]
    assert [application["state"] for application in applications] == ["verifying"]


def test_twenty_members_at_once_are_each_paid_once(world: World) -> None:
    """Different accounts do not stand in each other's way."""
    cases = [world.ready() for _ in range(20)]
    before = [world.balance(case.member) for case in cases]
    hands = [threading.Thread(target=world.confirm, args=(case,)) for case in cases]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    for case, balance in zip(cases, before, strict=True):
        assert_ends(world, case, "paid")
        assert world.balance(case.member) == (held(balance)[0], 0)
