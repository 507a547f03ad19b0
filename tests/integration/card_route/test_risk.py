"""Without a face: limits, and what speaks for caution."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from services.accounts.service import NewCard, add_card
from services.core.db import transaction
from services.members.binding import bind
from services.withdrawals.risk import assess, facts_from_json
from tests.integration.card_route.conftest import (
    Way,
    new_phone,
    refused,
)
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World, public_point


def test_over_the_limit_points_to_less_the_face_or_the_counter(world: World, member: Member) -> None:
    application = world.submit(member, 500_001)
    way = Way(world, member)
    [card_sms, counter] = way.ways(application)
    assert (card_sms["available"], card_sms["limit_fen"]) == (False, 500_000)
    assert "网点" in card_sms["text"]
    assert (counter["code"], counter["available"]) == ("counter", True)
    response = way.ask(application)
    assert refused(response) == (403, "route.over_limit")
    assert "5,000.00" in response.json["detail"]
    assert "网点" in response.json["detail"]
    assert world.waiting_jobs(member.account_id) == []
    assert world.confirm(member, application).state == "approved"  # with the face it goes at once


def test_just_the_limit_is_open_and_said_so(world: World, member: Member) -> None:
    application = world.submit(member, 500_000)
    way = Way(world, member)
    [card_sms, _] = way.ways(application)
    assert (card_sms["available"], card_sms["delay_hours"], card_sms["reasons"]) == (True, 24, [])
    assert way.go(application)["state"] == "waiting"


def test_a_phone_changed_an_hour_ago_needs_the_face(world: World, member: Member) -> None:
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE member SET phone_changed_at = :at WHERE account_id = :a"),
            {"a": member.account_id, "at": world.clock.now() - timedelta(hours=1)},
        )
    response = Way(world, member).ask(world.submit(member))
    assert refused(response) == (403, "route.face_needed")
    assert "手机号" in response.json["detail"]


def test_another_phone_needs_the_face_for_a_day(world: World, member: Member) -> None:
    new_phone(world, member)
    world.later(hours=1)
    application = world.submit(member)
    way = Way(world, member)
    assert refused(way.ask(application)) == (403, "route.face_needed")
    way.cancel(application)
    world.later(hours=24)
    assert way.ask(world.submit(member)).status_code == 202


def test_the_same_phone_binding_again_is_not_another_phone(world: World, member: Member) -> None:
    world.later(hours=48)
    with transaction(world.sessions) as session:
        bind(
            session,
            world.cipher,
            member.account_id,
            member.person.openid,
            "h5",
            public_point(member.key),
            world.clock.now(),
        )
    assert Way(world, member).ask(world.submit(member)).status_code == 202


def test_a_card_added_online_needs_the_face_for_a_week(world: World, member: Member) -> None:
    added_at = world.clock.now() - timedelta(hours=30)
    new = NewCard("105000", "建设银行", Person().card_no, "member", added_at + timedelta(hours=24), added_at)
    with transaction(world.sessions) as session:
        card_id = add_card(session, world.cipher, member.account_id, new, added_at).card_id
    member.card_id = card_id
    application = world.submit(member)
    way = Way(world, member)
    assert refused(way.ask(application)) == (403, "route.face_needed")
    assert world.confirm(member, application).state == "approved"


def test_a_decision_is_kept_and_found_again_from_its_facts(world: World, member: Member) -> None:
    application = world.submit(member)
    Way(world, member).go(application)
    with transaction(world.sessions) as session:
        kept = session.execute(
            text("SELECT * FROM risk_decision WHERE application_id = :id ORDER BY decision_id"),
            {"id": application.application_id},
        ).all()
        policy = world.product.engine.policy(session)
    assert [row.outcome for row in kept] == [
        "delay",
        "delay",
    ]  # when the code was asked for, and when it was used
    for row in kept:
        assert row.policy_version == policy.version
        found = assess(facts_from_json(row.facts), policy)
        assert found.to_json() == {
            "outcome": row.outcome,
            "delay_hours": row.delay_hours,
            "reasons": row.reasons,
        }
    audited = world.one(
        "SELECT detail FROM audit_entry WHERE account_id = :a AND action = 'withdrawal.approved'",
        a=member.account_id,
    )
    assert audited.detail["due_at"] == "2026-11-24T10:00:00.000+08:00"
