"""Binding over the API, and what may be done how often."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.http.rate_limit import network_of
from app.member_api.auth import SIGN_IN
from services.core.prepared import Line
from tests.contract.api.reading import problem
from tests.support.domain.persons import Person
from tests.support.domain.world import World, public_point

CODE = "/api/v1/bind/sms-code"


def signed_in(world: World, person: Person) -> tuple[FlaskClient, dict[str, str]]:
    """A WeChat user's browser and bearer."""
    _, tokens = world.sign_in(person)
    return world.client(), {"Authorization": f"Bearer {tokens['access_token']}"}


def claim(person: Person) -> dict[str, str]:
    """What the person says of themselves."""
    return {"name": person.name, "id_no": person.id_no, "phone": person.phone}


def ask(world: World, claimed: Person, user: Person | None = None) -> TestResponse:
    """Ask for a code as a WeChat user."""
    client, bearer = signed_in(world, user or claimed)
    return client.post(CODE, json=claim(claimed), headers=bearer)


def b64(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def device_key() -> dict[str, str]:
    """A public key as the page sends it."""
    point = public_point(ec.generate_private_key(ec.SECP256R1()))
    return {"kty": "EC", "crv": "P-256", "x": b64(point.x), "y": b64(point.y)}


def sent_code(world: World, person: Person, account_id: Any) -> str:
    """The code in the member's latest SMS."""
    world.run_jobs(account_id, "notices.bind_code", "notices.send")
    return str([n.fields["code"] for n in world.channels["sms"].sent if n.recipient == person.phone][-1])


def test_binding_from_code_to_home(world: World) -> None:
    person, account_id = world.enrol()
    client, bearer = signed_in(world, person)
    asked = client.post(CODE, json=claim(person), headers=bearer)
    assert (asked.status_code, asked.get_json()["resend_after_s"]) == (202, 60)
    body = {
        "challenge_id": asked.get_json()["challenge_id"],
        "code": sent_code(world, person, account_id),
        "device_key": device_key(),
    }
    bound = client.post("/api/v1/bind", json=body, headers=bearer)
    assert bound.status_code == 201
    assert bound.get_json()["display_name"] == "赵*居"
    fresh = {"Authorization": f"Bearer {bound.get_json()['access_token']}"}
    assert client.get("/api/v1/home", headers=fresh).get_json()["account"]["balance_fen"] == 5_600_000
    session = client.get("/api/v1/session", headers=fresh).get_json()
    here = {"channel": "h5", "bound_at": bound.get_json()["bound_at"], "here": True, "may_end": True}
    assert session == {
        "bound": True,
        "display_name": "赵*居",
        "cooling_until": None,
        "device_bound": True,
        "channel": "h5",
        "bindings": [here],
    }
    problem(client.post("/api/v1/bind", json=body, headers=fresh), 401, "bind.code_expired")


def test_a_right_and_a_wrong_claim_get_the_same_answer(world: World) -> None:
    """Row D21: nobody learns from the answer who is a member."""
    member, _ = world.enrol()
    right = ask(world, member)
    wrong = ask(world, Person(), Person())
    assert right.status_code == wrong.status_code == 202
    assert right.get_json().keys() == wrong.get_json().keys()
    assert right.get_json()["expires_at"] == wrong.get_json()["expires_at"]
    assert {k: v for k, v in right.headers.items() if k != "X-Request-Id"}.keys() == {
        k: v for k, v in wrong.headers.items() if k != "X-Request-Id"
    }.keys()


def test_a_right_and_a_wrong_claim_ask_the_database_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is what statements take: the same ones in the same order, whatever is wrong, and on the second time too."""
    asked: list[str] = []
    plain = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *rest: Any, **more: Any) -> Any:
        asked.append(str(query))
        return plain(cursor, query, *rest, **more)

    def statements(user: Person, **wrong: str) -> list[str]:
        client, bearer = signed_in(world, user)
        asked.clear()
        assert client.post(CODE, json=claim(member) | wrong, headers=bearer).status_code == 202
        return list(asked)

    member, _ = world.enrol()
    wrong = (claim(Person()), {"name": "王不对"}, {"phone": "19912345678"})
    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    monkeypatch.setattr(Line, "prepared", lambda *_: None)  # every statement by a cursor, where we listen
    ask(world, Person())  # what is read once for a process
    first = statements(Person())
    assert any("procrastinate_defer" in statement for statement in first)
    assert [statements(Person(), **fields) for fields in wrong] == [first] * 3
    again = statements(Person())  # within the minute: nothing goes out
    assert [statements(Person(), **fields) for fields in wrong] == [again] * 3


@pytest.mark.parametrize(
    "key",
    [
        {"x": b64(b"\1" * 32), "y": b64(b"\2" * 32)},  # not on the curve
        {"x": b64(b"\0" * 32), "y": b64(b"\0" * 32)},
        {"x": b64(b"\1" * 31)},
        {"y": b64(b"\1" * 40)},
        {"x": "§§§"},
        {"x": ""},
        {"crv": "P-384"},
        {"kty": "RSA"},
    ],
    ids=str,
)
def test_a_strange_device_key_is_refused_before_the_code_is_used(world: World, key: dict[str, str]) -> None:
    person, account_id = world.enrol()
    client, bearer = signed_in(world, person)
    challenge = client.post(CODE, json=claim(person), headers=bearer).get_json()["challenge_id"]
    code = sent_code(world, person, account_id)
    body = {"challenge_id": challenge, "code": code, "device_key": device_key() | key}
    problem(client.post("/api/v1/bind", json=body, headers=bearer), 422)
    body["device_key"] = device_key()
    assert client.post("/api/v1/bind", json=body, headers=bearer).status_code == 201


def test_codes_of_the_wrong_length_count_and_the_sixth_is_refused(world: World) -> None:
    """Row P8."""
    person, account_id = world.enrol()
    client, bearer = signed_in(world, person)
    challenge = client.post(CODE, json=claim(person), headers=bearer).get_json()["challenge_id"]
    code = sent_code(world, person, account_id)
    body = {"challenge_id": challenge, "device_key": device_key()}
    for wrong in ("12345", "abcdef", "1234567", "", f"{(int(code) + 1) % 10**6:06d}"):
        problem(
            client.post("/api/v1/bind", json=body | {"code": wrong}, headers=bearer), 401, "bind.code_wrong"
        )
    problem(client.post("/api/v1/bind", json=body | {"code": code}, headers=bearer), 401, "bind.code_expired")


@pytest.mark.parametrize(("first_s", "wait_s"), [(0, 59), (59, 2), (30, 31), (45, 59)])
def test_a_second_code_within_sixty_seconds_is_429(world: World, first_s: int, wait_s: int) -> None:
    """Sixty seconds from the first, wherever the minute of the clock begins."""
    person, _ = world.enrol()
    world.later(seconds=first_s)
    assert ask(world, person).status_code == 202
    world.later(seconds=wait_s)
    again = ask(world, person)
    problem(again, 429, "request.too_many")
    assert 1 <= int(again.headers["Retry-After"]) <= 60
    world.later(seconds=60 - wait_s)
    assert ask(world, person).status_code == 202


def codes_sent(world: World, account_id: Any) -> int:
    """How many codes were to go out to the member's phone."""
    world.run_jobs(account_id, "notices.bind_code")
    counted = "SELECT count(*) AS n FROM notice_intent WHERE account_id = :a AND template = 'sms_code'"
    return int(world.one(counted, a=account_id).n)


def test_one_phone_gets_one_code_a_minute_whoever_asks(world: World) -> None:
    """The second asker learns nothing of the first: the answer is the same, only no SMS goes out."""
    person, account_id = world.enrol()
    assert ask(world, person).status_code == 202
    assert ask(world, person, Person()).status_code == 202
    assert codes_sent(world, account_id) == 1
    world.later(seconds=60)
    assert ask(world, person, Person()).status_code == 202
    assert codes_sent(world, account_id) == 2


def test_five_codes_an_hour_for_a_user(world: World) -> None:
    person, _ = world.enrol()
    statuses = []
    for _ in range(6):
        statuses.append(ask(world, person).status_code)
        world.later(seconds=61)
    assert statuses == [202] * 5 + [429]


def test_five_codes_an_hour_for_a_phone_whoever_asks(world: World) -> None:
    person, account_id = world.enrol()
    statuses = []
    for _ in range(7):
        statuses.append(ask(world, person, Person()).status_code)
        world.later(seconds=61)
    assert statuses == [202] * 7
    assert codes_sent(world, account_id) == 5


def test_a_stranger_cannot_use_up_the_codes_of_a_phone(world: World) -> None:
    """Ten claims of somebody who knows only the number; its owner then gets their code."""
    person, account_id = world.enrol()
    for _ in range(10):
        stranger = Person()
        wrong = {"name": stranger.name, "id_no": stranger.id_no, "phone": person.phone}
        client, bearer = signed_in(world, stranger)
        assert client.post(CODE, json=wrong, headers=bearer).status_code == 202
    assert ask(world, person).status_code == 202
    assert codes_sent(world, account_id) == 1


def test_quotes_have_a_limit_and_say_when_to_come_back(world: World) -> None:
    member = world.member()
    world.consent(member)
    client = world.client()
    path = "/api/v1/items/contribution-certificate/quote"
    statuses = [client.post(path, json={}, headers=member.bearer).status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    refused = client.post(path, json={}, headers=member.bearer)
    problem(refused, 429, "request.too_many")
    assert int(refused.headers["Retry-After"]) >= 1
    world.later(seconds=60)
    assert client.post(path, json={}, headers=member.bearer).status_code == 200


def test_a_made_up_address_does_not_move_the_counter(world: World) -> None:
    """Row H10: forwarded-for headers of the peer are not believed."""
    client = world.client()
    statuses = set()
    for number in range(SIGN_IN.most + 2):
        headers = {"X-Forwarded-For": f"1.1.1.{number}", "X-Real-IP": f"2.2.2.{number}"}
        statuses.add(client.get("/api/v1/auth/wechat/start", headers=headers).status_code)
    assert statuses == {302, 429}


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_addresses_of_one_line_count_together(address: str, counted: str) -> None:
    assert network_of(address) == counted


def test_hopping_through_ones_own_addresses_does_not_help(world: World) -> None:
    client = world.client()
    statuses = set()
    for number in range(SIGN_IN.most + 2):
        line = {"REMOTE_ADDR": f"2001:db8:77:1::{number:x}"}
        statuses.add(client.get("/api/v1/auth/wechat/start", environ_overrides=line).status_code)
    assert statuses == {302, 429}
