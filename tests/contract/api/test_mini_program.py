"""The mini-program over HTTP: signing in, binding, and what each channel may not do in the other's place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox.assembly import Sandbox
from services.core.db import transaction
from services.core.ids import new_id
from services.members.consents import TEXTS
from services.members.phones import change_phone
from tests.contract.api.reading import problem
from tests.contract.api.test_limits import claim, device_key, sent_code
from tests.support.domain.mini import MiniPhone, on_sandbox
from tests.support.domain.persons import Person
from tests.support.domain.phones import new_number
from tests.support.domain.world import Member, World, idempotency

LOGIN = "/api/v1/auth/mini/login"


@pytest.fixture
def wechat(world: World, sandbox: Sandbox) -> Iterator[Sandbox]:
    """The product on the sandbox's WeChat."""
    with on_sandbox(world, sandbox):
        yield sandbox


@pytest.fixture
def phone(world: World, wechat: Sandbox) -> MiniPhone:
    """A member who is bound nowhere yet, signed in."""
    person, _ = world.enrol()
    phone = MiniPhone(world, wechat, person)
    assert phone.log_in().status_code == 200
    return phone


def bound_in_page(world: World, wechat: Sandbox, member: Member) -> MiniPhone:
    """The mini-program of somebody who is bound in the page."""
    phone = MiniPhone(world, wechat, member.person)
    phone.log_in()
    return phone


def h5_frames(prompt: int = 0) -> dict[str, Any]:
    """A batch that is well formed and no more."""
    frame = {"seq": 0, "at_ms": 0, "prompt": prompt, "jpeg": "/9j/", "mac": "AAAA"}
    return {"batch": 0, "frames": [frame], "device_signature": "AAAA"}


# signing in


def test_a_code_of_wx_login_begins_a_session_without_cookies(world: World, wechat: Sandbox) -> None:
    person, _ = world.enrol()
    phone = MiniPhone(world, wechat, person)
    answer = phone.log_in()
    assert answer.get_json().keys() == {"access_token", "refresh_token", "expires_in", "bound"}
    assert (answer.get_json()["bound"], answer.headers.getlist("Set-Cookie")) == (False, [])
    told = phone.ask("GET", "/session").get_json()
    assert (told["bound"], told["channel"], told["bindings"]) == (False, "mini", [])
    renewed = world.client().post(
        "/api/v1/auth/refresh", json={"refresh_token": phone.tokens["refresh_token"]}
    )
    assert (renewed.status_code, renewed.headers.getlist("Set-Cookie")) == (200, [])


def test_the_session_key_lies_sealed_and_goes_nowhere(
    world: World, phone: MiniPhone, wechat: Sandbox
) -> None:
    key = str(wechat.world.store.get("wechat.session_key", phone.openid))
    assert len(key) == 24
    mac = world.cipher.look_up(phone.openid, "openid")
    row = world.one("SELECT session_key_sealed, unionid_sealed FROM mini_user WHERE openid_mac = :m", m=mac)
    assert key.encode() not in bytes(row.session_key_sealed)
    assert world.cipher.open(row.session_key_sealed, "mini_user.session_key") == key
    answers = [phone.ask("GET", "/session"), phone.bind_by_phone(), phone.ask("GET", "/home")]
    assert all(key not in answer.get_data(as_text=True) for answer in answers)


def test_a_code_serves_once_and_only_where_it_belongs(
    world: World, phone: MiniPhone, wechat: Sandbox
) -> None:
    code = phone.wx("login")
    assert phone.log_in(code).status_code == 200
    problem(phone.log_in(code), 400, "auth.code_used")
    problem(phone.log_in("0" * 32), 400, "auth.code_used")
    problem(phone.log_in(phone.wx("phone-number")), 400, "auth.code_used")
    account = wechat.account
    problem(phone.log_in(account.new_code(account.openid(phone.key), "snsapi_base")), 400, "auth.code_used")


@pytest.mark.parametrize(
    ("errcode", "status", "code", "wait_s"),
    [
        (40029, 400, "auth.code_used", None),
        (40163, 400, "auth.code_used", None),
        (45011, 429, "request.too_many", "60"),
        (40226, 403, "auth.wechat_risk", None),
        (-1, 503, "auth.wechat_unavailable", "3"),
        (40125, 503, "auth.wechat_unavailable", "3"),
    ],
)
def test_what_wechat_refuses_is_said(
    phone: MiniPhone, wechat: Sandbox, errcode: int, status: int, code: str, wait_s: str | None
) -> None:
    wechat.world.faults.order("wechat", "jscode2session", "errcode", args={"errcode": errcode})
    answer = phone.log_in()
    body = problem(answer, status, code)
    assert answer.headers.get("Retry-After") == wait_s
    assert str(errcode) not in body["detail"]


@pytest.mark.parametrize(
    "body", [{}, {"js_code": 1}, {"js_code": "x", "openid": "o1"}, {"js_code": "x" * 600}]
)
def test_a_login_takes_a_code_and_nothing_else(world: World, body: dict[str, Any]) -> None:
    assert world.client().post(LOGIN, json=body).status_code in (400, 422)


