"""A case decided while its register was silent names no house: a person looks at the next, or a cap is drawn twice."""

from __future__ import annotations

import pytest

from services.applications.models import Application
from services.core.db import transaction
from tests.integration.test_six_items import ABLE, another, apply, paid, quote, told
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

LIFT = another(ABLE["elevator-withdrawal"], 90_001)


@pytest.fixture
def member(world: World, desk: DeskWorld, anna: Colleague, boris: Colleague) -> Member:
    """20,000.00 of what the member wrote down, paid after people had looked; then the register is back."""
    world.sharing.answers["civil.marriage"] = ("ok", {"status": "10", "spouse": None})
    told(world, LIFT)
    world.sharing.answers["elevator.filing"] = ("unavailable", {})
    member = world.member(months=16)
    world.consent(member)
    form = {"amount_fen": 2_000_000, "card_id": str(member.card_id), "cost_fen": 2_080_000}
    answer = apply(world, member, "elevator-withdrawal", form).get_json()
    with transaction(world.sessions) as session:
        case = session.get_one(Application, (member.account_id, answer["application_id"]))
    case = world.confirm(member, case)
    assert case.state == "in_review"
    anna.act(case, "claim")
    assert anna.act(case, "opinion", verdict="approve", amount="20000.00").status_code == 303
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    paid(world, member)
    told(world, LIFT)
    return member


def test_the_same_house_is_not_drawn_on_at_once_again(world: World, member: Member) -> None:
    asked = quote(world, member, "elevator-withdrawal")
    assert (asked["allowed"], asked["approval"]) == (True, "review")


def test_what_came_back_counts_for_nothing(world: World, member: Member) -> None:
    world.later(days=1)
    back = movement(world.node.sent[-1], direction="credit", host_seq_no="R79", day=world.node.day)
    world.product.settlement_jobs.take_changes([back])
    member.tokens = world.sign_in(member.person)[1]
    assert quote(world, member, "elevator-withdrawal")["approval"] == "instant"
