"""Sessions that WeChat decides: bound to member, operation, user and consent; asked of WeChat; used like any other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from runtime.retention import Retention
from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import Conflict, DomainError, NotFound, TooMany
from services.core.ids import new_id
from services.face.engine.types import Verdict
from services.face.methods import MethodRefused
from services.face.retention import VerificationRule
from services.face.rights import end_for_withdrawal, erase
from services.face.service import Operation
from services.face.verifications import OtherWeChat, VerificationUnavailable
from services.members.consents import ConsentRequired, withdraw
from tests.support.domain.wechat import (
    CANCELLED,
    OTHER_PERSON,
    UNAVAILABLE,
    UNCLEAR,
    FakeVerifier,
)
from tests.support.domain.world import Member, World

OPENID = "m-li"


@pytest.fixture
def wechat(world: World) -> Iterator[FakeVerifier]:
    """WeChat as the test wants it."""
    verifications = world.product.verifications
    real, fake = verifications._verifier, FakeVerifier()
    verifications._verifier = fake
    yield fake
    verifications._verifier = real


@pytest.fixture
def application(world: World, member: Member) -> Application:
    """A withdrawal of 3,000.00 that waits for the face."""
    return world.submit(member)


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


def refusal(world: World, member: Member, application: Application, face: UUID) -> str:
    """The code a confirmation is refused with; balances must not move."""
    before = world.balance(member)
    with pytest.raises(DomainError) as refused:
        world.confirm(member, application, face)
    assert world.balance(member) == before
    return refused.value.code


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


def test_many_returns_at_once_make_one_verdict(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    with ThreadPoolExecutor(6) as pool:
        states = list(pool.map(lambda _: come_back(world, member, face), range(6)))
    assert states == [("passed", [])] * 6
    judged = world.one(
        "SELECT count(*) AS n FROM audit_entry WHERE subject = :s AND action = 'face.judged'", s=str(face)
    )
    assert judged.n == 1


def test_of_two_confirmations_one_wins(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    come_back(world, member, face)

    def confirm(_: int) -> str:
        try:
            return world.confirm(member, application, face).state
        except DomainError as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(pool.map(confirm, range(2)))
    assert ends == ["application.state_changed", "approved"]
    assert world.balance(member) == (5_300_000, 300_000)


def test_of_two_openings_at_once_one_serves(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    def attempt(_: int) -> UUID | None:
        try:
            return begin(world, member, application)
        except Conflict:  # the other one ended it while WeChat was asked for an id
            return None

    with ThreadPoolExecutor(2) as pool:
        opened = [face for face in pool.map(attempt, range(2)) if face]
    assert sum(state(world, member, face) in ("open", "passed") for face in opened) >= 1
    live = world.one(
        "SELECT count(*) AS n FROM face_session WHERE account_id = :a AND state = 'open'", a=member.account_id
    )
    assert live.n <= 1


def test_frames_of_our_own_are_not_taken_into_it(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    with pytest.raises(MethodRefused), transaction(world.sessions) as session:
        world.product.faces.add(session, member.account_id, face, None)  # type: ignore[arg-type]


def test_what_is_kept_tells_nobody_who_it_was(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    wechat.verify_id = f"canary-{new_id()}"
    come_back(world, member, begin(world, member, application))
    row = world.one(
        "SELECT CAST(v AS text) AS kept FROM face_verification v WHERE account_id = :a", a=member.account_id
    )
    hexed = [value.encode().hex() for value in (OPENID, wechat.verify_id, member.person.id_no)]
    assert not any(value in row.kept for value in (OPENID, wechat.verify_id, member.person.id_no, *hexed))


def bindings(world: World, member: Member) -> int:
    """Rows that bind sessions of the member to WeChat's verification."""
    statement = "SELECT count(*) AS n FROM face_verification WHERE account_id = :a"
    return int(world.one(statement, a=member.account_id).n)


def keep(world: World) -> None:
    """A round of retention."""
    Retention(world.sessions, world.clock, rules=(VerificationRule(),)).run()


def test_what_bound_it_to_wechat_goes_after_90_days(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    come_back(world, member, begin(world, member, application))
    world.later(days=90)
    keep(world)
    assert bindings(world, member) == 1
    world.later(seconds=1)
    keep(world)
    assert bindings(world, member) == 0


def test_erased_it_goes_at_once_but_what_is_not_answered_stays_a_day(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    """Deleting one's data gives no new tries: how the last one went is still asked."""
    wechat.answer = OTHER_PERSON
    come_back(world, member, begin(world, member, application))
    begin(world, member, application)
    with transaction(world.sessions) as session:
        erase(session, member.account_id, world.clock.now())
    assert (bindings(world, member), tries_left(world, member)) == (1, 2)
    begin(world, member, application)
    assert tries_left(world, member) == 1
    with transaction(world.sessions) as session:
        erase(session, member.account_id, world.clock.now())
    world.later(days=1, seconds=1)
    keep(world)
    assert bindings(world, member) == 0


def test_consent_taken_back_ends_it_and_no_answer_revives_it(
    world: World, member: Member, application: Application, wechat: FakeVerifier
) -> None:
    face = begin(world, member, application)
    with transaction(world.sessions) as session:
        consent_id = world.face_session(member, face).consent_id
        withdraw(session, member.account_id, consent_id, world.clock.now())
        end_for_withdrawal(session, member.account_id, consent_id, world.clock.now())
    assert come_back(world, member, face) == ("expired", [])
    assert wechat.asked == []
    assert refusal(world, member, application, face) == "face.not_passed"
