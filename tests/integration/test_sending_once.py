"""A payment is sent once: after a refusal, a crash, a job run twice, or while the bank's node is away."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.settlement.ports import NodeUnavailable, PaymentOrder, PayReply, QueryReply
from tests.integration.test_settlement import AMOUNT, NOT_SENT, OPENING, ask, send
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World


@pytest.fixture
def application(world: World, member: Member) -> Application:
    """An approved withdrawal of 3,000.00."""
    return world.approved(member, AMOUNT)


def test_what_certainly_did_not_go_is_sent_again_under_the_same_number(
    world: World, member: Member, application: Application
) -> None:
    replies = [NOT_SENT, NOT_SENT, PayReply("accepted", "0", "", "H9")]
    world.node.on_pay = lambda order: replies.pop(0)
    for _ in range(3):
        send(world, member)
    assert [order.instruction_no for order in world.node.sent] == [application.case_no] * 3
    assert world.state(application) == ("accepted", "accepted")
    assert world.balance(member) == (OPENING - AMOUNT, AMOUNT)


def test_a_crash_between_sending_and_the_reply_never_sends_again(
    world: World, member: Member, application: Application
) -> None:
    """The process dies in the call: the payment may be at the bank, so it is asked for."""

    def crash(order: PaymentOrder) -> PayReply:
        raise SystemExit("killed")

    world.node.on_pay = crash
    with pytest.raises(SystemExit):
        send(world, member)
    assert world.state(application) == ("paying", "sending")
    world.node.on_pay = None
    world.later(minutes=5)
    assert world.product.settlement_jobs.take_up() >= 1
    send(world, member)
    assert world.state(application) == ("unknown", "unknown")
    assert len(world.node.sent) == 1
    world.node.changes.append(movement(world.node.sent[0]))
    world.node.on_query = QueryReply("success", "H1", "0", "")
    ask(world, member)
    ask(world, member)
    assert world.state(application) == ("paid", "paid")
    assert len(world.node.sent) == 1


def test_what_a_worker_has_in_hand_is_not_planned_again(
    world: World, member: Member, application: Application
) -> None:
    """Taken with others, it waits its turn for longer than the grace: a second job would meet it on the wire."""
    planned = {"q": f"pay:{instruction_id(world, application)}"}
    in_hand = "UPDATE procrastinate_jobs SET status = 'doing' WHERE queueing_lock = :q"
    with transaction(world.sessions) as session:
        assert session.execute(text(in_hand), planned).rowcount == 1
    world.later(minutes=5)
    world.product.settlement_jobs.take_up()
    rows = "SELECT count(*) AS n FROM procrastinate_jobs WHERE queueing_lock = :q"
    assert world.one(rows, **planned).n == 1


def instruction_id(world: World, application: Application) -> UUID:
    """Of the application's payment."""
    statement = "SELECT instruction_id AS id FROM payment_instruction WHERE instruction_no = :n"
    return UUID(str(world.one(statement, n=application.case_no).id))


def test_a_dispatch_run_twice_sends_once(world: World, member: Member, application: Application) -> None:
    row = world.one(
        "SELECT instruction_id AS id FROM payment_instruction WHERE instruction_no = :n",
        n=application.case_no,
    )
    for _ in range(3):
        world.product.settlement_jobs.dispatch(str(member.account_id), str(row.id))
    assert len(world.node.sent) == 1


def test_nothing_is_sent_while_the_node_is_away(
    world: World, member: Member, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable() -> object:
        raise NodeUnavailable("sign-on")

    monkeypatch.setattr(world.node, "business_day", unavailable)
    send(world, member)
    assert world.state(application) == ("approved", "ready")
    assert "settlement.dispatch" in world.waiting_jobs(member.account_id)
    monkeypatch.undo()
    send(world, member)
    assert world.state(application) == ("accepted", "accepted")
