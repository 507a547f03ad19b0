"""Settling a loan under review: the sum is to the day, and both people stand for the same one."""

from __future__ import annotations

from services.applications.models import Application
from services.core.db import transaction
from tests.integration.loans.test_fund_loan_items import apply, borrower, confirmed, owed
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.world import World


def test_over_midnight_the_sum_is_another(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    """529,468.65 × 2.60 % / 360 a day: 152.96 for the four days to the 24th, 191.20 for five."""
    member, loan_id = borrower(world)
    world.later(hours=14, minutes=5)  # a large sum at night: people look
    member.tokens = world.sign_in(member.person)[1]
    done = confirmed(world, member, apply(world, member, "loan-settlement", {}))
    with transaction(world.sessions) as session:
        case = session.get_one(Application, (member.account_id, done["application_id"]))
    assert (case.state, case.amount_fen) == ("in_review", 52_962_161)
    world.later(hours=9)
    anna.sign_in()
    anna.act(case, "claim")
    assert anna.act(case, "opinion", verdict="approve", amount="529621.61").status_code == 303
    world.later(days=1)
    anna.sign_in()
    boris.sign_in()
    late = boris.act(case, "decision", outcome="confirm")
    assert late.status_code == 409
    assert "529,659.85" in late.get_data(as_text=True)
    member.tokens = world.sign_in(member.person)[1]
    assert owed(world, member, loan_id) == ("normal", 52_946_865)
    boris.act(case, "decision", outcome="send_back", note="按今天的金额")
    assert anna.act(case, "opinion", verdict="approve", amount="529659.85").status_code == 303
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.state(case)[0] == "repaid"
    assert owed(world, member, loan_id) == ("settled", 0)
