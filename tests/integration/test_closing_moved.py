"""A closing pays the sum its member proved, or none: money that came in since, or another day, asks for it anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from services.applications.models import Application
from services.contributions.service import post_contribution
from services.core.db import transaction
from tests.contract.api.reading import problem
from tests.integration.card_route.conftest import Way
from tests.integration.controls.test_lock import renewed
from tests.integration.test_six_items import ABLE, account, told
from tests.support.domain.cases import apply, confirm, faced, post
from tests.support.domain.world import Member, World

ITEM = "retirement-withdrawal"
MOVED = "application.amount_moved"
ASKED_FEN = 3_217_425
"""32,000.00 with 174.25 of interest on 23 November (worked out in test_six_items)."""
NEXT_DAY_FEN = 3_217_558
"""A day more: 32,000 yuan-days × 1.5 % / 360 = 1.33; 4,182,000 + 32,000 = 4,214,000 → 175.58."""


def retired(world: World, months: int = 16) -> Member:
    """Somebody who may close: so many months of 2,000.00."""
    told(world, ABLE[ITEM])
    member = world.member(months=months)
    world.consent(member)
    return member


def asked(world: World, member: Member) -> dict[str, Any]:
    """The closing, waiting for its proof."""
    answer = apply(world, member, ITEM, {"card_id": str(member.card_id)})
    assert answer.status_code == 201, answer.get_json()
    return dict(answer.get_json())


def credit(world: World, member: Member, fen: int) -> None:
    """November's contribution comes in; on its own day it bears no interest."""
    with transaction(world.sessions) as session:
        post_contribution(session, member.account_id, date(2026, 11, 1), fen, world.clock.now())


def with_face(world: World, member: Member, case: Mapping[str, Any], body: Mapping[str, str]) -> Any:
    """The confirmation with a face that passed before."""
    return post(world, member, f"/applications/{case['application_id']}/confirm", body)


def cancel(world: World, member: Member, case: Mapping[str, Any]) -> None:
    """The member takes it back."""
    assert post(world, member, f"/applications/{case['application_id']}/cancel", {}).status_code == 200


def test_money_that_came_in_since_is_not_paid_unproven(world: World) -> None:
    member = retired(world)
    case = asked(world, member)
    body = faced(world, member, case["application_id"])
    credit(world, member, 1_000_000)
    said = problem(with_face(world, member, case, body), 409, MOVED)["detail"]
    assert "32,174.25" in said
    assert "42,174.25" in said
    assert world.balance(member) == (4_200_000, 0)
    assert account(world, member) == ("01", None)
    assert world.face_session(member, UUID(body["face_session_id"])).state == "passed"  # not used up


def test_asked_for_anew_all_of_it_is_paid(world: World) -> None:
    member = retired(world)
    case = asked(world, member)
    credit(world, member, 1_000_000)
    problem(confirm(world, member, case["application_id"]), 409, MOVED)
    cancel(world, member, case)
    again = asked(world, member)
    assert again["amount_fen"] == ASKED_FEN + 1_000_000
    assert confirm(world, member, again["application_id"]).status_code == 201
    assert world.balance(member) == (0, ASKED_FEN + 1_000_000)
    assert account(world, member) == ("05", "03")


def test_a_code_for_a_small_closing_pays_no_large_one(world: World) -> None:
    """4,000.00 and 9.00 of interest: 2,000 × (69 + 39) days × 1.5 % / 360; without a face 5,000.00 is the most."""
    member = retired(world, months=2)
    case, way = asked(world, member), Way(world, member)
    assert case["amount_fen"] == 400_900
    with transaction(world.sessions) as session:
        row = session.get_one(Application, (member.account_id, UUID(case["application_id"])))
    sent = way.ask(row)
    assert sent.status_code == 202, sent.text
    code = way.code()
    credit(world, member, 8_000_000)
    said = problem(way.confirm(row, sent.json["challenge_id"], code), 409, MOVED)["detail"]
    assert "84,009.00" in said
    assert world.balance(member) == (8_400_000, 0)
    assert world.state(row) == ("verifying", None)


def test_over_midnight_there_is_a_day_s_interest_more_and_it_is_said(world: World) -> None:
    """Asked for at 23:50, confirmed at 00:05."""
    member = retired(world)
    world.later(hours=13, minutes=50)
    case = asked(world, renewed(world, member))
    assert case["amount_fen"] == ASKED_FEN
    world.later(minutes=15)
    assert "32,175.58" in problem(confirm(world, member, case["application_id"]), 409, MOVED)["detail"]
    assert world.balance(member) == (3_200_000, 0)
    cancel(world, member, case)
    again = asked(world, member)
    assert confirm(world, member, again["application_id"]).status_code == 201
    assert world.balance(member) == (0, NEXT_DAY_FEN)
