"""Many behind one address of a carrier's: who is refused for themselves leaves it free for the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app.http.rate_limit import Limit
from sandbox.assembly import Sandbox
from tests.contract.api.reading import problem
from tests.support.domain.mini import MiniPhone, on_sandbox
from tests.support.domain.persons import Person
from tests.support.domain.phones import ITEM, new_number
from tests.support.domain.world import Member, World

CODE, MINI_PHONE = "/api/v1/bind/sms-code", "/api/v1/bind/mini-phone"
NEW_NUMBER = f"/api/v1/items/{ITEM}/codes"
MORE_THAN_AN_HOUR_S = 201
"""Requests of one user: what an address may in an hour, and one more."""


@pytest.fixture
def line(world: World) -> FlaskClient:
    """The address that all of them have."""
    return world.client()


@pytest.fixture
def wechat(world: World, sandbox: Sandbox) -> Iterator[Sandbox]:
    """The product on the sandbox's WeChat."""
    with on_sandbox(world, sandbox):
        yield sandbox


def ask(world: World, line: FlaskClient, user: Person, times: int = 1) -> list[int]:
    """A user asks for a code to bind with, again and again."""
    _, tokens = world.sign_in(user)
    claim = {"name": user.name, "id_no": user.id_no, "phone": user.phone}
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    return [line.post(CODE, json=claim, headers=bearer).status_code for _ in range(times)]


def ask_new(line: FlaskClient, member: Member, phone: str, times: int = 1) -> list[int]:
    """A member asks for a code to a new number."""
    asked = {"phone": phone}
    return [
        line.post(NEW_NUMBER, json=asked, headers=member.bearer).status_code for _ in range(times)
    ]


def signed_in(world: World, wechat: Sandbox) -> MiniPhone:
    """Somebody's mini-program, not bound yet."""
    person, _ = world.enrol()
    phone = MiniPhone(world, wechat, person)
    assert phone.log_in().status_code == 200
    return phone


def bind(line: FlaskClient, phone: MiniPhone, code: str, times: int = 1) -> list[int]:
    """Bind by WeChat's phone number."""
    body = {"name": phone.person.name, "id_no": phone.person.id_no, "code": code}
    bearer = {"Authorization": f"Bearer {phone.tokens['access_token']}"}
    return [line.post(MINI_PHONE, json=body, headers=bearer).status_code for _ in range(times)]


def test_codes_for_binding(world: World, line: FlaskClient) -> None:
    assert ask(world, line, Person(), MORE_THAN_AN_HOUR_S) == [202] + [429] * 200
    assert ask(world, line, Person()) == [202]


def test_binding_by_wechats_phone_number(world: World, line: FlaskClient, wechat: Sandbox) -> None:
    """Ten codes a day for a user."""
    one, another = signed_in(world, wechat), signed_in(world, wechat)
    assert bind(line, one, "0" * 32, MORE_THAN_AN_HOUR_S) == [400] * 10 + [429] * 191
    assert bind(line, another, another.wx("phone-number")) == [201]


def test_codes_to_a_new_number(world: World, line: FlaskClient, member: Member) -> None:
    assert ask_new(line, member, new_number(), MORE_THAN_AN_HOUR_S) == [202] + [429] * 200
    assert ask_new(line, world.member(), new_number()) == [202]


def test_an_address_is_still_counted(
    world: World, line: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.member_api.bind.ADDRESS_HOUR", Limit("shared_address", 3, 3600))
    assert [ask(world, line, Person()) for _ in range(4)] == [[202]] * 3 + [[429]]


def test_an_address_that_is_full_costs_the_number_nothing(
    world: World, line: FlaskClient, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused for the address, nothing went out: somebody elsewhere gets their code to this number at once."""
    monkeypatch.setattr("app.member_api.phone_codes.ADDRESS_HOUR", Limit("shared_address_new", 1, 3600))
    phone = new_number()
    assert ask_new(line, member, new_number()) == [202]
    refused = line.post(NEW_NUMBER, json={"phone": phone}, headers=world.member().bearer)
    problem(refused, 429, "request.too_many")
    assert ask_new(world.client(), world.member(), phone) == [202]
