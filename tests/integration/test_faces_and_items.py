"""A face session serves its very operation, once, in time."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import DomainError, TooMany
from services.core.ids import new_id
from services.face.engine.types import Verdict
from services.face.service import FaceNotPassed, Operation
from services.members.consents import ConsentRequired, withdraw
from tests.support.domain.refusals import refusal
from tests.support.domain.world import Member, World

FAILED = Verdict(False, ("match.other_person",), {}, {}, ())


@pytest.fixture
def application(world: World, member: Member) -> Application:
    """A withdrawal of 3,000.00 that waits for the face."""
    return world.submit(member)


def open_session(world: World, member: Member, application: Application, digest: bytes | None = None) -> UUID:
    """A session that takes frames."""
    consent = world.consent(member, "face")
    operation = Operation(
        member.account_id, application.application_id, digest or application.operation_digest
    )
    with transaction(world.sessions) as session:
        row, _ = world.product.faces.open(session, operation, consent, world.product.engine.policy(session))
        return row.session_id


def conclude(world: World, member: Member, face: UUID, verdict: Verdict, hashes: list[bytes]) -> None:
    """The judge's word."""
    with transaction(world.sessions) as session:
        session.execute(
            text(
                "UPDATE face_session SET state = 'judging', completed_at = created_at WHERE session_id = :s"
            ),
            {"s": face},
        )
    with transaction(world.sessions) as session:
        world.product.faces.conclude(session, member.account_id, face, verdict, hashes, 5)


def test_a_passed_session_serves_once(world: World, member: Member, application: Application) -> None:
    face = world.passed_face(member, application)
    world.confirm(member, application, face)
    assert world.face_session(member, face).state == "consumed"
    assert refusal(world, member, application, face) == "application.state_changed"


def test_a_session_of_an_older_case_does_not_serve_a_new_one(
    world: World, member: Member, application: Application
) -> None:
    face = world.passed_face(member, application)
    with transaction(world.sessions) as session:
        world.product.engine.cancel(session, member.account_id, application.application_id)
    assert refusal(world, member, world.submit(member), face) == "face.not_passed"


def test_a_session_for_another_amount_or_card_does_not_serve(
    world: World, member: Member, application: Application
) -> None:
    """The digest binds member, item, amount and card."""
    face = open_session(world, member, application, digest=b"\1" * 32)
    conclude(world, member, face, Verdict(True, (), {}, {}, ()), [new_id().bytes * 2])
    assert refusal(world, member, application, face) == "face.not_passed"


def test_two_amounts_have_two_digests(world: World, member: Member, application: Application) -> None:
    with transaction(world.sessions) as session:
        world.product.engine.cancel(session, member.account_id, application.application_id)
    assert world.submit(member, 300_001).operation_digest != application.operation_digest


def test_a_session_of_another_member_does_not_serve(
    world: World, member: Member, application: Application
) -> None:
    other = world.member()
    face = world.passed_face(other, world.submit(other))
    assert refusal(world, member, application, face) == "face.not_passed"
    assert world.face_session(other, face).state == "passed"


@pytest.mark.parametrize(("seconds", "serves"), [(299, True), (300, False), (3600, False)])
def test_a_verdict_serves_five_minutes(
    world: World, member: Member, application: Application, seconds: int, serves: bool
) -> None:
    face = world.passed_face(member, application)
    world.later(seconds=seconds)
    if serves:
        assert world.confirm(member, application, face).state == "approved"
    else:
        assert refusal(world, member, application, face) in ("face.not_passed", "application.state_changed")


@pytest.mark.parametrize("state", ["open", "judging", "failed", "expired"])
def test_a_session_that_did_not_pass_does_not_serve(
    world: World, member: Member, application: Application, state: str
) -> None:
    face = open_session(world, member, application)
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE face_session SET state = :state, served_until = 'infinity' WHERE session_id = :s"),
            {"s": face, "state": state},
        )
    assert refusal(world, member, application, face) == "face.not_passed"


def test_frames_seen_before_are_refused_whoever_sends_them(
    world: World, member: Member, application: Application
) -> None:
    frames = [new_id().bytes * 2, new_id().bytes * 2]
    first = open_session(world, member, application)
    conclude(world, member, first, FAILED, frames)
    other = world.member()
    second = open_session(world, other, world.submit(other))
    conclude(world, other, second, Verdict(True, (), {}, {}, ()), [frames[1], new_id().bytes * 2])
    row = world.face_session(other, second)
    assert (row.state, row.reasons) == ("failed", ["liveness.reused"])


def test_a_verdict_is_written_once(world: World, member: Member, application: Application) -> None:
    face = open_session(world, member, application)
    conclude(world, member, face, FAILED, [])
    with transaction(world.sessions) as session:
        world.product.faces.conclude(session, member.account_id, face, Verdict(True, (), {}, {}, ()), [], 5)
    assert world.face_session(member, face).state == "failed"


def test_a_judge_that_passes_with_reasons_has_not_passed(
    world: World, member: Member, application: Application
) -> None:
    face = open_session(world, member, application)
    conclude(world, member, face, Verdict(True, ("face.too_dark",), {}, {}, ()), [])
    assert world.face_session(member, face).state == "failed"


def test_three_tries_a_day(world: World, member: Member, application: Application) -> None:
    for _ in range(3):
        conclude(world, member, open_session(world, member, application), FAILED, [])
    with pytest.raises(TooMany) as refused:
        open_session(world, member, application)
    assert refused.value.code == "face.tries_used"
    world.later(hours=14)  # 00:00 in Shanghai is a new day
    assert open_session(world, member, application)


def test_a_face_needs_its_own_consent(world: World, member: Member, application: Application) -> None:
    """The consent to data sharing, a withdrawn one and another member's are none."""
    engine, faces = world.product.engine, world.product.faces
    operation = Operation(member.account_id, application.application_id, application.operation_digest)
    sharing = world.consent(member, "data_sharing")
    gone = world.consent(member, "face")
    foreign = world.consent(world.member(), "face")
    with transaction(world.sessions) as session:
        withdraw(session, member.account_id, gone, world.clock.now())
    for consent in (sharing, gone, foreign, new_id()):
        with pytest.raises(ConsentRequired) as refused, transaction(world.sessions) as session:
            faces.open(session, operation, consent, engine.policy(session))
        assert (refused.value.status, refused.value.field) == (403, "face")


def test_a_face_for_a_case_that_needs_none_is_refused(
    world: World, member: Member, application: Application
) -> None:
    world.confirm(member, application)
    with pytest.raises(DomainError) as refused, transaction(world.sessions) as session:
        world.product.engine.operation(session, member.account_id, application.application_id)
    assert refused.value.status == 409


def test_a_refused_confirmation_leaves_the_session_for_the_next_try(
    world: World, member: Member, application: Application
) -> None:
    """FaceNotPassed for a wrong case must not use the session up."""
    face = world.passed_face(member, application)
    operation = Operation(member.account_id, new_id(), application.operation_digest)
    with pytest.raises(FaceNotPassed), transaction(world.sessions) as session:
        world.product.faces.consume(session, operation, face)
    assert world.confirm(member, application, face).state == "approved"
