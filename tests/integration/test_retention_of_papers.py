"""What employers filed, what members wrote in ratings, and who might look: kept as long as it serves, and no longer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.retention import KEEPS
from services.core.db import transaction
from services.core.ids import new_id
from services.core.retention import sweep
from services.core.retention_rules import Rule
from services.ratings.retention import WORDS
from services.relatives.retention import LinkRule
from services.remittances.faults import NotNow
from services.remittances.retention import LineRule
from services.staff.service import known_staff
from services.withdrawals.retention import ADDRESSES
from tests.support.domain.desk import Colleague
from tests.support.domain.fixtures import anna, desk
from tests.support.domain.remittances import Unit
from tests.support.domain.world import START, Member, World

__all__ = ["anna", "desk"]
YEARS = timedelta(days=3 * 365)


def left(world: World, table: str, column: str, key: UUID) -> int:
    return int(world.one(f"SELECT count(*) AS n FROM {table} WHERE {column} = :k", k=key).n)


def run(world: World, rule: Rule) -> int:
    return sweep(world.sessions, world.clock, rule).gone


def test_each_is_declared() -> None:
    assert {"remittance_line", "case_rating", "relative_link"} <= {rule.category for rule in KEEPS}


def test_lines_go_with_their_batch_s_time(world: World, anna: Colleague) -> None:
    """Cancelled: after 90 days. Posted: after three years, and then it is not taken back any more. Waiting: never."""
    posted, cancelled, waiting = Unit(world), Unit(world), Unit(world)
    batches = [one.file() for one in (posted, cancelled, waiting)]
    posted.pay(600_000, batches[0].batch_no)
    posted.post(batches[0].batch_id)
    world.product.remittances.cancel(batches[1].batch_no, actor="test")
    while world.product.remittance_jobs.take_up():
        pass

    def lines() -> list[int]:
        return [left(world, "remittance_line", "batch_id", batch.batch_id) for batch in batches]

    world.later(days=89)
    run(world, LineRule())
    assert lines() == [3, 3, 3]
    world.later(days=2)
    run(world, LineRule())
    assert lines() == [3, 0, 3]
    world.later(days=3 * 365 - 92)
    run(world, LineRule())
    assert lines() == [3, 0, 3]
    world.later(days=2)
    run(world, LineRule())
    assert lines() == [0, 0, 3]
    assert world.new_violations() == {}
    with transaction(world.sessions) as session:
        staff = known_staff(session, anna.login)
    with pytest.raises(NotNow) as refused:
        world.product.reversals.ask(batches[0].batch_no, staff, "单位报错了月份")
    assert "保存期限" in refused.value.detail
    with pytest.raises(DBAPIError, match="open batch"), transaction(world.sessions) as session:
        session.execute(text("DELETE FROM remittance_line WHERE batch_id = :b"), {"b": batches[2].batch_id})


def test_words_of_a_rating_go_after_three_years_and_the_level_stays(world: World, anna: Colleague) -> None:
    """Praise, a complaint that was answered, and one that still waits for its answer: that one keeps its words."""
    owner = world.one("SELECT staff_id FROM staff WHERE login = :l", l=anna.login).staff_id
    insert = text(
        "INSERT INTO case_rating (account_id, application_id, level, reasons, words_sealed, rated_at, answer_due_on,"
        " owner_id, taken_at, answered_at, answer_sealed) VALUES (:a, :id, :level, '[]', :w, :at,"
        " CASE WHEN :level < 3 THEN DATE '2026-12-01' END, :owner, :done, :done, :answer)"
    )
    cases = []
    for level, done in ((5, None), (2, START), (1, None)):
        member = world.member()
        cases.append(world.submit(member).application_id)
        values = {"a": member.account_id, "id": cases[-1], "level": level, "w": b"sealed", "at": START}
        answered = {"owner": owner if done else None, "done": done, "answer": b"sealed" if done else None}
        with transaction(world.sessions) as session:
            session.execute(insert, {**values, **answered})

    def kept() -> list[tuple[int, bool, bool]]:
        found = "SELECT level, words_sealed IS NOT NULL, answer_sealed IS NOT NULL FROM case_rating"
        return [tuple(world.one(f"{found} WHERE application_id = :k", k=key)) for key in cases]

    world.later(days=3 * 365 - 1)
    run(world, WORDS)
    assert kept() == [(5, True, False), (2, True, True), (1, True, False)]
    world.later(days=2)
    run(world, WORDS)
    assert kept() == [(5, False, False), (2, False, False), (1, True, False)]


def test_where_a_payment_was_asked_for_is_forgotten_and_why_it_was_paid_is_not(
    world: World, member: Member
) -> None:
    case = world.submit(member)
    world.confirm(member, case, world.passed_face(member, case))
    with transaction(world.sessions) as session:
        asked = "UPDATE risk_decision SET address_sealed = 'sealed', address_mac = 'mac' WHERE application_id = :k"
        session.execute(text(asked), {"k": case.application_id})

    def kept() -> tuple[str, bytes | None, bytes | None]:
        found = "SELECT outcome, address_sealed, address_mac FROM risk_decision WHERE application_id = :k"
        outcome, sealed, mac = world.one(found, k=case.application_id)
        return outcome, sealed and bytes(sealed), mac and bytes(mac)

    world.later(days=3 * 365 - 1)
    run(world, ADDRESSES)
    assert kept() == ("allow", b"sealed", b"mac")
    world.later(days=2)
    run(world, ADDRESSES)
    assert kept() == ("allow", None, None)


def test_links_go_when_they_have_long_ended_and_codes_when_nobody_came(world: World, member: Member) -> None:
    other = world.member()
    live, ended, unused = new_id(), new_id(), new_id()
    insert = text(
        "INSERT INTO relative_link (account_id, link_id, label, code_until, relative_id, invited_at, accepted_at,"
        " ended_at) VALUES (:a, :id, '母亲', :at, :r, :at, :accepted, :ended)"
    )
    with transaction(world.sessions) as session:
        for key, accepted, end in ((live, START, None), (ended, START, START), (unused, None, None)):
            relative = other.account_id if accepted else None
            values = {"a": member.account_id, "id": key, "at": START, "r": relative}
            session.execute(insert, {**values, "accepted": accepted, "ended": end})

    def links() -> list[int]:
        return [left(world, "relative_link", "link_id", key) for key in (live, ended, unused)]

    world.later(hours=25)
    run(world, LinkRule())
    assert links() == [1, 1, 0]
    world.later(days=3 * 365)
    run(world, LinkRule())
    assert links() == [1, 0, 0]
    with pytest.raises(DBAPIError, match="still serves"), transaction(world.sessions) as session:
        session.execute(text("DELETE FROM relative_link WHERE link_id = :k"), {"k": live})
