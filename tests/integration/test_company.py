"""Many members on one phone, one WeChat user or one card: the fourth one's money is looked at; binding stays free."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from sqlalchemy import text

from runtime.cli.__main__ import run_seed_demo
from services.core.db import transaction
from services.core.scope import see_member, see_no_more, see_nobody
from services.members.binding import DeviceKey, bind
from services.policies.service import PolicyBook
from tests.support.databases import Database
from tests.support.domain.cases import confirm
from tests.support.domain.world import START, Member, World

YEAR = 365


def on_phone(world: World, key: DeviceKey, *, days_ago: int = 0) -> Member:
    """A member who has bound this phone, so many days ago."""
    member = world.member()
    with transaction(world.sessions) as session:
        openid, now = member.person.openid, world.clock.now()
        bind(session, world.cipher, member.account_id, openid, "h5", key, now)
        session.execute(
            text(
                "UPDATE device SET created_at = created_at - make_interval(days => :d) WHERE account_id = :a"
            ),
            {"d": days_ago, "a": member.account_id},
        )
    world.later(minutes=1)
    return member


def asks(world: World, member: Member) -> dict[str, Any]:
    """The member's withdrawal of 3,000.00, confirmed by face over HTTP."""
    _, tokens = world.sign_in(member.person)
    signed_in = Member(**{**vars(member), "tokens": tokens})
    application = world.submit(signed_in)
    answer = confirm(world, signed_in, str(application.application_id))
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def reasons(world: World, member: Member) -> list[str]:
    """Codes of the last decision."""
    found = world.one(
        "SELECT reasons FROM risk_decision WHERE account_id = :a ORDER BY decided_at DESC, decision_id DESC LIMIT 1",
        a=member.account_id,
    )
    return list(found.reasons)


def fresh_key() -> DeviceKey:
    """A key of this test's own."""
    fresh_key.number += 1  # type: ignore[attr-defined]
    return DeviceKey(fresh_key.number.to_bytes(32), b"\7" * 32)  # type: ignore[attr-defined]


fresh_key.number = 1  # type: ignore[attr-defined]


def test_the_fourth_member_on_a_phone_is_looked_at(world: World) -> None:
    key = fresh_key()
    members = [on_phone(world, key) for _ in range(4)]
    states = [asks(world, member)["state"] for member in members]
    assert states == ["approved", "approved", "approved", "in_review"]
    assert reasons(world, members[3]) == ["risk.device_shared"]
    assert reasons(world, members[0]) == []  # the first one's phone is theirs, whoever came later


def test_the_reason_is_said_before_anybody_asks(world: World) -> None:
    key = fresh_key()
    last = [on_phone(world, key) for _ in range(4)][3]
    _, tokens = world.sign_in(last.person)
    world.consent(last)
    answer = world.client().post(
        "/api/v1/items/rent-withdrawal/quote",
        json={"amount_fen": 300_000, "card_id": str(last.card_id)},
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )
    timing = answer.get_json()["timing"]
    assert timing["review"]
    assert [reason["text"] for reason in timing["reasons"]] == ["这部手机（或这个微信）先后绑定过 4 位职工"]


def test_who_was_there_long_ago_does_not_count(world: World) -> None:
    key = fresh_key()
    for _ in range(3):
        on_phone(world, key, days_ago=YEAR + 1)
    assert asks(world, on_phone(world, key))["state"] == "approved"


def test_one_wechat_user_for_four_members_counts_too(world: World) -> None:
    """One after another: each unbound before the next, with another phone each time."""
    openid, members = f"o-{world.clock.now():%H%M%S}-middleman", []
    for _ in range(4):
        _, account_id = world.enrol()
        with transaction(world.sessions) as session:
            session.execute(
                text("UPDATE binding SET ended_at = :at WHERE openid_mac = :m AND ended_at IS NULL"),
                {"at": world.clock.now(), "m": world.cipher.look_up(openid, "openid")},
            )
            bind(session, world.cipher, account_id, openid, "h5", fresh_key(), world.clock.now())
        members.append(account_id)
        world.later(minutes=1)
    with transaction(world.sessions) as session:
        counted = [_company(session, account_id).device_before for account_id in members]
    assert counted[-1] == 3


def _company(session: Any, account_id: Any, card_id: Any = None) -> Any:
    return session.execute(
        text("SELECT * FROM company_kept(:a, :c, NULL, '2026-01-01+08', '2026-01-01+08')"),
        {"a": account_id, "c": card_id},
    ).one()


def test_a_card_of_two_members_is_looked_at(world: World, member: Member) -> None:
    other = world.member()
    with transaction(world.sessions) as session:
        session.execute(
            text(
                "UPDATE payee_card SET card_no_mac = (SELECT card_no_mac FROM payee_card WHERE card_id = :c)"
                " WHERE account_id = :a"
            ),
            {"c": member.card_id, "a": other.account_id},
        )
    assert asks(world, member)["state"] == "in_review"
    assert reasons(world, member) == ["risk.card_shared"]


def test_an_address_alone_stops_nobody(world: World) -> None:
    """A carrier's: twelve members behind it, none with anything else against them."""
    members = [world.member() for _ in range(12)]
    states = []
    for member in members:
        application = world.submit(member)
        face = str(world.passed_face(member, application))
        client = world.client()
        client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
        answer = client.post(
            f"/api/v1/applications/{application.application_id}/confirm",
            json={"face_session_id": face},
            headers={**member.bearer, "Idempotency-Key": f"company-{application.case_no}"},
        )
        states.append(answer.get_json()["state"])
    assert states == ["approved"] * 12
    kept = world.one("SELECT facts FROM risk_decision WHERE account_id = :a", a=members[-1].account_id).facts
    assert kept["address_members"] == 12


@pytest.mark.parametrize("bound_first", [True, False])
def test_the_member_zone_learns_a_number_and_no_rows(world: World, bound_first: bool) -> None:
    key = fresh_key()
    pair = [on_phone(world, key), on_phone(world, key)]
    mine = pair[0] if bound_first else pair[1]
    see_nobody()
    try:
        see_member(mine.account_id)
        with transaction(world.sessions) as session:
            assert _company(session, mine.account_id, mine.card_id).device_before == (0 if bound_first else 1)
            assert set(session.scalars(text("SELECT account_id FROM device"))) == {mine.account_id}
            assert set(session.scalars(text("SELECT account_id FROM risk_decision"))) <= {mine.account_id}
    finally:
        see_no_more()


def test_one_browser_may_play_every_demo_member(database: Database) -> None:
    """The demo's own figure, from its own file; in production the command is refused."""
    world = World(database)
    run_seed_demo(world.product.settings, argparse.Namespace())
    with transaction(world.sessions) as session:
        assert PolicyBook().on(session, START.date()).integer("risk.device_members") == 1000
