"""Journals of a withdrawal: hold at approval, settle at arrival, reverse on rejection, return when it comes back."""

from __future__ import annotations

from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.settlement.ports import PayReply
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

OPENING = 28 * 200_000
AMOUNT = 300_000


def journals(world: World, application: Application) -> dict[str, dict[str, int]]:
    """Lines by step: {"hold": {"201": 300000, "219": -300000}} (debit positive)."""
    statement = text(
        "SELECT business_ref, gl_code, fen FROM journal JOIN posting USING (account_id, journal_id)"
        " WHERE business_ref LIKE :ref"
    )
    found: dict[str, dict[str, int]] = {}
    with transaction(world.sessions) as session:
        for row in session.execute(statement, {"ref": f"withdrawal:{application.application_id}:%"}):
            found.setdefault(row.business_ref.rsplit(":", 1)[1], {})[row.gl_code] = row.fen
    return found


HOLD = {"201": AMOUNT, "219": -AMOUNT}


def test_approval_holds_the_amount(world: World, member: Member) -> None:
    """Dr 201 住房公积金, Cr 219 应付提取款; the money leaves the available balance at once."""
    application = world.approved(member, AMOUNT)
    assert journals(world, application) == {"hold": HOLD}
    assert world.balance(member) == (OPENING - AMOUNT, AMOUNT)
    assert world.state(application) == ("approved", "ready")


def test_settlement_pays_out_of_the_hold(world: World, member: Member) -> None:
    """Dr 219, Cr 101 住房公积金存款."""
    application = world.approved(member, AMOUNT)
    world.run_jobs(member.account_id, "settlement.dispatch")
    assert world.state(application) == ("accepted", "accepted")
    assert world.balance(member) == (OPENING - AMOUNT, AMOUNT)
    world.product.settlement_jobs.take_changes([movement(world.node.sent[0])])
    assert journals(world, application) == {"hold": HOLD, "settle": {"219": AMOUNT, "101": -AMOUNT}}
    assert world.balance(member) == (OPENING - AMOUNT, 0)
    assert world.state(application) == ("paid", "paid")


def test_a_rejected_payment_gives_the_hold_back(world: World, member: Member) -> None:
    """Dr 219, Cr 201: the member has what they had."""
    world.node.on_pay = lambda order: PayReply("rejected", "E1001", "no", None)
    application = world.approved(member, AMOUNT)
    world.run_jobs(member.account_id, "settlement.dispatch")
    assert journals(world, application) == {"hold": HOLD, "reverse": {"219": AMOUNT, "201": -AMOUNT}}
    assert world.balance(member) == (OPENING, 0)
    assert world.state(application) == ("returned", "rejected")


def test_money_that_comes_back_later_returns_to_the_fund(world: World, member: Member) -> None:
    """退汇: Dr 101, Cr 201."""
    application = world.approved(member, AMOUNT)
    world.run_jobs(member.account_id, "settlement.dispatch")
    order = world.node.sent[0]
    world.product.settlement_jobs.take_changes([movement(order)])
    world.later(days=1)
    back = movement(order, direction="credit", host_seq_no="R1", day=world.node.day)
    world.product.settlement_jobs.take_changes([back])
    assert journals(world, application) == {
        "hold": HOLD,
        "settle": {"219": AMOUNT, "101": -AMOUNT},
        "return": {"101": AMOUNT, "201": -AMOUNT},
    }
    assert world.balance(member) == (OPENING, 0)
    assert world.state(application) == ("returned", "returned")
    world.product.settlement_jobs.take_changes([back])  # told twice
    assert world.balance(member) == (OPENING, 0)
