"""Tries that WeChat decides: which count, which do not, and when there is no next one."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import Conflict, TooMany
from services.core.ids import new_id
from services.face.engine.types import Verdict
from services.face.methods import MethodRefused
from services.face.service import Operation
from services.face.verifications import VerificationUnavailable
from services.items.strangers import StrangerTending
from services.members.consents import ConsentRequired, withdraw
from tests.support.domain.refusals import refusal
from tests.support.domain.wechat import (
    CANCELLED,
    OTHER_PERSON,
    UNAVAILABLE,
    UNCLEAR,
    FakeVerifier,
)
from tests.support.domain.wechat_faces import OPENID, begin, come_back, state, tries_left
from tests.support.domain.world import Member, World


def test_when_wechat_is_away_no_try_is_lost(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.away = True
    for _ in range(4):
        with pytest.raises(VerificationUnavailable) as refused:
            begin(world, member, application)
    assert (refused.value.status, refused.value.code) == (503, "face.wechat_unavailable")
    assert tries_left(world, member) == 3
    wechat.away = False
    assert come_back(world, member, begin(world, member, application)) == ("passed", [])


def test_failures_count_with_those_of_our_own_camera(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.answer = OTHER_PERSON
    assert come_back(world, member, begin(world, member, application)) == ("failed", ["wechat.other_person"])
    assert tries_left(world, member) == 2
    come_back(world, member, begin(world, member, application))
    fail_by_camera(world, member, application)
    assert tries_left(world, member) == 0
    with pytest.raises(TooMany) as refused:
        begin(world, member, application)
    assert refused.value.code == "face.tries_used"
    world.later(hours=14)  # 00:00 in Shanghai is a new day
    assert begin(world, member, application)


def fail_by_camera(world: World, member: Member, application: Application) -> None:
    """A try with our own camera that shows somebody else."""
    consent, faces = world.consent(member, "face"), world.product.faces
    operation = Operation(member.account_id, application.application_id, application.operation_digest)
    with transaction(world.sessions) as session:
        row, _ = faces.open(session, operation, consent, world.product.engine.policy(session))
        row.state, row.completed_at = "judging", world.clock.now()
        session.flush()
        verdict = Verdict(False, ("match.other_person",), {}, {}, ())
        faces.conclude(session, member.account_id, row.session_id, verdict, [], 5)


def test_cancelled_on_the_phone_is_no_try(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.answer = CANCELLED
    assert come_back(world, member, begin(world, member, application)) == ("failed", ["wechat.cancelled"])
    assert tries_left(world, member) == 3


def test_a_failure_nobody_tells_of_counts_when_the_next_try_begins(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    """Otherwise one could try for ever by never coming back."""
    wechat.answer = OTHER_PERSON
    faces = [begin(world, member, application) for _ in range(3)]
    assert [state(world, member, face) for face in faces] == ["failed", "failed", "open"]
    with pytest.raises(TooMany):
        begin(world, member, application)
    assert state(world, member, faces[2]) == "failed"


def test_a_failure_learnt_after_the_session_expired_counts_too(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.answer = OTHER_PERSON
    face = begin(world, member, application)
    world.later(seconds=301)
    assert tries_left(world, member) == 3
    begin(world, member, application)
    row = world.face_session(member, face)
    assert (row.state, row.reasons) == ("expired", ["wechat.other_person"])
    assert tries_left(world, member) == 2


def test_three_strangers_learnt_after_their_sessions_expired_end_the_application(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    """Nobody ever comes back from WeChat's screen: each try is asked about when the next one begins."""
    wechat.answer = OTHER_PERSON
    tending = StrangerTending(world.sessions, world.clock, world.product.policies)
    for _ in range(3):
        begin(world, member, application)
        world.later(seconds=301)
        tending.take_up()
    assert world.state(application)[0] == "verifying"  # two are known of
    with pytest.raises(TooMany):
        begin(world, member, application)
    tending.take_up()
    assert world.state(application)[0] == "refused"
    note = "SELECT note FROM transition WHERE application_id = :id AND event = 'face_failed'"
    assert world.one(note, id=application.application_id) == ("match.other_person",)


