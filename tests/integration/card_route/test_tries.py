"""Three tries of the face, risk that makes a payment wait, and what the quote says of both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import DomainError
from services.face.engine.types import Verdict
from services.items.strangers import StrangerTending
from tests.integration.card_route.conftest import (
    DARK,
    STRANGER,
    Way,
    instruction,
    new_phone,
    refused,
    told,
)
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World

# the face: three tries, another person, and risk that makes a payment wait


def failed_faces(world: World, member: Member, application: Application, *verdicts: Verdict) -> UUID:
    """Tries of today that the judge refused; returns the last session."""
    consent = world.consent(member, "face")
    faces, engine = world.product.faces, world.product.engine
    last: UUID | None = None
    for verdict in verdicts:
        with transaction(world.sessions) as session:
            operation = engine.operation(session, member.account_id, application.application_id)
            row, _ = faces.open(session, operation, consent, engine.policy(session))
            row.state, row.completed_at, last = "judging", world.clock.now(), row.session_id
        judged(world, member, last, verdict)
    assert last is not None
    return last


def judged(world: World, member: Member, face: UUID, verdict: Verdict) -> None:
    """The judge's word."""
    with transaction(world.sessions) as session:
        world.product.faces.conclude(session, member.account_id, face, verdict, [], 5)


def test_after_three_dark_faces_the_other_way_is_offered_and_works(
    world: World, member: Member, application: Application, way: Way
) -> None:
    face = failed_faces(world, member, application, DARK, DARK, DARK)
    seen = way.client.get(f"/api/v1/face-sessions/{face}", headers=member.bearer).json
    assert (seen["tries_left"], seen["other_ways"]) == (0, ["card_sms", "counter"])
    consent = world.consent(member, "face")
    locked = way.client.post(
        f"/api/v1/applications/{application.application_id}/face-sessions",
        json={"consent_id": str(consent)},
        headers=member.bearer,
    )
    assert refused(locked) == (429, "face.tries_used")
    assert "银行卡" in locked.json["detail"]
    assert "网点" in locked.json["detail"]
    assert way.go(application)["state"] == "waiting"


def test_before_the_third_failure_the_face_may_be_tried_again(
    world: World, member: Member, application: Application, way: Way
) -> None:
    face = failed_faces(world, member, application, DARK, STRANGER)
    seen = way.client.get(f"/api/v1/face-sessions/{face}", headers=member.bearer).json
    assert (seen["tries_left"], seen["other_ways"]) == (1, [])
    assert world.state(application)[0] == "verifying"


def test_three_times_another_persons_face_ends_the_application(
    world: World, member: Member, application: Application, way: Way
) -> None:
    face = failed_faces(world, member, application, STRANGER, STRANGER, STRANGER)
    assert world.state(application)[0] == "verifying"  # the judge itself touches no application
    way.client.get(f"/api/v1/face-sessions/{face}", headers=member.bearer)
    assert world.state(application)[0] == "refused"
    assert world.balance(member) == (5_600_000, 0)
    assert refused(way.ask(application)) == (409, "application.state_changed")
    assert sorted(name for name, _ in told(world, member, "face_stranger")) == ["sms", "wechat"]
    again = world.submit(member)
    assert refused(way.ask(again)) == (429, "request.too_many")
    world.later(seconds=61)
    assert refused(way.ask(again)) == (403, "route.counter")
    assert world.waiting_jobs(member.account_id) == []


def test_who_never_looks_at_the_verdict_is_refused_all_the_same(
    world: World, member: Member, application: Application
) -> None:
    failed_faces(world, member, application, STRANGER, STRANGER, STRANGER)
    tending = StrangerTending(world.sessions, world.clock, world.product.policies)
    tending.take_up()
    assert world.state(application)[0] == "refused"
    assert world.one(
        "SELECT note FROM transition WHERE application_id = :id AND event = 'face_failed'",
        id=application.application_id,
    ) == ("match.other_person",)
    tending.take_up()
    assert [name for name, _ in told(world, member, "face_stranger")] == ["sms", "wechat"]


