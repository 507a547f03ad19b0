"""The lock calls back a payment of which the bank has had nothing, and no other; who comes first wins."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.applications.models import Application
from services.core.db import transaction
from services.settlement.ports import PaymentOrder, PayReply
from tests.contract.api.reading import problem
from tests.integration.controls.test_lock import call, lock
from tests.support.domain.cases import post
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World, idempotency

WHOLE, HELD = (5_600_000, 0), (5_300_000, 300_000)
UNREACHABLE = PayReply("not_sent", "link.unreachable", "", None, written=False)
OTHER_DAY = PayReply("not_sent", "E2007", "", None)


@pytest.fixture
def case(world: World, member: Member) -> Application:
    """3,000.00 on hold, to be sent."""
    return world.approved(member)


def send(world: World, member: Member) -> None:
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)


def lock_straight(world: World, account_id: UUID) -> int:
    """The lock's transaction; how many payments it called back."""
    with transaction(world.sessions) as session:
        return len(world.product.locking.lock(session, account_id))


def told(world: World, member: Member, template: str) -> int:
    world.run_jobs(member.account_id)
    return sum(one.template == template for way in world.channels.values() for one in way.sent)


def test_before_a_worker_takes_it(world: World, member: Member, case: Application) -> None:
    said = lock(world, member)
    assert (said["locked"], said["stopped"]) == (True, 1)
    assert world.state(case) == ("cancelled", "cancelled")
    assert world.balance(member) == WHOLE
    send(world, member)
    assert world.node.sent == []
    assert world.new_violations() == {}


def test_the_member_sees_and_is_told(world: World, member: Member, case: Application) -> None:
    lock(world, member)
    view = call(world, member, "GET", f"/applications/{case.application_id}").get_json()
    assert (view["state"], view["waiting_text"]) == (
        "cancelled",
        "这笔业务已经撤销，没有付款，钱已回到您的公积金账户。",
    )
    assert [step["key"] for step in view["steps"]] == ["submitted", "verified", "approved", "cancelled"]
    entries = call(world, member, "GET", "/audit-log").get_json()["entries"]
    assert "因为上了锁，撤回了还没付出的提取" in [entry["text"] for entry in entries]
    assert told(world, member, "payment_stopped") == 2  # SMS and WeChat, once each


def test_while_the_line_to_the_bank_is_down(world: World, member: Member, case: Application) -> None:
    """Tried three times in vain; then locked; then the line is up again."""
    world.node.on_pay = lambda order: UNREACHABLE
    for _ in range(3):
        send(world, member)
    assert world.state(case) == ("paying", "ready")
    world.later(seconds=1)
    assert lock(world, member)["stopped"] == 1
    world.node.on_pay = None
    tried = len(world.node.sent)
    world.later(minutes=5)
    world.product.settlement_jobs.take_up()
    world.run_jobs(member.account_id)
    assert len(world.node.sent) == tried == 3
    assert world.state(case) == ("cancelled", "cancelled")
    assert world.balance(member) == WHOLE
    assert world.new_violations() == {}


def test_while_a_worker_tries_in_vain(world: World, member: Member, case: Application) -> None:
    """The lock finds it on its way and leaves it; the answer says that it did not leave: called back with the answer."""

    def locked_meanwhile(order: PaymentOrder) -> PayReply:
        world.later(seconds=2)
        assert lock_straight(world, member.account_id) == 0
        return UNREACHABLE

    world.node.on_pay = locked_meanwhile
    send(world, member)
    assert world.state(case) == ("cancelled", "cancelled")
    assert world.balance(member) == WHOLE
    assert told(world, member, "payment_stopped") == 2
    assert world.new_violations() == {}


def test_the_lock_s_host_has_a_clock_that_is_behind(world: World, member: Member, case: Application) -> None:
    """Three seconds behind the host that approved the payment: the account's lock says who came first, not the clocks."""

    def locked_meanwhile(order: PaymentOrder) -> PayReply:
        world.later(seconds=-3)
        assert lock_straight(world, member.account_id) == 0
        world.later(seconds=3)
        return UNREACHABLE

    world.node.on_pay = locked_meanwhile
    send(world, member)
    assert world.state(case) == ("cancelled", "cancelled")
    assert world.balance(member) == WHOLE
    assert world.new_violations() == {}


