"""Many at once make one; what is kept of a session, how long, and what ends with the consent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from runtime.retention import Retention
from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import Conflict, DomainError
from services.core.ids import new_id
from services.face.methods import MethodRefused
from services.face.retention import VerificationRule
from services.face.rights import end_for_withdrawal, erase
from services.members.consents import withdraw
from tests.support.domain.refusals import refusal
from tests.support.domain.wechat import (
    OTHER_PERSON,
    FakeVerifier,
)
from tests.support.domain.wechat_faces import OPENID, begin, come_back, state, tries_left
from tests.support.domain.world import Member, World


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
