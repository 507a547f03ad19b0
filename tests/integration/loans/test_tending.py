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
    """Policies with a rate of 2.35 % from 2026-12-10 on; the first `torn` times they cannot be read."""

    def __init__(self, torn: int = 0) -> None:
        self._torn = torn

    def on(self, session: Session, day: date) -> Policy:
        """The policy of a day."""
        self._torn -= 1
        if self._torn >= 0:
            raise OSError
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


def test_a_loan_that_is_overdue_as_a_whole_has_the_rate_for_its_penalty(world: World, member: Member) -> None:
    """The last of 72 instalments fell due on 20 January 2026: nothing is ahead, and 270 days of 2027 cost 0.25 % less.

    Half as much again as the rate: (principal + interest) × 0.0025 × 1.5 × 270/360.
    """
    terms = {"drawn_on": "2020-01-20", "months": 72, "unpaid": 1}
    loan_id = lend(world, member, principal_fen=10_000_000, **terms)
    with transaction(world.sessions) as session:
        before = standing_of(session, member.account_id, loan_id)
    world.later(days=40)  # 2027-01-02
    assert LoanTending(world.sessions, world.clock, Published()).take_up() >= 1  # type: ignore[arg-type]
    with transaction(world.sessions) as session:
        standing = standing_of(session, member.account_id, loan_id)
    assert (standing.steps[-1].from_on, standing.steps[-1].ppm) == (date(2027, 1, 1), 23_500)
    assert (standing.loan.state, standing.loan.plan_version) == ("overdue", before.loan.plan_version)
    (last,) = standing.overdue(date(2027, 1, 2))
    october = date(2027, 10, 1)
    less_fen = before.payoff(october).penalty_fen - standing.payoff(october).penalty_fen
    assert before.steps[-1].ppm == 26_000
    assert abs(less_fen - (last.principal_fen + last.interest_fen) * 0.0025 * 1.5 * 270 / 360) <= 1


def test_one_loan_that_cannot_be_changed_stops_no_other(world: World, member: Member) -> None:
    """The first is passed over, the others have their rate; the next day it is tried again."""
    others = [world.member() for _ in range(2)]
    for each in (member, *others):
        lend(world, each, drawn_on="2026-11-20", principal_fen=10_000_000)

    def with_the_rate() -> int:
        statement = "SELECT count(*) AS n FROM loan_rate WHERE account_id IN (:a, :b, :c) AND ppm = 23500"
        a, b, c = (each.account_id for each in (member, *others))
        return int(world.one(statement, a=a, b=b, c=c).n)

    world.later(days=40)
    tending = LoanTending(world.sessions, world.clock, Published(torn=1))  # type: ignore[arg-type]
    assert tending.take_up() >= 2
    assert with_the_rate() >= 2
    world.later(days=1)
    tending.take_up()
    assert with_the_rate() == 3
