"""Closing an account under review: both people stand for one amount, with interest to the day of the decision."""

from __future__ import annotations

import pytest

from services.applications.models import Application
from services.core.db import transaction
from tests.integration.test_six_items import apply
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.world import Member, World

ASKED_FEN = 3_217_425
"""32,000.00 with 174.25 of interest on 23 November (worked out in test_six_items)."""
NEXT_DAY_FEN = 3_217_558
"""A day more: 32,000 yuan-days × 1.5 % / 360 = 1.33; 4,182,000 + 32,000 = 4,214,000 → 175.58."""


@pytest.fixture
def retiring(world: World, desk: DeskWorld) -> tuple[Member, Application]:
    """Social insurance is silent, so people look."""
    world.sharing.answers["social.status"] = ("unavailable", {})
    member = world.member(months=16)
    world.consent(member)
    answer = apply(world, member, "retirement-withdrawal", {"card_id": str(member.card_id)}).get_json()
    with transaction(world.sessions) as session:
        case = session.get_one(Application, (member.account_id, answer["application_id"]))
    case = world.confirm(member, case)
    assert (case.state, case.amount_fen) == ("in_review", ASKED_FEN)
    return member, case


def test_on_the_day_it_was_asked_for(
    world: World, retiring: tuple[Member, Application], anna: Colleague, boris: Colleague
) -> None:
    member, case = retiring
    anna.act(case, "claim")
    assert anna.act(case, "opinion", verdict="approve", amount="32174.25").status_code == 303
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (0, ASKED_FEN)


def test_a_part_of_it_is_no_closing(
    world: World, retiring: tuple[Member, Application], anna: Colleague
) -> None:
    _, case = retiring
    anna.act(case, "claim")
    answer = anna.act(case, "opinion", verdict="approve", amount="30000.00")
    assert answer.status_code == 422
    assert "32,174.25" in answer.get_data(as_text=True)


def test_a_day_later_there_is_a_day_s_interest_more(
    world: World, retiring: tuple[Member, Application], anna: Colleague, boris: Colleague
) -> None:
    member, case = retiring
    world.later(days=1)
    anna.sign_in()
    boris.sign_in()
    anna.act(case, "claim")
    assert anna.act(case, "opinion", verdict="approve", amount="32174.25").status_code == 303
    assert "32,175.58" in boris.page(case)
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (0, NEXT_DAY_FEN)


def test_an_opinion_of_yesterday_goes_back(
    world: World, retiring: tuple[Member, Application], anna: Colleague, boris: Colleague
) -> None:
    member, case = retiring
    anna.act(case, "claim")
    anna.act(case, "opinion", verdict="approve", amount="32174.25")
    world.later(days=1)
    anna.sign_in()
    boris.sign_in()
    answer = boris.act(case, "decision", outcome="confirm")
    assert answer.status_code == 409
    assert "32,175.58" in answer.get_data(as_text=True)
    assert world.state(case)[0] == "in_review"
    assert boris.act(case, "decision", outcome="send_back", note="按今天的金额").status_code == 303
    assert anna.act(case, "opinion", verdict="approve", amount="32175.58").status_code == 303
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (0, NEXT_DAY_FEN)