def test_two_strangers_and_one_dark_picture_do_not_end_it(
    world: World, member: Member, application: Application, way: Way
) -> None:
    failed_faces(world, member, application, STRANGER, DARK, STRANGER)
    StrangerTending(world.sessions, world.clock, world.product.policies).take_up()
    assert world.state(application)[0] == "verifying"
    assert way.go(application)["state"] == "waiting"


def test_a_face_on_a_new_phone_after_failures_pays_a_large_sum_a_day_later(world: World) -> None:
    """Two reasons: more than 2,000.00 waits, and may be called back."""
    member = world.member()
    new_phone(world, member)
    application = world.submit(member, 200_001)
    failed_faces(world, member, application, DARK, DARK)
    face = world.passed_face(member, application)
    assert world.confirm(member, application, face).state == "waiting"
    assert instruction(world, application).due_at == world.clock.now() + timedelta(hours=24)
    view = Way(world, member).read(application)
    assert "刚认过您" in view["waiting_text"]
    assert next(step for step in view["steps"] if step["key"] == "verified")["label"] == "刷脸"
    assert Way(world, member).cancel(application).json["state"] == "cancelled"


def test_a_small_sum_with_the_same_reasons_goes_at_once(world: World) -> None:
    member = world.member()
    new_phone(world, member)
    application = world.submit(member, 200_000)
    failed_faces(world, member, application, DARK, DARK)
    assert world.confirm(member, application).state == "approved"
    assert instruction(world, application).due_at is None


def test_three_reasons_call_a_person(world: World) -> None:
    member = world.member()
    new_phone(world, member)
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE member SET phone_changed_at = :at WHERE account_id = :a"),
            {"a": member.account_id, "at": world.clock.now()},
        )
    application = world.submit(member, 100_000)
    failed_faces(world, member, application, DARK, DARK)
    assert world.confirm(member, application).state == "in_review"
    assert world.balance(member) == (5_600_000, 0)


def test_a_face_that_passed_before_does_not_approve_it_again(
    world: World, member: Member, application: Application, way: Way
) -> None:
    face = world.passed_face(member, application)
    way.go(application)
    with pytest.raises(DomainError) as late:
        world.confirm(member, application, face)
    assert late.value.code == "application.state_changed"


# said with the quote


def quote(world: World, member: Member, **form: Any) -> Any:
    """The rent quote, as the page asks for it."""
    world.consent(member)
    client = world.client()
    return client.post("/api/v1/items/rent-withdrawal/quote", json=form, headers=member.bearer).json


def test_the_quote_says_at_once_and_what_it_would_be_without_a_face(world: World, member: Member) -> None:
    timing = quote(world, member)["timing"]
    assert (timing["at_once"], timing["delay_hours"], timing["reasons"]) == (True, 0, [])
    assert "马上付款" in timing["text"]
    other = timing["other_way"]
    assert (other["available"], other["limit_fen"], other["delay_hours"]) == (True, 500_000, 24)
    assert quote(world, member, amount_fen=500_001)["timing"]["other_way"]["available"] is False


def test_the_quote_says_until_when_a_changed_binding_waits(world: World, member: Member) -> None:
    until = world.clock.now() + timedelta(hours=20)
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE binding SET money_from = :until WHERE account_id = :a"),
            {"a": member.account_id, "until": until},
        )
    timing = quote(world, member)["timing"]
    assert timing["at_once"] is False
    assert timing["cooling_until"] == "2026-11-24T06:00:00.000+08:00"
    assert "11月24日06:00" in timing["text"]


# what moves no money


def test_a_new_card_may_be_added_without_a_face(world: World, member: Member) -> None:
    world.consent(member)
    number = Person().card_no
    prepared = world.prepare(member, {"bank_code": "105000", "card_no": number}, "payee-card-change")
    with transaction(world.sessions) as session:
        application = world.product.engine.submit(session, member.account_id, prepared)
    world.sharing.asked.clear()
    view = Way(world, member).go(application)
    assert view["state"] == "completed"
    assert view["result"]["verified_by"] == "card_sms"
    assert view["result"]["tail4"] == number[-4:]
    [(_, request)] = world.sharing.asked
    assert request.params["card_no"] == member.person.card_no  # the one on the centre's record
