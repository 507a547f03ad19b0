"""Deleting one's face data after failed tries makes nothing lighter that rests on them."""

from __future__ import annotations

from datetime import datetime

from services.applications.models import Application
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.core.ids import new_id
from services.face.engine.types import Verdict
from services.face.rights import erase
from services.withdrawals.risk_desk import Asked, risk_facts
from tests.support.domain.world import Member, World

DARK = Verdict(False, ("face.too_dark",), {}, {}, ())
NO_PHOTO = Verdict(False, ("face.photo_unavailable",), {}, {}, ())


def fail(world: World, member: Member, application: Application, verdict: Verdict) -> None:
    """A try that ends so."""
    consent_id = world.consent(member, "face")
    with transaction(world.sessions) as session:
        operation = world.product.engine.operation(session, member.account_id, application.application_id)
        faces = world.product.faces
        row, _ = faces.open(session, operation, consent_id, world.product.engine.policy(session))
        row.state, row.completed_at = "judging", world.clock.now()
        session.flush()
        faces.conclude(session, member.account_id, row.session_id, verdict, [new_id().bytes * 2], 5)


def failed_faces(world: World, member: Member) -> int:
    """What risk is told."""
    with transaction(world.sessions) as session:
        policy = world.product.engine.policy(session)
        asked = Asked(1_000_000, member.card_id)
        facts = risk_facts(session, member.account_id, "face", asked, policy, world.clock.now())
    return facts.failed_faces


def test_failures_before_midnight_count_after_they_were_deleted(world: World, member: Member) -> None:
    world.clock._at = datetime(2026, 11, 23, 23, 50, tzinfo=SHANGHAI)
    application = world.submit(member)
    fail(world, member, application, DARK)
    fail(world, member, application, DARK)
    assert failed_faces(world, member) == 2
    world.later(minutes=15)
    with transaction(world.sessions) as session:
        erase(session, member.account_id, world.clock.now())
    assert failed_faces(world, member) == 2
    world.later(days=1)
    assert failed_faces(world, member) == 0


def test_what_compared_no_face_does_not_count(world: World, member: Member) -> None:
    fail(world, member, world.submit(member), NO_PHOTO)
    assert failed_faces(world, member) == 0