# binding


def test_binding_by_wechats_phone_number(world: World, phone: MiniPhone) -> None:
    """First binding, so money waits for nothing; no device is made of it."""
    answer = phone.bind_by_phone()
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert (answer.get_json()["display_name"], answer.get_json()["bound"]) == ("赵*居", True)
    assert answer.headers.getlist("Set-Cookie") == []
    told = phone.ask("GET", "/session").get_json()
    assert (told["bound"], told["device_bound"], told["cooling_until"]) == (True, False, None)
    assert phone.ask("GET", "/home").get_json()["account"]["balance_fen"] == 5_600_000
    assert phone.log_in().get_json()["bound"] is True


def test_binding_by_sms_takes_no_device_key(world: World, phone: MiniPhone) -> None:
    asked = phone.ask("POST", "/bind/sms-code", claim(phone.person)).get_json()
    account_id = world.one(
        "SELECT account_id FROM sms_challenge WHERE challenge_id = :c", c=asked["challenge_id"]
    )
    code = sent_code(world, phone.person, account_id.account_id)
    body = {"challenge_id": asked["challenge_id"], "code": code}
    refused = problem(
        phone.ask("POST", "/bind", {**body, "device_key": device_key()}), 422, "device.key_unused"
    )
    assert refused["field"] == "device_key"
    bound = phone.ask("POST", "/bind", body)
    assert (bound.status_code, bound.headers.getlist("Set-Cookie")) == (201, [])


def test_the_page_must_bring_a_device_key(world: World) -> None:
    person, _ = world.enrol()
    session_id, tokens = world.sign_in(person)
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    body = {"challenge_id": str(session_id), "code": "000000"}
    problem(world.client().post("/api/v1/bind", json=body, headers=header), 422, "device.key_needed")


def test_wrong_claims_are_told_alike_and_the_ordinary_way_stays(world: World, phone: MiniPhone) -> None:
    """Unknown number, wrong name, and a member's name and number with another's phone: one answer."""
    other, _ = world.enrol()
    claims = [{"id_no": Person().id_no}, {"name": "赵安"}, {"id_no": other.id_no, "name": other.name}]
    bodies = [problem(phone.bind_by_phone(**one), 422, "bind.phone_differs") for one in claims]
    assert len({(body["title"], body["detail"], tuple(sorted(body))) for body in bodies}) == 1
    assert phone.ask("POST", "/bind/sms-code", claim(phone.person)).status_code == 202


def test_a_phone_code_serves_once(phone: MiniPhone) -> None:
    code = phone.wx("phone-number")
    problem(phone.bind_by_phone(code=code, name="赵安"), 422, "bind.phone_differs")
    problem(phone.bind_by_phone(code=code), 400, "bind.phone_code_used")
    problem(phone.bind_by_phone(code=phone.wx("login")), 400, "bind.phone_code_used")
    assert phone.bind_by_phone().status_code == 201


def test_the_page_cannot_bind_by_wechats_phone_number(world: World, member: Member, phone: MiniPhone) -> None:
    body = {"name": "赵安居", "id_no": phone.person.id_no, "code": phone.wx("phone-number")}
    answer = world.client().post("/api/v1/bind/mini-phone", json=body, headers=member.bearer)
    problem(answer, 403, "session.channel")
    assert phone.bind_by_phone(code=body["code"]).status_code == 201  # and the code was not used up


def test_wechat_is_asked_again_before_binding_when_the_login_is_old(world: World, phone: MiniPhone) -> None:
    phone.session_ends()
    world.later(minutes=11)
    problem(phone.bind_by_phone(), 401, "auth.wechat_session_over")
    problem(phone.ask("GET", "/session"), 401, "auth.revoked")
    phone.log_in()
    world.later(minutes=11)
    assert phone.bind_by_phone().status_code == 201


def test_wechat_away_is_told_and_nothing_is_lost(world: World, phone: MiniPhone, wechat: Sandbox) -> None:
    world.later(minutes=11)
    wechat.world.faults.order("wechat", "checksession", "http_500")
    problem(phone.bind_by_phone(), 503, "auth.wechat_unavailable")
    wechat.world.faults.order("wechat", "getuserphonenumber", "html")
    problem(phone.bind_by_phone(), 503, "auth.wechat_unavailable")
    assert phone.bind_by_phone().status_code == 201


# both channels of one member


def test_both_openids_are_one_member_and_money_waits_a_day(
    world: World, member: Member, wechat: Sandbox
) -> None:
    """A thief with the SIM binds the mini-program beside the page: all money waits, and the member is told at once."""
    thief = bound_in_page(world, wechat, member)
    assert thief.bind_by_phone().status_code == 201
    for session in (
        thief.ask("GET", "/session"),
        world.client().get("/api/v1/session", headers=member.bearer),
    ):
        told = session.get_json()
        assert told["cooling_until"] == "2026-11-24T10:00:00.000+08:00"
        assert [one["channel"] for one in told["bindings"]] == ["h5", "mini"]
    form = {"amount_fen": 300_000, "card_id": str(member.card_id)}
    world.consent(member)
    answer = thief.ask("POST", "/items/rent-withdrawal/applications", form, **idempotency())
    problem(answer, 403, "member.cooling")
    world.run_jobs(member.account_id)
    told_to = [notice.recipient for notice in world.channels["wechat"].sent if notice.template == "bound"]
    assert told_to[-1:] == [member.person.openid]  # the older one, in the public account


