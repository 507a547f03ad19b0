"""Seals of the audit chains: worked out again at any time, and a chain rewritten whole does not bear its head."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from runtime.cli.invariants import count_violations
from runtime.embedded_pg import plain
from services.audit.models import AuditEntry
from services.audit.service import GENESIS, broken_links, entry_hash, record
from services.closing.queries import sealed_days
from services.closing.steps.seal import check_seal
from services.core.db import transaction
from tests.support.databases import Database
from tests.support.domain.bank_days import ClosingWorld
from tests.support.domain.world import World

FIELDS = ("account_id", "seq", "at", "actor", "action", "subject", "detail")
Thief = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def days(database: Database) -> ClosingWorld:
    """A world of its own whose days end: its chains are going to be broken."""
    return ClosingWorld(World(database))


def closed_days(days: ClosingWorld, number: int) -> list[date]:
    """So many days, with a payment each."""
    closed = []
    for _ in range(number):
        days.paid()
        days.next_day()
        closed += days.run()
    return closed


def stands(days: ClosingWorld) -> dict[date, bool]:
    """Of every sealed day."""
    with transaction(days.world.sessions) as session:
        return {day: check_seal(session, day).stands for day in sealed_days(session)}


def rewritten(days: ClosingWorld, account_id: UUID) -> None:
    """The first entry says something else, and every hash after it fits again, the head's too."""
    with transaction(days.world.sessions) as session:
        chain = session.scalars(
            select(AuditEntry).where(AuditEntry.account_id == account_id).order_by(AuditEntry.seq)
        ).all()
        rows = [{name: getattr(entry, name) for name in FIELDS} for entry in chain]
    rows[0]["subject"] = "something else"
    previous = GENESIS
    with as_thief(days) as thief:
        for row in rows:
            new = entry_hash(previous, **row)
            thief.execute(
                "UPDATE audit_entry SET subject = %s, previous_hash = %s, hash = %s WHERE account_id = %s AND seq = %s",
                (row["subject"], previous, new, account_id, row["seq"]),
            )
            previous = new
        thief.execute("UPDATE audit_head SET hash = %s WHERE account_id = %s", (previous, account_id))


def as_thief(days: ClosingWorld) -> Thief:
    """Whoever may do anything, past every trigger."""
    thief = psycopg.connect(plain(days.world.database.urls.superuser))
    thief.execute("SET session_replication_role = replica")
    return thief


def test_a_seal_is_worked_out_again_while_work_goes_on(days: ClosingWorld) -> None:
    first, second = closed_days(days, 2)
    days.paid()
    assert stands(days) == {first: True, second: True}


def test_a_chain_rewritten_whole_is_named(days: ClosingWorld) -> None:
    """The chain itself says that all is well; the head that the first day sealed does not stand in it any more."""
    order, _ = days.paid()
    account_id = days.rows(
        "SELECT account_id FROM payment_instruction WHERE instruction_no = :n", n=order.instruction_no
    )[0].account_id
    days.next_day()
    (first,) = days.run()
    (second,) = closed_days(days, 1)
    rewritten(days, account_id)
    with transaction(days.world.sessions) as session:
        assert broken_links(session, account_id) == []
        assert check_seal(session, first).lost == (str(account_id),)
    assert stands(days) == {first: False, second: True}
    assert count_violations(days.world.sessions)["i97_a_sealed_head_stands"] == 1


@pytest.mark.parametrize(
    "forgery",
    ["DELETE FROM sealed_head WHERE account_id = %(of)s", "UPDATE sealed_head SET hash = 'x' WHERE account_id = %(of)s"],
)
def test_what_was_kept_cannot_be_changed_with_it(days: ClosingWorld, forgery: str) -> None:
    """Without the head, or with another, there is another seal than the closing told."""
    (first,) = closed_days(days, 1)
    of = days.rows("SELECT account_id FROM sealed_head WHERE day = :d ORDER BY seq LIMIT 1", d=first)[0].account_id
    with as_thief(days) as thief:
        thief.execute(forgery, {"of": of})  # type: ignore[arg-type]
    assert stands(days)[first] is False


@pytest.mark.parametrize("change", ["UPDATE sealed_head SET seq = seq", "DELETE FROM sealed_head"])
def test_the_application_may_not_change_what_was_kept(days: ClosingWorld, change: str) -> None:
    closed_days(days, 1)
    with pytest.raises(DBAPIError, match="permission denied"), transaction(days.world.sessions) as session:
        session.execute(text(change))


def test_only_what_moved_is_kept(days: ClosingWorld) -> None:
    """A member whose chain rests is sealed once."""
    member = days.world.member()
    (first,) = closed_days(days, 1)
    (second,) = closed_days(days, 1)
    of = {"a": member.account_id}
    assert [row.day for row in days.rows("SELECT day FROM sealed_head WHERE account_id = :a", **of)] == [first]
    with transaction(days.world.sessions) as session:
        record(session, member.account_id, "act", actor="member", subject="s", at=days.world.clock.now())
    (third,) = closed_days(days, 1)
    kept = days.rows("SELECT day FROM sealed_head WHERE account_id = :a ORDER BY 1", **of)
    assert [row.day for row in kept] == [first, third]
    assert all(stands(days).values())
    assert second in stands(days)
