"""What the database refuses of moving a correction on, and what the invariant sees of journals that do not fit."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.core.db import transaction
from tests.integration.closing.test_suspense import days, stray_and_its_undoing, unit
from tests.support.domain.bank_days import ClosingWorld, of_somebody
from tests.support.domain.desk import Colleague

__all__ = ["days", "unit"]

_INSERT = (
    "INSERT INTO suspense_clearing (clearing_id, break_id, way, belongs_to, other_break_id, state, staff_id, note,"
    " proposed_at, decided_by, decision_note, decided_at) SELECT gen_random_uuid(), a.break_id, 'cancels', NULL,"
    " b.break_id, {state}, s.staff_id, '已和银行核对', now(), {decider}, '', {at}"
    " FROM bank_break a, bank_break b, staff s WHERE a.kind = :first AND b.kind = :second AND s.login = :login"
)
PROPOSED = _INSERT.format(state="'proposed'", decider="NULL", at="NULL")
ALONE = "UPDATE suspense_clearing SET state = 'confirmed', decided_by = {who}, decided_at = now()"


def run(days: ClosingWorld, sql: str, **values: Any) -> None:
    with transaction(days.world.sessions) as session:
        session.execute(text(sql), values)


def test_two_people_a_pair_and_once(days: ClosingWorld, anna: Colleague, boris: Colleague) -> None:
    """Rows written beside the desk, by the desk's own role."""
    stray_and_its_undoing(days, anna, boris)
    days.bank.book(of_somebody(days.today))
    days.next_day()
    days.run()
    pair = {"first": "status_differs", "second": "late_return", "login": anna.login}
    born = _INSERT.format(state="'confirmed'", decider="s.staff_id", at="now()")
    with pytest.raises(DBAPIError, match="moves from proposed"):
        run(days, born, **pair)
    with pytest.raises(DBAPIError, match="only a correction"):
        run(days, PROPOSED, **{**pair, "second": "bank_only"})
    with pytest.raises(DBAPIError, match="do not cancel"):
        run(days, PROPOSED, **{**pair, "second": "status_differs"})
    run(days, PROPOSED, **pair)
    with pytest.raises(DBAPIError, match="moved on already"):
        run(days, PROPOSED, **{**pair, "first": "late_return", "second": "status_differs"})
    with pytest.raises(DBAPIError, match="four_eyes"):
        run(days, ALONE.format(who="staff_id"))
    with pytest.raises(DBAPIError, match="ck_suspense_clearing_decided"):
        run(days, "UPDATE suspense_clearing SET state = 'confirmed'")
    with pytest.raises(DBAPIError, match="moves from proposed"):
        run(days, "UPDATE suspense_clearing SET note = '另一个理由'")
    with pytest.raises(DBAPIError, match="permission denied"):
        run(days, "DELETE FROM suspense_clearing")
    other = f"(SELECT staff_id FROM staff WHERE login = '{boris.login}')"
    back = "UPDATE suspense_clearing SET state = 'sent_back', decided_at = now(), decided_by ="
    run(days, f"{back} {other}")
    with pytest.raises(DBAPIError, match="moves from proposed"):
        run(days, ALONE.format(who=other))


def test_a_decision_without_its_journal_is_seen(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    stray_and_its_undoing(days, anna, boris)
    other = f"(SELECT staff_id FROM staff WHERE login = '{boris.login}')"
    view = "SELECT fen, booked_fen FROM invariant_i99_what_was_moved_on_is_in_the_books"
    with days.world.sessions() as session:
        pair = {"first": "status_differs", "second": "late_return", "login": anna.login}
        session.execute(text(PROPOSED), pair)
        session.execute(text(ALONE.format(who=other)))
        assert [tuple(row) for row in session.execute(text(view))] == [(300_000, None)]
        session.rollback()
        assert session.execute(text(view)).all() == []