def test_a_number_put_on_record_lately_makes_a_first_binding_wait_too(world: World, wechat: Sandbox) -> None:
    """Changed at the counter while nobody was bound, to another number and back: 24 hours from then, not from now."""
    person, account_id = world.enrol()
    now = world.clock.now()
    for number in (new_number(), person.phone):
        with transaction(world.sessions) as session:
            change_phone(
                session, world.cipher, account_id, new_id(), number, actor="staff:c", at=now, money_from=now
            )
    world.later(hours=2)
    phone = MiniPhone(world, wechat, person)
    assert (phone.log_in().status_code, phone.bind_by_phone().status_code) == (200, 201)
    told = phone.ask("GET", "/session").get_json()
    assert datetime.fromisoformat(told["cooling_until"]) == now + timedelta(hours=24)
    consent = {"kind": "data_sharing", "text_version": TEXTS["data_sharing"].version}
    assert phone.ask("POST", "/consents", consent).status_code == 201
    card = world.one("SELECT card_id FROM payee_card WHERE account_id = :a", a=account_id).card_id
    path, form = "/items/rent-withdrawal/applications", {"amount_fen": 300_000, "card_id": str(card)}
    problem(phone.ask("POST", path, form, **idempotency()), 403, "member.cooling")
    world.later(hours=22, minutes=1)
    phone.log_in()
    assert phone.ask("POST", path, form, **idempotency()).status_code == 201


def test_a_newer_binding_cannot_end_the_older_one_but_the_other_way_round(
    world: World, member: Member, wechat: Sandbox
) -> None:
    thief = bound_in_page(world, wechat, member)
    world.later(minutes=1)
    thief.bind_by_phone()
    problem(thief.ask("DELETE", "/session/binding?channel=h5"), 403, "bind.older")
    client = world.client()
    ended = client.delete("/api/v1/session/binding?channel=mini", headers=member.bearer)
    assert ended.status_code == 204
    problem(thief.ask("GET", "/session"), 401, "auth.revoked")
    assert thief.log_in().get_json()["bound"] is False
    still = client.get("/api/v1/session", headers=member.bearer).get_json()
    assert [one["channel"] for one in still["bindings"]] == ["h5"]
    assert still["cooling_until"] == "2026-11-24T10:01:00.000+08:00"


def test_leaving_ends_the_sessions_and_is_on_record(world: World, member: Member, wechat: Sandbox) -> None:
    client = world.client()
    assert client.delete("/api/v1/session/binding", headers=member.bearer).status_code == 204
    problem(client.get("/api/v1/session", headers=member.bearer), 401, "auth.revoked")
    phone = bound_in_page(world, wechat, member)
    assert phone.bind_by_phone().status_code == 201
    assert phone.ask("GET", "/session").get_json()["device_bound"] is False  # the phone's key ended, too
    log = phone.ask("GET", "/audit-log").get_json()["entries"]
    assert "解除了微信绑定" in [entry["text"] for entry in log]
    topics = world.one(
        "SELECT count(*) AS n FROM outbox_event WHERE account_id = :a AND topic = 'member.unbound'",
        a=member.account_id,
    )
    assert topics.n == 1
    for channel in ("h5", "counter", ""):
        answer = phone.ask("DELETE", f"/session/binding?channel={channel}")
        problem(answer, 404 if channel == "h5" else 422)


# each channel keeps to its own face check


def test_no_channel_uses_the_other_ones_way_to_a_face(
    world: World, member: Member, wechat: Sandbox, client: FlaskClient
) -> None:
    """Of one and the same member, for one and the same application, so that only the channel can be in the way."""
    application = world.submit(member)
    phone = bound_in_page(world, wechat, member)
    phone.bind_by_phone()
    path = f"/applications/{application.application_id}/face-sessions"
    consent = {"consent_id": str(world.consent(member, "face"))}
    camera = client.post(f"/api/v1{path}", json=consent, headers=member.bearer).get_json()
    frames = f"/face-sessions/{camera['session_id']}/frames"
    problem(phone.ask("POST", frames, h5_frames()), 403, "face.method")
    problem(phone.ask("POST", path, {**consent, "method": "camera"}), 403, "face.method")
    returned = f"/face-sessions/{camera['session_id']}/returned"
    problem(phone.ask("POST", returned, {}), 403, "face.method")
    problem(client.post(f"/api/v1{returned}", json={}, headers=member.bearer), 403, "face.method")
    answer = client.post(f"/api/v1{frames}", json=h5_frames(), headers=member.bearer)
    problem(answer, 403, "face.channel")  # the page gets as far as the signature


@pytest.fixture
def client(world: World) -> FlaskClient:
    """The page's browser."""
    return world.client()
