"""Four eyes 双人复核 in the database: what it refuses, whatever the code above it does."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.applications.models import Application
from services.core.ids import new_id
from tests.integration.desk.test_four_eyes import approve
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.world import World


def insert_decision(world: World, case: Application, proposer: str, decider: str) -> None:
    """A decision straight into the table, as role anju_app."""
    with world.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO review_decision (account_id, opinion_id, application_id, proposer_id, staff_id,"
                " outcome, note, decided_at) SELECT o.account_id, o.opinion_id, o.application_id,"
                " (SELECT staff_id FROM staff WHERE login = :p), (SELECT staff_id FROM staff WHERE login = :d),"
                " 'confirmed', '', o.proposed_at FROM review_opinion o WHERE o.application_id = :a"
            ),
            {"a": case.application_id, "p": proposer, "d": decider},
        )


def test_the_database_refuses_a_decision_of_the_proposer(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    """Neither as oneself, nor by naming somebody else as the proposer."""
    _, case = desk.in_review()
    approve(anna, case)
    with pytest.raises(IntegrityError, match="four_eyes"):
        insert_decision(world, case, anna.login, anna.login)
    with pytest.raises(IntegrityError, match="fk_review_decision_opinion"):
        insert_decision(world, case, boris.login, anna.login)


def test_the_database_refuses_an_outcome_without_a_second_person(
    world: World, desk: DeskWorld, anna: Colleague
) -> None:
    _, case = desk.in_review()
    approve(anna, case)
    for state in ("approved", "refused", "completed", "paid"):
        with pytest.raises(IntegrityError, match="no confirmed decision"), world.sessions.begin() as session:
            session.execute(
                text("UPDATE application SET state = :s WHERE application_id = :a"),
                {"s": state, "a": case.application_id},
            )


def test_the_database_refuses_another_amount_than_confirmed(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    """3,000.00 were confirmed; 9,999.00 do not leave review."""
    _, case = desk.in_review()
    approve(anna, case)
    insert_decision(world, case, anna.login, boris.login)
    more = text("UPDATE application SET state = 'approved', amount_fen = 999900 WHERE application_id = :a")
    with pytest.raises(IntegrityError, match="no confirmed decision"), world.sessions.begin() as session:
        session.execute(more, {"a": case.application_id})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE review_opinion SET amount_fen = 1 WHERE application_id = :a",
        "DELETE FROM review_opinion WHERE application_id = :a",
        "UPDATE review_claim SET staff_id = (SELECT staff_id FROM staff WHERE login = :o) WHERE application_id = :a",
        "DELETE FROM review_claim WHERE application_id = :a",
        "DELETE FROM staff WHERE login = :o",
    ],
)
def test_what_was_said_and_by_whom_cannot_be_changed(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague, statement: str
) -> None:
    _, case = desk.in_review()
    approve(anna, case)
    with pytest.raises(DBAPIError), world.sessions.begin() as session:
        session.execute(text(statement), {"a": case.application_id, "o": boris.login})


def test_an_opinion_needs_the_claim(world: World, desk: DeskWorld, anna: Colleague, boris: Colleague) -> None:
    """An opinion of somebody who does not hold the case does not go into the table."""
    _, case = desk.in_review()
    anna.act(case, "claim")
    with pytest.raises(IntegrityError, match="fk_review_opinion_claim"), world.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO review_opinion (account_id, opinion_id, application_id, claim_id, staff_id, verdict,"
                " amount_fen, note, proposed_at) SELECT account_id, :i, application_id, claim_id,"
                " (SELECT staff_id FROM staff WHERE login = :o), 'approve', 300000, '', claimed_at"
                " FROM review_claim WHERE application_id = :a"
            ),
            {"i": new_id(), "a": case.application_id, "o": boris.login},
        )