def test_tries_nobody_came_back_from_that_showed_nobody_else_end_nothing(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.script = [OTHER_PERSON, OTHER_PERSON, CANCELLED]
    for _ in range(4):
        begin(world, member, application)
        world.later(seconds=301)
    StrangerTending(world.sessions, world.clock, world.product.policies).take_up()
    assert (world.state(application)[0], tries_left(world, member)) == ("verifying", 1)


def test_an_id_performed_after_the_next_tries_began_counts_too(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    """Three ids in hand: the oldest is performed last, by somebody else."""
    wechat.answer = UNCLEAR
    first, second, third = (begin(world, member, application) for _ in range(3))
    assert [state(world, member, face) for face in (first, second, third)] == ["expired", "expired", "open"]
    assert tries_left(world, member) == 3
    wechat.script = [OTHER_PERSON]  # the oldest is asked about first
    begin(world, member, application)
    row = world.face_session(member, first)
    assert (row.state, row.reasons) == ("expired", ["wechat.other_person"])
    assert tries_left(world, member) == 2


def test_a_pass_nobody_told_of_does_not_serve_once_the_session_is_over(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.script = [UNCLEAR]  # asked before the second try begins: not performed yet
    first = begin(world, member, application)
    second = begin(world, member, application)
    assert (state(world, member, first), state(world, member, second)) == ("expired", "open")
    assert come_back(world, member, first) == ("expired", [])
    assert refusal(world, member, application, first) == "face.not_passed"
    assert come_back(world, member, second) == ("passed", [])


def test_what_nobody_performs_is_asked_about_for_a_day(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.answer = UNCLEAR
    begin(world, member, application)
    for minutes, asked in ((6, 1), (23 * 60 + 53, 2), (1, 2)):  # after 6 minutes, 23:59 and 24:00 hours
        world.later(minutes=minutes)
        world.product.verifications.settle_earlier(member.account_id)
        assert len(wechat.asked) == asked
    assert tries_left(world, member) == 3


def test_no_new_try_while_the_last_one_cannot_be_asked_about(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    begin(world, member, application)
    wechat.answer = UNAVAILABLE
    with pytest.raises(VerificationUnavailable):
        begin(world, member, application)
    assert len(wechat.begun) == 1


def test_the_record_changed_meanwhile_fails_without_asking(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    with transaction(world.sessions) as session:
        sealed = world.cipher.seal("别的名字", "member.name")
        session.execute(
            text("UPDATE member SET name_sealed = :name WHERE account_id = :a"),
            {"name": sealed, "a": member.account_id},
        )
    assert come_back(world, member, face) == ("failed", ["wechat.system"])
    assert wechat.asked == []


def test_consent_comes_first_and_may_be_taken_back(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    operation = Operation(member.account_id, application.application_id, application.operation_digest)
    verifications = world.product.verifications
    for consent in (world.consent(member, "data_sharing"), new_id()):
        with pytest.raises(ConsentRequired), transaction(world.sessions) as session:
            verifications.open(session, operation, consent, world.product.engine.policy(session), OPENID)
    face = begin(world, member, application)
    with transaction(world.sessions) as session:
        consent_id = world.face_session(member, face).consent_id
        withdraw(session, member.account_id, consent_id, world.clock.now())
    with pytest.raises(ConsentRequired):
        verifications.returned(member.account_id, face, OPENID)
    assert wechat.asked == []


def test_a_session_of_our_camera_is_none_of_wechats(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = world.passed_face(member, application)
    with pytest.raises(MethodRefused):
        world.product.verifications.returned(member.account_id, face, OPENID)


def test_without_an_id_there_is_nothing_to_come_back_from(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    """The process died between opening and WeChat's answer."""
    operation = Operation(member.account_id, application.application_id, application.operation_digest)
    consent = world.consent(member, "face")
    with transaction(world.sessions) as session:
        policy = world.product.engine.policy(session)
        face = world.product.verifications.open(session, operation, consent, policy, OPENID)
    with pytest.raises(Conflict):
        world.product.verifications.returned(member.account_id, face, OPENID)
    assert begin(world, member, application)
    assert (state(world, member, face), tries_left(world, member)) == ("expired", 3)
