"""Faces that WeChat takes 微信核身, as a test begins and ends them."""

from __future__ import annotations

from uuid import UUID

from services.applications.models import Application
from services.core.db import transaction
from services.face.service import Operation
from tests.support.domain.world import Member, World

OPENID = "m-li"


def begin(
    world: World, member: Member, application: Application, digest: bytes | None = None, openid: str = OPENID
) -> UUID:
    """A session whose id is on the phone."""
    world.product.verifications.settle_earlier(member.account_id)
    consent = world.consent(member, "face")
    operation = Operation(
        member.account_id, application.application_id, digest or application.operation_digest
    )
    verifications = world.product.verifications
    with transaction(world.sessions) as session:
        policy = world.product.engine.policy(session)
        session_id = verifications.open(session, operation, consent, policy, openid)
    verifications.issue(member.account_id, session_id)
    return session_id


def come_back(world: World, member: Member, face: UUID, openid: str = OPENID) -> tuple[str, list[str]]:
    """The phone says it is back; how the session stands then."""
    world.product.verifications.returned(member.account_id, face, openid)
    row = world.face_session(member, face)
    return row.state, row.reasons


def state(world: World, member: Member, face: UUID) -> str:
    """How a session stands."""
    return world.face_session(member, face).state


def tries_left(world: World, member: Member) -> int:
    """Tries the member has today."""
    with transaction(world.sessions) as session:
        return world.product.faces.tries_left(
            session, member.account_id, world.product.engine.policy(session)
        )