@pytest.mark.parametrize("outcome", ["accepted", "unknown"])
def test_what_the_bank_may_have_is_not_called_back(
    world: World, member: Member, case: Application, outcome: str
) -> None:
    def locked_meanwhile(order: PaymentOrder) -> PayReply:
        world.later(seconds=2)
        assert lock_straight(world, member.account_id) == 0
        return PayReply(outcome, "00000", "", None)  # type: ignore[arg-type]

    world.node.on_pay = locked_meanwhile
    send(world, member)
    assert world.state(case) == (outcome, outcome)
    assert world.balance(member) == HELD
    world.product.settlement_jobs.take_changes([movement(world.node.sent[0])])
    assert world.state(case) == ("paid", "paid")
    assert world.balance(member) == (5_300_000, 0)
    assert world.new_violations() == {}


def test_what_the_bank_refused_for_its_date_goes_on(world: World, member: Member, case: Application) -> None:
    """It has been on the line: a copy may come there on the right day, so it is no longer the lock's."""
    world.node.on_pay = lambda order: OTHER_DAY
    send(world, member)
    world.node.on_pay = lambda order: UNREACHABLE
    send(world, member)
    assert world.state(case) == ("paying", "ready")
    world.later(seconds=1)
    assert lock(world, member)["stopped"] == 0
    world.node.on_pay = None
    send(world, member)
    assert world.state(case) == ("accepted", "accepted")


def test_the_lock_opened_again_stops_nothing_that_came_after_it(world: World, member: Member) -> None:
    lock(world, member)
    with transaction(world.sessions) as session:
        opened = (
            "UPDATE withdrawal_lock SET unlock_asked_at = locked_at, unlock_from = locked_at, opened_at = locked_at"
            " WHERE account_id = :id"
        )
        session.execute(text(opened), {"id": member.account_id})
    case = world.approved(member)
    world.node.on_pay = lambda order: UNREACHABLE
    send(world, member)
    assert world.state(case) == ("paying", "ready")


def test_the_member_s_own_cancelling_ends_with_the_approval(
    world: World, member: Member, case: Application
) -> None:
    path = f"/applications/{case.application_id}/cancel"
    problem(post(world, member, path, {}, **idempotency()), 409, "application.state_changed")
    assert world.state(case) == ("approved", "ready")


def test_the_database_takes_no_calling_back_of_what_has_been_tried(
    world: World, member: Member, case: Application
) -> None:
    """Whatever a mistake in the service may be: an order is called back with every attempt accounted for."""
    world.node.on_pay = lambda order: OTHER_DAY
    send(world, member)
    cancel = text("UPDATE payment_instruction SET state = 'cancelled' WHERE application_id = :id")
    with pytest.raises(IntegrityError, match="called_back"), transaction(world.sessions) as session:
        session.execute(cancel, {"id": case.application_id})


def test_sending_and_locking_at_once(world: World) -> None:
    """Sixteen members; two workers and two locks for each in one moment: sent or called back, exactly one of the two.

    A second worker that finds it on its way takes it for lost: then it is unknown, and still at the bank.
    """
    people = [world.member() for _ in range(16)]
    cases = [world.approved(one) for one in people]
    gate = threading.Barrier(16)

    def send_one(number: int) -> None:
        gate.wait(30)
        instruction = world.one(
            "SELECT instruction_id FROM payment_instruction WHERE application_id = :id",
            id=cases[number].application_id,
        ).instruction_id
        world.product.settlement_jobs.dispatch(str(people[number].account_id), str(instruction))

    def lock_one(number: int) -> int:
        gate.wait(30)
        return lock_straight(world, people[number].account_id)

    with ThreadPoolExecutor(16) as pool:
        for four in range(0, 16, 4):
            sends = [pool.submit(send_one, four + n % 4) for n in range(8)]
            locks = [pool.submit(lock_one, four + n % 4) for n in range(8)]
            for each in sends:
                each.result()
            stopped = [each.result() for each in locks]
            for n in range(4):
                _judge(world, people[four + n], cases[four + n], stopped[n] + stopped[n + 4])
    assert world.new_violations() == {}


def _judge(world: World, member: Member, case: Application, stopped: int) -> None:
    sent = [order.instruction_no for order in world.node.sent].count(case.case_no)
    assert (sent, stopped) in {(1, 0), (0, 1)}
    kept = {("cancelled", "cancelled")} if stopped else {("accepted", "accepted"), ("unknown", "unknown")}
    assert world.state(case) in kept
    assert world.balance(member) == (WHOLE if stopped else HELD)
    for line in [movement(order) for order in world.node.sent if order.instruction_no == case.case_no]:
        world.product.settlement_jobs.take_changes([line])
    assert world.balance(member) == (WHOLE if stopped else (5_300_000, 0))
