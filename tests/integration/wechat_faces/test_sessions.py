"""Sessions that WeChat decides: bound to member, operation, user and consent; asked of WeChat; used like any other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import NotFound
from services.core.ids import new_id
from services.face.verifications import OtherWeChat, VerificationUnavailable
from tests.support.domain.refusals import refusal
from tests.support.domain.wechat import (
    UNAVAILABLE,
    UNCLEAR,
    FakeVerifier,
)
from tests.support.domain.wechat_faces import OPENID, begin, come_back, state
from tests.support.domain.world import Member, World


def test_wechats_yes_serves_like_ours_once(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    assert come_back(world, member, face) == ("passed", [])
    row = world.face_session(member, face)
    assert row.served_until == world.clock.now() + timedelta(minutes=5)
    assert (row.kind, row.device_id, row.models) == ("wechat", None, {"verifier": "wechat"})
    assert world.confirm(member, application, face).state == "approved"
    assert world.balance(member) == (5_300_000, 300_000)
    assert state(world, member, face) == "consumed"
    assert refusal(world, member, application, face) == "application.state_changed"


def test_wechat_is_asked_for_exactly_this_person_reference_and_user(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    come_back(world, member, face)
    [(reference, subject)], [(verify_id, asked_reference, asked_subject)] = wechat.begun, wechat.asked
    assert (subject.name, subject.id_no, subject.openid) == (member.person.name, member.person.id_no, OPENID)
    assert asked_subject == subject
    assert reference == asked_reference
    assert 5 <= len(reference) <= 32
    assert reference.isalnum()
    assert verify_id.startswith("verify-")


def test_before_the_phone_is_back_nothing_has_passed(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    assert state(world, member, face) == "open"
    assert wechat.asked == []
    assert refusal(world, member, application, face) == "face.not_passed"


@pytest.mark.parametrize("answer", [UNCLEAR, UNAVAILABLE])
def test_without_an_answer_it_waits_and_is_asked_again(
    world: World, member: Member, application: Application, wechat: FakeVerifier, answer: object
) -> None:
    wechat.script = [answer, answer]  # type: ignore[list-item]
    face = begin(world, member, application)
    assert come_back(world, member, face) == ("judging", [])
    assert refusal(world, member, application, face) == "face.not_passed"
    assert come_back(world, member, face) == ("judging", [])
    assert come_back(world, member, face) == ("passed", [])
    assert len(wechat.asked) == 3


def test_the_worker_asks_again_for_those_who_wait(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.script = [UNAVAILABLE]
    face = begin(world, member, application)
    come_back(world, member, face)
    world.product.verifications.ask_again()
    assert state(world, member, face) == "judging", "not within three seconds"
    world.later(seconds=4)
    world.product.verifications.ask_again()
    assert state(world, member, face) == "passed"
    asked = len(wechat.asked)
    world.later(seconds=4)
    world.product.verifications.ask_again()
    assert len(wechat.asked) == asked


def test_our_own_judge_leaves_it_alone(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.answer = UNCLEAR
    face = begin(world, member, application)
    come_back(world, member, face)
    world.later(seconds=60)
    world.product.face_jobs.take_up()
    world.product.face_jobs.judge(str(member.account_id), str(face))
    assert world.waiting_jobs(member.account_id) == []
    assert world.judge.seen == []
    assert state(world, member, face) == "judging"


def test_an_answer_that_comes_too_late_does_not_pass(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    """Five minutes; the clock runs on while WeChat is asked."""
    face = begin(world, member, application)
    world.later(seconds=299)
    wechat.before_answer = lambda: world.later(seconds=1)
    assert come_back(world, member, face) == ("expired", [])
    assert refusal(world, member, application, face) == "face.not_passed"


def test_an_id_that_lives_shorter_ends_the_session_earlier(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.life_s = 60
    face = begin(world, member, application)
    assert world.face_session(member, face).expires_at == world.clock.now() + timedelta(seconds=60)


@pytest.mark.parametrize("waiting", [False, True])
def test_a_session_left_alone_expires(
    world: World, member: Member, application: Application, wechat: FakeVerifier, waiting: bool
) -> None:
    wechat.answer = UNCLEAR
    face = begin(world, member, application)
    if waiting:
        come_back(world, member, face)
    world.later(seconds=300)
    with transaction(world.sessions) as session:
        assert world.product.faces.expire_if_late(session, member.account_id, face)
    assert state(world, member, face) == "expired"
    asked = len(wechat.asked)
    assert come_back(world, member, face) == ("expired", [])
    assert len(wechat.asked) == asked


def test_a_verdict_serves_five_minutes(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    come_back(world, member, face)
    world.later(seconds=300)
    assert refusal(world, member, application, face) == "face.not_passed"


def test_it_serves_no_other_operation(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    """Another amount or card has another digest; another case another id."""
    other = begin(world, member, application, digest=b"\1" * 32)
    come_back(world, member, other)
    assert refusal(world, member, application, other) == "face.not_passed"
    face = begin(world, member, application)
    come_back(world, member, face)
    with transaction(world.sessions) as session:
        world.product.engine.cancel(session, member.account_id, application.application_id)
    assert refusal(world, member, world.submit(member), face) == "face.not_passed"


def test_it_serves_no_other_member(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    other = world.member()
    face = begin(world, other, world.submit(other), openid="m-other")
    come_back(world, other, face, "m-other")
    assert refusal(world, member, application, face) == "face.not_passed"
    with pytest.raises(NotFound):
        world.product.verifications.returned(member.account_id, face, OPENID)
    assert state(world, other, face) == "passed"


def test_another_users_phone_cannot_bring_it_back(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    with pytest.raises(OtherWeChat):
        world.product.verifications.returned(member.account_id, face, "m-somebody")
    assert (state(world, member, face), wechat.asked) == ("open", [])


def test_an_id_wechat_gave_before_begins_nothing(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.verify_id = f"same-{new_id()}"
    first = begin(world, member, application)
    other = world.member()
    with pytest.raises(VerificationUnavailable):
        begin(world, other, world.submit(other), openid="m-other")
    assert state(world, member, first) == "open"
