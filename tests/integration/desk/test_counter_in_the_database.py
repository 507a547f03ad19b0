"""What the database refuses of an act at the counter, whatever the code above it does."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.support.domain.counter import confirm, to_change, to_unbind
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.phones import new_number
from tests.support.domain.world import Member, World


def insert_decision(world: World, member: Member, proposer: str, decider: str, after: str = "0 hours") -> None:
    """A yes straight into the table, as role anju_app."""
    with world.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO counter_decision (account_id, proposal_id, proposer_id, staff_id, outcome, note, decided_at)"
                " SELECT p.account_id, p.proposal_id, (SELECT staff_id FROM staff WHERE login = :p),"
                " (SELECT staff_id FROM staff WHERE login = :d), 'confirmed', '',"
                " p.proposed_at + CAST(:after AS interval)"
                " FROM counter_proposal p WHERE p.account_id = :a AND p.state = 'proposed'"
            ),
            {"a": member.account_id, "p": proposer, "d": decider, "after": after},
        )


def test_a_decision_of_the_proposer(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """Neither as oneself, nor by naming somebody else as the proposer."""
    to_unbind(anna, member)
    with pytest.raises(IntegrityError, match="four_eyes"):
        insert_decision(world, member, anna.login, anna.login)
    with pytest.raises(IntegrityError, match="fk_counter_decision_proposal"):
        insert_decision(world, member, boris.login, anna.login)


def test_a_decision_under_another_login_or_on_one_s_own_account(
    world: World, member: Member, desk: DeskWorld, anna: Colleague
) -> None:
    id_no = world.member().person.id_no
    first = desk.colleague(id_no=id_no).sign_in()
    to_unbind(first, member)
    again = desk.come_back(first, id_no)
    own = desk.colleague(id_no=member.person.id_no)
    for decider in (again, own):
        with pytest.raises(IntegrityError, match="waits for this person"):
            insert_decision(world, member, first.login, decider.login)


def test_a_decision_that_comes_too_late(
    world: World, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """24 hours."""
    to_unbind(anna, member)
    with pytest.raises(IntegrityError, match="waits for this person"):
        insert_decision(world, member, anna.login, boris.login, "24 hours")


@pytest.mark.parametrize("state", ["done", "refused"])
def test_an_end_without_a_second_person(world: World, member: Member, anna: Colleague, state: str) -> None:
    to_unbind(anna, member)
    end = text("UPDATE counter_proposal SET state = :s, ended_at = lapses_at WHERE account_id = :a")
    with pytest.raises(IntegrityError, match="has no decision"), world.sessions.begin() as session:
        session.execute(end, {"s": state, "a": member.account_id})


def test_a_second_open_proposal(world: World, member: Member, anna: Colleague) -> None:
    to_unbind(anna, member)
    copy = text(
        "INSERT INTO counter_proposal (account_id, proposal_id, kind, binding_ids, staff_id, note, state, proposed_at,"
        " lapses_at) SELECT account_id, gen_random_uuid(), kind, binding_ids, staff_id, note, state, proposed_at,"
        " lapses_at FROM counter_proposal WHERE account_id = :a"
    )
    with pytest.raises(IntegrityError, match="uq_counter_proposal_live"), world.sessions.begin() as session:
        session.execute(copy, {"a": member.account_id})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE counter_proposal SET staff_id = (SELECT staff_id FROM staff WHERE login = :o) WHERE account_id = :a",
        "UPDATE counter_proposal SET phone4 = right('000' || (phone4::int + 1), 4) WHERE account_id = :a",
        "UPDATE counter_proposal SET lapses_at = lapses_at + interval '1 day' WHERE account_id = :a",
        "DELETE FROM counter_proposal WHERE account_id = :a",
    ],
)
def test_what_was_proposed_and_by_whom_cannot_be_changed(
    world: World, member: Member, anna: Colleague, boris: Colleague, statement: str
) -> None:
    to_change(anna, member, new_number())
    with pytest.raises(DBAPIError), world.sessions.begin() as session:
        session.execute(text(statement), {"a": member.account_id, "o": boris.login})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE counter_proposal SET state = 'proposed', ended_at = NULL WHERE account_id = :a",
        "UPDATE counter_decision SET outcome = 'refused', note = 'otherwise' WHERE account_id = :a",
        "DELETE FROM counter_decision WHERE account_id = :a",
    ],
)
def test_what_is_done_is_not_opened_again(
    world: World, member: Member, anna: Colleague, boris: Colleague, statement: str
) -> None:
    assert confirm(boris, to_unbind(anna, member)).status_code == 303
    with pytest.raises(DBAPIError), world.sessions.begin() as session:
        session.execute(text(statement), {"a": member.account_id})
