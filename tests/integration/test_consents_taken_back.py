"""Taking back a standing consent ends the earlier ones too: nothing is asked or kept under any of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.core.db import transaction
from services.members.consents import active_consent
from tests.integration.loans.test_agreements import cases, run, sign_in, state
from tests.integration.loans.test_agreements_go_on import BOTH, agreed, asked, newer_words
from tests.support.domain.world import Member, World


def take_back(world: World, member: Member, consent_id: UUID) -> None:
    """The member taps 撤回 on one row of the page."""
    answer = world.client().delete(f"/api/v1/consents/{consent_id}", headers=member.bearer)
    assert answer.status_code == 204


def shown(world: World, member: Member, kind: str = "data_sharing") -> list[bool]:
    """Whether each consent of the page lives, newest first."""
    rows: list[dict[str, Any]] = (
        world.client().get("/api/v1/consents", headers=member.bearer).get_json()["consents"]
    )
    return [row["withdrawn_at"] is None for row in rows if row["kind"] == kind]


def noted(world: World, member: Member) -> list[str]:
    """Consents the audit says were taken back."""
    statement = text("SELECT subject FROM audit_entry WHERE account_id = :a AND action = 'consent.withdrawn'")
    with transaction(world.sessions) as session:
        return list(session.scalars(statement, {"a": member.account_id}))


@BOTH
def test_the_newest_taken_back_ends_what_was_signed_under_an_older_one(world: World, kind: str) -> None:
    """Signed on 23 November under the first words, the second given on 20 December, then taken back."""
    member = agreed(world, kind)
    sign_in(world, member)
    newer_words(world, member)
    newest = world.consent(member)
    take_back(world, member, newest)
    assert shown(world, member) == [False, False]
    before = asked(world, member)
    run(world)
    assert (state(world, member), cases(world, member)) == (("ended", "consent_withdrawn"), [])
    assert asked(world, member) == before


def test_each_is_noted_once_and_only_the_member_s_own(world: World) -> None:
    member, other = world.member(), world.member()
    world.consent(other)
    given = []
    for _ in range(3):
        given.append(world.consent(member))
        world.later(seconds=1)
    take_back(world, member, given[2])
    take_back(world, member, given[2])
    assert sorted(noted(world, member)) == sorted(str(one) for one in given)
    assert (shown(world, member), shown(world, other)) == ([False] * 3, [True])
    assert noted(world, other) == []


def test_an_older_one_taken_back_leaves_the_newer(world: World) -> None:
    member = world.member()
    older = world.consent(member)
    world.later(seconds=1)
    world.consent(member)
    take_back(world, member, older)
    assert shown(world, member) == [True, False]


def test_no_template_is_kept_again_under_an_older_consent(world: World) -> None:
    """It is deleted at once and for good: the next passed face finds no consent to keep one."""
    member = world.member()
    world.consent(member, "face_template")
    world.later(seconds=1)
    newest = world.consent(member, "face_template")
    take_back(world, member, newest)
    assert shown(world, member, "face_template") == [False, False]
    with transaction(world.sessions) as session:
        assert active_consent(session, member.account_id, "face_template") is None


def test_consents_to_a_face_check_are_taken_back_one_by_one(world: World) -> None:
    member = world.member()
    world.consent(member, "face")
    world.consent(member)
    world.later(seconds=1)
    newest = world.consent(member, "face")
    take_back(world, member, newest)
    assert shown(world, member, "face") == [False, True]
    assert shown(world, member) == [True]
