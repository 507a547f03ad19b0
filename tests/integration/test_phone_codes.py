"""Codes to a new number: for one member, WeChat user and number, once, for ten minutes, and not too many."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.db import transaction
from services.core.errors import Unauthenticated
from tests.contract.api.reading import problem
from tests.support.domain.cases import apply
from tests.support.domain.phones import ITEM, ask_code, code_on, new_number, proven
from tests.support.domain.world import Member, World


def form(phone: str, challenge_id: str, code: str) -> dict[str, Any]:
    """What the page sends."""
    return {"new_phone": {"phone": phone, "challenge_id": challenge_id, "code": code}}


def other(code: str) -> str:
    """Six digits that are not these."""
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.fixture
def phone() -> str:
    """A number nobody has."""
    return new_number()


def test_the_sixth_try_is_too_late_even_with_the_right_code(world: World, member: Member, phone: str) -> None:
    right = proven(world, member, phone)
    wrong = form(phone, right["new_phone"]["challenge_id"], other(right["new_phone"]["code"]))
    for _ in range(5):
        problem(apply(world, member, ITEM, wrong), 401, "phone.code_wrong")
    problem(apply(world, member, ITEM, right), 401, "phone.code_expired")


def test_it_serves_ten_minutes(world: World, member: Member, phone: str) -> None:
    in_time = proven(world, member, phone)
    world.later(minutes=9, seconds=59)
    assert apply(world, member, ITEM, in_time).status_code == 201


def test_ten_minutes_and_a_second_are_too_long(world: World, member: Member, phone: str) -> None:
    late = proven(world, member, phone)
    world.later(minutes=10)
    problem(apply(world, member, ITEM, late), 401, "phone.code_expired")


def test_it_serves_once(world: World, member: Member, phone: str) -> None:
    used = proven(world, member, phone)
    made = apply(world, member, ITEM, used)
    cancel = f"/api/v1/applications/{made.get_json()['application_id']}/cancel"
    assert world.client().post(cancel, headers=member.bearer).status_code == 200
    problem(apply(world, member, ITEM, used), 401, "phone.code_expired")


def test_it_serves_for_its_number_only(world: World, member: Member, phone: str) -> None:
    """A code read on one's own phone puts nobody else's number on the record."""
    mine = proven(world, member, phone)["new_phone"]
    theirs = form(new_number(), mine["challenge_id"], mine["code"])
    problem(apply(world, member, ITEM, theirs), 401, "phone.code_wrong")


def test_it_serves_for_its_member_only(world: World, member: Member, phone: str) -> None:
    """Right number, right code, of another member's challenge."""
    partner = world.member()
    problem(apply(world, partner, ITEM, proven(world, member, phone)), 401, "phone.code_wrong")


def test_it_serves_for_its_wechat_user_only(world: World, member: Member, phone: str) -> None:
    """The engine itself asks who is asking, whatever came in by HTTP; without a WeChat user there is no code."""
    engine = world.product.engine
    item = engine.registry.get(ITEM)
    filled = item.form.model_validate(proven(world, member, phone))
    for openid in (None, "o" + "y" * 27):
        prepared = engine.prepare(member.account_id, item, filled, openid)
        with pytest.raises(Unauthenticated) as refused, transaction(world.sessions) as session:
            engine.submit(session, member.account_id, prepared)
        assert refused.value.code == "phone.code_wrong"


def test_a_code_of_another_purpose_is_none(world: World, member: Member, phone: str) -> None:
    """The code that confirms a withdrawal proves no new number."""
    application = world.submit(member)
    path = f"/api/v1/applications/{application.application_id}/card-sms"
    asked = world.client().post(path, json={}, headers=member.bearer).get_json()
    code = code_on(world, member, member.person.phone)
    world.client().post(f"/api/v1/applications/{application.application_id}/cancel", headers=member.bearer)
    problem(apply(world, member, ITEM, form(phone, asked["challenge_id"], code)), 401, "phone.code_wrong")


def test_the_newer_code_does_not_kill_the_older(world: World, member: Member, phone: str) -> None:
    """Messages overtake each other."""
    first = proven(world, member, phone)
    world.later(seconds=61)
    assert ask_code(world, member, phone).status_code == 202
    assert apply(world, member, ITEM, first).status_code == 201


def waits(response: Any) -> int:
    """Seconds a caller is told to wait."""
    problem(response, 429, "request.too_many")
    return int(response.headers["Retry-After"])


def test_a_minute_between_two_and_five_a_day_for_an_account(world: World, member: Member, phone: str) -> None:
    """Whichever numbers they go to; five is phone_code.account_day, and phone_code.session_hour is five, too."""
    assert ask_code(world, member, phone).status_code == 202
    world.later(seconds=20)
    assert waits(ask_code(world, member, new_number())) == 40
    for _ in range(4):
        world.later(minutes=2)
        assert ask_code(world, member, new_number()).status_code == 202
    world.later(hours=1, minutes=2)
    member = _again(world, member)
    # Windows begin at midnight UTC: 10:00 + 1:10:20 in Shanghai is 3:10:20 UTC, 20:49:40 before the next one.
    assert waits(ask_code(world, member, new_number())) == 20 * 3600 + 49 * 60 + 40


def test_ten_a_day_for_a_number_whoever_asks(world: World, phone: str) -> None:
    """Three members cannot flood it, and the number's owner keeps the codes of binding."""
    members = [world.member() for _ in range(3)]
    sent = 0
    for turn in range(4):
        for one in members:
            world.later(seconds=61)
            answer = ask_code(world, one, phone)
            sent += answer.status_code == 202
            assert (answer.status_code == 202) is (turn * 3 + members.index(one) < 10)
    assert sent == 10
    owner, _ = world.enrol()
    _, tokens = world.sign_in(owner)
    claim = {"name": owner.name, "id_no": owner.id_no, "phone": phone}
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert world.client().post("/api/v1/bind/sms-code", json=claim, headers=bearer).status_code == 202


def test_who_is_stopped_costs_the_number_nothing(world: World, member: Member, phone: str) -> None:
    """Refused requests of one account leave the number's ten to others."""
    assert ask_code(world, member, phone).status_code == 202
    for _ in range(12):
        assert ask_code(world, member, phone).status_code == 429
    world.later(seconds=61)
    assert ask_code(world, world.member(), phone).status_code == 202


def _again(world: World, member: Member) -> Member:
    _, tokens = world.sign_in(member.person)
    return Member(**{**{f: getattr(member, f) for f in Member.__dataclass_fields__}, "tokens": tokens})


def test_the_own_number_costs_no_sms(world: World, member: Member) -> None:
    before = len(world.channels["sms"].sent)
    problem(ask_code(world, member, member.person.phone), 422, "phone.same")
    typed = f"+86 {member.person.phone[:3]}-{member.person.phone[3:7]}-{member.person.phone[7:]}"
    problem(ask_code(world, member, typed), 422, "phone.same")
    world.run_jobs(member.account_id, "notices.send")
    assert len(world.channels["sms"].sent) == before
