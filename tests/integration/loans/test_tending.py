"""On 1 January: every open loan has the published rate of that day, once."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from config.settings import ROOT
from services.core.db import transaction
from services.loans.standing import standing_of
from services.loans.tending import LoanTending
from services.policies.rules import Figure, Policy, policy_on
from services.policies.service import shipped_figures
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

KEY = "loan.rate.first.over_5y_ppm"


class Published:
    """Policies with a rate of 2.35 % from 2026-12-10 on."""

    def on(self, session: Session, day: date) -> Policy:
        """The policy of a day."""
        shipped = shipped_figures(ROOT / "config" / "policies")
        return policy_on(day, [*shipped, Figure(KEY, date(2026, 12, 10), 23_500)])


def test_the_rate_of_the_year(world: World, member: Member) -> None:
    loan_id = lend(world, member, drawn_on="2026-11-20", principal_fen=10_000_000)
    tending = LoanTending(world.sessions, world.clock, Published())  # type: ignore[arg-type]
    world.later(days=30)  # 2026-12-23: published, but not yet for loans that exist
    assert tending.take_up() == 0
    world.later(days=10)  # 2027-01-02; the unpaid December instalment stays with its plan
    assert tending.take_up() >= 1
    with transaction(world.sessions) as session:
        standing = standing_of(session, member.account_id, loan_id)
    assert [(step.from_on, step.ppm) for step in standing.steps] == [
        (date(2026, 11, 20), 26_000),
        (date(2027, 1, 1), 23_500),
    ]
    december, january, february = standing.rows[:3]
    assert (december.version, december.rate_ppm, december.state) == (1, 26_000, "overdue")
    assert (january.version, january.rate_ppm) == (2, 23_500)
    assert february.principal_fen + february.interest_fen == january.level_fen


def test_looking_again_changes_nothing(world: World, member: Member) -> None:
    lend(world, member, drawn_on="2026-11-20", principal_fen=10_000_000)
    world.later(days=40)
    LoanTending(world.sessions, world.clock, Published()).take_up()  # type: ignore[arg-type]
    assert LoanTending(world.sessions, world.clock, Published()).take_up() == 0  # type: ignore[arg-type]
