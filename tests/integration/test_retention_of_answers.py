"""What registers answered about a member serves ten minutes; after a day it is gone, and that it was asked stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, text

from runtime.retention import KEEPS
from services.core.db import transaction
from services.core.retention import sweep
from services.datasharing.retention import ANSWERS
from tests.integration.test_sharing import question
from tests.support.domain.world import Member, World


def test_it_is_declared() -> None:
    assert ANSWERS in KEEPS
    assert (ANSWERS.category, ANSWERS.life) == ("share_call.data", timedelta(days=1))


def test_an_answer_goes_after_a_day_and_the_question_stays(world: World, member: Member) -> None:
    world.product.sharing.ask(question(world, member))
    world.later(hours=2)
    world.product.sharing.ask(question(world, member, "estate.ownership", city_code="430200"))
    before = rows(world, member)
    world.later(hours=21, minutes=59)
    sweep(world.sessions, world.clock, ANSWERS)
    assert [row.data_sealed is None for row in rows(world, member)] == [False, False]
    world.later(minutes=2)
    run = sweep(world.sessions, world.clock, ANSWERS)
    after = rows(world, member)
    assert [row.data_sealed is None for row in after] == [True, False]
    assert [row._asdict() | {"data_sealed": None} for row in before] == [
        row._asdict() | {"data_sealed": None} for row in after
    ]
    assert run.oldest_left_at is not None
    assert run.started_at - run.oldest_left_at <= timedelta(days=1)


def test_what_never_answered_holds_nothing_and_is_not_swept(world: World, member: Member) -> None:
    world.product.sharing.ask(question(world, member, "police.photo"))
    world.later(days=2)
    sweep(world.sessions, world.clock, ANSWERS)
    assert sweep(world.sessions, world.clock, ANSWERS).gone == 0


def test_the_sweep_has_its_index(world: World) -> None:
    """As large as the answers of a day, whatever the table has grown to."""
    with transaction(world.sessions) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.scalars(
            text(
                "EXPLAIN SELECT account_id FROM share_call WHERE data_sealed IS NOT NULL AND asked_at < now()"
            )
        ).all()
    assert "ix_share_call_kept" in "\n".join(plan)


def rows(world: World, member: Member) -> list[Row[Any]]:
    """The member's questions, oldest first."""
    with transaction(world.sessions) as session:
        statement = text("SELECT * FROM share_call WHERE account_id = :a ORDER BY asked_at")
        return list(session.execute(statement, {"a": member.account_id}))
