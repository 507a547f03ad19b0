"""Whom a notice went to is forgotten a week after its end; what was told, and what became of it, stays."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from runtime.retention import KEEPS
from services.core.db import transaction
from services.core.retention import sweep
from services.notices.retention import RECIPIENTS
from services.notices.service import Receipt
from tests.integration.test_notices import event, handle, intents, send
from tests.support.domain.world import Member, World


def told(world: World, member: Member) -> UUID:
    """A notice on WeChat that went out."""
    event_id = event(world, member)
    handle(world, member, event_id)
    send(world, member)
    assert intents(world, event_id) == {"wechat": "submitted"}
    return event_id


def reference(world: World, event_id: UUID) -> str:
    row = world.one("SELECT provider_ref FROM notice_intent WHERE event_id = :e", e=event_id)
    return str(row.provider_ref)


def receive(world: World, ref: str, recipient: str | None) -> bool:
    with transaction(world.sessions) as session:
        return world.product.notices.receive(
            session, Receipt("wechat", ref, True, None, recipient=recipient)
        )


def kept(world: World, event_id: UUID) -> bool:
    row = world.one(
        "SELECT recipient_sealed IS NOT NULL AS kept FROM notice_intent WHERE event_id = :e", e=event_id
    )
    return bool(row.kept)


def test_it_outlives_every_receipt(world: World) -> None:
    assert RECIPIENTS in KEEPS
    with transaction(world.sessions) as session:
        policy = world.product.engine.policy(session)
    assert RECIPIENTS.life > timedelta(hours=policy.integer("notice.receipt_hours"))


def test_the_address_goes_a_week_after_the_end_and_never_before_it(world: World, member: Member) -> None:
    ended, waiting = told(world, member), told(world, member)
    assert receive(world, reference(world, ended), member.person.openid)
    world.later(days=6, hours=23)
    sweep(world.sessions, world.clock, RECIPIENTS)
    assert kept(world, ended)
    world.later(hours=2)
    sweep(world.sessions, world.clock, RECIPIENTS)
    assert (kept(world, ended), kept(world, waiting)) == (False, True)
    assert intents(world, ended) == {"wechat": "delivered"}


def test_a_number_given_out_again_is_not_the_forgotten_one_s(world: World, member: Member) -> None:
    """Two apps of WeChat may give out the same number: the receipt is the later message's."""
    old = told(world, member)
    ref = reference(world, old)
    receive(world, ref, member.person.openid)
    world.later(days=8)
    sweep(world.sessions, world.clock, RECIPIENTS)
    new = told(world, member)
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE notice_intent SET provider_ref = :r WHERE event_id = :e"), {"r": ref, "e": new}
        )
    assert receive(world, ref, member.person.openid)
    assert intents(world, new) == {"wechat": "delivered"}


def test_the_sweep_has_its_index(world: World) -> None:
    """The oldest that is kept is the index's first, however few or many rows there are."""
    with transaction(world.sessions) as session:
        for way in ("seqscan", "bitmapscan", "sort"):
            session.execute(text(f"SET LOCAL enable_{way} = off"))
        plan = session.scalars(
            text(
                "EXPLAIN SELECT updated_at FROM notice_intent WHERE recipient_sealed IS NOT NULL"
                " AND state IN ('delivered', 'failed', 'not_subscribed') ORDER BY updated_at LIMIT 1"
            )
        ).all()
    assert "ix_notice_intent_kept" in "\n".join(plan)
