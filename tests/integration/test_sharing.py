"""Questions to other departments are recorded, with their purpose, and not repeated."""

from __future__ import annotations

import pytest

from services.datasharing.service import Question
from tests.support.domain.world import Member, World


def question(world: World, member: Member, service: str = "civil.marriage", **params: str) -> Question:
    """A question about the member, with their consent."""
    return Question(member.account_id, service, "租房提取", "rent-withdrawal", world.consent(member), params)


def calls(world: World, member: Member) -> int:
    """Questions on record."""
    return int(world.one("SELECT count(*) AS n FROM share_call WHERE account_id = :a", a=member.account_id).n)


def test_a_question_is_asked_with_purpose_and_recorded(world: World, member: Member) -> None:
    asked = question(world, member)
    world.product.sharing.ask(asked)
    service, request = world.sharing.asked[0]
    assert (service, request.name, request.id_no) == (
        "civil.marriage",
        member.person.name,
        member.person.id_no,
    )
    assert (request.purpose, request.case_id, request.consent_id) == (
        "租房提取",
        "rent-withdrawal",
        str(asked.consent_id),
    )
    row = world.one("SELECT * FROM share_call WHERE account_id = :a", a=member.account_id)
    assert (row.service, row.status, row.consent_id) == ("civil.marriage", "ok", asked.consent_id)
    entry = world.one(
        "SELECT detail FROM audit_entry WHERE account_id = :a AND action = 'data.asked'", a=member.account_id
    )
    assert entry.detail == {"purpose": "租房提取", "case_id": "rent-withdrawal", "status": "ok"}


@pytest.mark.parametrize(("minutes", "asked"), [(9, 1), (11, 2)])
def test_a_fresh_answer_serves_again_for_ten_minutes(
    world: World, member: Member, minutes: int, asked: int
) -> None:
    first = world.product.sharing.ask(question(world, member))
    world.later(minutes=minutes)
    again = world.product.sharing.ask(question(world, member))
    assert dict(first.data) == dict(again.data) == {"status": "10", "spouse": None}
    assert len(world.sharing.asked) == calls(world, member) == asked


def test_another_question_is_asked_anew(world: World, member: Member) -> None:
    world.product.sharing.ask(question(world, member, "estate.ownership", city_code="430200"))
    world.product.sharing.ask(question(world, member, "estate.ownership", city_code="430100"))
    world.product.sharing.ask(question(world, world.member(), "estate.ownership", city_code="430200"))
    assert len(world.sharing.asked) == 3


@pytest.mark.parametrize("service", ["police.photo", "bank.card_check"])
def test_photos_and_card_checks_are_never_kept(world: World, member: Member, service: str) -> None:
    for _ in range(2):
        world.product.sharing.ask(question(world, member, service))
    assert len(world.sharing.asked) == 2
    kept = world.one(
        "SELECT count(*) AS n FROM share_call WHERE account_id = :a AND data_sealed IS NOT NULL",
        a=member.account_id,
    )
    assert kept.n == 0


@pytest.mark.parametrize("status", ["unavailable", "not_found"])
def test_no_answer_is_not_kept(world: World, member: Member, status: str) -> None:
    world.sharing.answers["civil.marriage"] = (status, {})
    assert world.product.sharing.ask(question(world, member)).status == status
    world.sharing.reset()
    assert world.product.sharing.ask(question(world, member)).status == "ok"
    assert calls(world, member) == 2
