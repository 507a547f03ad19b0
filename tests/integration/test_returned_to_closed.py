"""Money that comes back to an account which another withdrawal has closed since: it is open again, the money there."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from services.core.db import transaction
from tests.integration.test_six_items import ABLE, apply, confirmed, paid, shown, told
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World


def account_state(world: World, member: Member) -> str:
    """State (A.6) of the account."""
    row = world.one("SELECT state FROM provident_fund_account WHERE account_id = :a", a=member.account_id)
    return str(row.state)


@pytest.fixture
def member(world: World) -> Member:
    """Retired and single: 16 months of 2,000.00 make 32,000.00."""
    world.sharing.answers["civil.marriage"] = ("ok", {"status": "10", "spouse": None})
    told(world, ABLE["retirement-withdrawal"])
    member = world.member(months=16)
    world.consent(member)
    return member


def test_an_earlier_payment_comes_back_after_the_closing(world: World, member: Member) -> None:
    rent = world.approved(member)
    paid(world, member)
    order = world.node.sent[-1]
    form = {"card_id": str(member.card_id)}
    confirmed(world, member, apply(world, member, "retirement-withdrawal", form))
    paid(world, member)
    assert (account_state(world, member), world.balance(member)) == ("05", (0, 0))
    world.later(days=1)
    back = movement(order, direction="credit", host_seq_no="R77", day=world.node.day)
    world.product.settlement_jobs.take_changes([back])
    member.tokens = world.sign_in(member.person)[1]
    assert shown(world, member, rent)["state"] == "returned"
    assert (account_state(world, member), world.balance(member)) == ("01", (300_000, 0))
    assert world.new_violations() == {}
    assert apply(world, member, "retirement-withdrawal", form).status_code == 201


def test_a_freeze_of_an_account_that_was_opened_again_stays(world: World, member: Member) -> None:
    """The closing itself comes back later still: it does not lift what a court ordered in between."""
    form = {"card_id": str(member.card_id)}
    confirmed(world, member, apply(world, member, "retirement-withdrawal", form))
    paid(world, member)
    whole = world.node.sent[-1].amount_fen
    with transaction(world.sessions) as session:
        session.execute(
            text(
                "UPDATE provident_fund_account SET state = '06', closed_on = NULL, close_reason = NULL"
                " WHERE account_id = :a"
            ),
            {"a": member.account_id},
        )
    world.later(days=1)
    back = movement(world.node.sent[-1], direction="credit", host_seq_no="R78", day=world.node.day)
    world.product.settlement_jobs.take_changes([back])
    assert (account_state(world, member), world.balance(member)) == ("06", (whole, 0))
