"""An instalment that is overdue without its journal does not go unseen."""

from __future__ import annotations

from sqlalchemy import text

from services.core.db import transaction
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

_FIRST = "WHERE account_id = :a AND loan_id = :l AND version = 1 AND no = 1"


def _mark(world: World, member: Member, loan_id: object, state: str) -> None:
    with transaction(world.sessions) as session:
        values = {"a": member.account_id, "l": loan_id, "state": state}
        session.execute(text(f"UPDATE loan_instalment SET state = :state {_FIRST}"), values)


def test_a_mark_without_a_journal_is_seen(world: World, member: Member) -> None:
    loan_id = lend(world, member, drawn_on="2026-11-20", principal_fen=10_000_000)
    world.new_violations()
    _mark(world, member, loan_id, "overdue")
    assert world.new_violations() == {"i63_what_is_overdue_stands_on_122": 1}
    _mark(world, member, loan_id, "planned")
    assert world.new_violations() == {"i63_what_is_overdue_stands_on_122": 0}
