"""Signing in by WeChat: states, codes, tokens, cookies; what is not exactly right signs nobody in."""

from __future__ import annotations

from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.members.consents import TEXTS
from tests.contract.api.reading import problem
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World

CALLBACK = "/api/v1/auth/wechat/callback"
JSON = {"Accept": "application/json"}


def start(client: FlaskClient, page: str | None = None) -> str:
    """Begin; returns the state WeChat will bring back."""
    response = client.get("/api/v1/auth/wechat/start", query_string={"page": page} if page else {})
    assert response.status_code == 302
    return parse_qs(urlsplit(response.location).query)["state"][0]


def finish(client: FlaskClient, state: str, code: str, **headers: str) -> TestResponse:
    """WeChat sends the browser back."""
    return client.get(CALLBACK, query_string={"state": state, "code": code}, headers=headers or JSON)


@pytest.fixture
def client(world: World) -> FlaskClient:
    """A browser."""
    return world.client()


@pytest.fixture
def code(world: World) -> str:
    """A code of somebody who is not bound."""
    return world.wechat_code(Person().openid)


def test_a_browser_signs_in_and_lands_on_its_page(client: FlaskClient, code: str) -> None:
    response = finish(client, start(client, "receipt"), code, Accept="text/html")
    assert (response.status_code, response.location) == (302, "/m/#/pages/receipt/receipt")
    assert client.get("/api/v1/session").get_json()["bound"] is False


def test_a_client_gets_tokens(client: FlaskClient, code: str, world: World) -> None:
    tokens = finish(client, start(client), code).get_json()
    assert tokens.keys() == {"access_token", "refresh_token", "expires_in", "bound"}
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert world.client().get("/api/v1/session", headers=header).status_code == 200


def test_cookies_are_out_of_reach_of_scripts(client: FlaskClient, code: str) -> None:
    response = finish(client, start(client), code)
    cookies = {}
    for header in response.headers.getlist("Set-Cookie"):
        cookies.update(SimpleCookie(header))
    for name in ("anju_access", "anju_refresh"):
        assert cookies[name]["httponly"]
        assert cookies[name]["samesite"] == "Lax"
    assert not cookies["anju_csrf"]["httponly"]


@pytest.mark.parametrize("query", [{}, {"state": ""}, {"state": "0" * 32}, {"state": "é" * 5}])
def test_a_missing_or_unknown_state_signs_nobody_in(
    client: FlaskClient, code: str, query: dict[str, str], world: World
) -> None:
    start(client)
    problem(client.get(CALLBACK, query_string={**query, "code": code}), 400, "auth.state")
    assert code in world.oauth.codes
    problem(client.get("/api/v1/session"), 401)


def test_a_state_serves_once(client: FlaskClient, code: str, world: World) -> None:
    state = start(client)
    assert finish(client, state, code).status_code == 200
    problem(finish(client, state, world.wechat_code(Person().openid)), 400, "auth.state")


def test_a_state_of_another_browser_is_refused(client: FlaskClient, code: str, world: World) -> None:
    """Log-in CSRF: the attacker's state and code in the victim's browser."""
    stranger = world.client()
    state = start(client)
    start(stranger)
    problem(finish(stranger, state, code), 400, "auth.state")
    problem(finish(world.client(), state, code), 400, "auth.state")
    assert finish(client, state, code).status_code == 200


def test_a_state_lives_five_minutes(client: FlaskClient, code: str, world: World) -> None:
    state = start(client)
    world.later(minutes=5, seconds=1)
    problem(finish(client, state, code), 400, "auth.state")


def test_a_code_serves_once_even_if_wechat_would_take_it_again(client: FlaskClient, world: World) -> None:
    for expected in (200, 400):
        world.oauth.codes["code-x"] = Person().openid
        assert finish(client, start(client), "code-x").status_code == expected


@pytest.mark.parametrize("code_", ["", "unknown"])
def test_a_missing_or_unknown_code_signs_nobody_in(client: FlaskClient, code_: str) -> None:
    problem(finish(client, start(client), code_), 400, "auth.code_used")
    problem(client.get("/api/v1/session"), 401)


def test_a_bound_user_is_known_at_once(world: World, member: Member) -> None:
    client = world.client()
    code = world.wechat_code(member.person.openid)
    assert finish(client, start(client), code).get_json()["bound"] is True
    assert client.get("/api/v1/home").status_code == 200


def refresh(client: FlaskClient, token: str) -> TestResponse:
    """Renew by body."""
    return client.post("/api/v1/auth/refresh", json={"refresh_token": token})


def session_status(world: World, token: str) -> int:
    """How /session answers a bearer."""
    header = {"Authorization": f"Bearer {token}"}
    return world.client().get("/api/v1/session", headers=header).status_code


def test_refreshing_rotates_and_reuse_ends_the_session(world: World, member: Member) -> None:
    client = world.client()
    first = member.tokens["refresh_token"]
    second = refresh(client, first).get_json()
    assert session_status(world, second["access_token"]) == 200
    problem(refresh(client, first), 401, "auth.revoked")
    problem(refresh(client, second["refresh_token"]), 401, "auth.revoked")
    assert session_status(world, second["access_token"]) == 401
    assert session_status(world, member.tokens["access_token"]) == 401


def test_an_access_token_does_not_refresh_and_a_refresh_token_gives_no_access(
    world: World, member: Member
) -> None:
    problem(refresh(world.client(), member.tokens["access_token"]), 401, "auth.required")
    assert session_status(world, member.tokens["refresh_token"]) == 401


def test_logging_out_ends_the_session(world: World, member: Member) -> None:
    client = world.client()
    assert client.post("/api/v1/auth/logout", headers=member.bearer).status_code == 204
    problem(client.get("/api/v1/session", headers=member.bearer), 401, "auth.revoked")
    problem(refresh(client, member.tokens["refresh_token"]), 401, "auth.revoked")


@pytest.fixture
def cookied(world: World, member: Member) -> FlaskClient:
    """The member's browser, signed in by cookies."""
    client = world.client()
    code = world.wechat_code(member.person.openid)
    assert finish(client, start(client), code).status_code == 200
    return client


def csrf(client: FlaskClient) -> str:
    """What a script of our page reads."""
    cookie = client.get_cookie("anju_csrf")
    assert cookie is not None
    return cookie.value


@pytest.mark.parametrize("path", ["/api/v1/consents", "/api/v1/auth/logout", "/api/v1/auth/refresh"])
@pytest.mark.parametrize("value", [None, "", "wrong"])
def test_cookies_alone_change_nothing(cookied: FlaskClient, path: str, value: str | None) -> None:
    """CSRF: another site can send the cookies, but not the header."""
    headers = {} if value is None else {"X-CSRF-Token": value}
    body = {"kind": "face", "text_version": TEXTS["face"].version} if path.endswith("consents") else {}
    problem(cookied.post(path, json=body, headers=headers), 401)
    assert cookied.get("/api/v1/session").status_code == 200


def test_cookies_with_the_header_do(cookied: FlaskClient) -> None:
    headers = {"X-CSRF-Token": csrf(cookied)}
    body = {"kind": "face", "text_version": TEXTS["face"].version}
    assert cookied.post("/api/v1/consents", json=body, headers=headers).status_code == 201
    assert cookied.post("/api/v1/auth/refresh", json={}, headers=headers).status_code == 200
    assert cookied.delete("/api/v1/consents/x", headers=headers).status_code == 401  # the old value


def test_the_csrf_value_of_another_session_does_not_serve(world: World, cookied: FlaskClient) -> None:
    other = world.client()
    finish(other, start(other), world.wechat_code(Person().openid))
    problem(cookied.post("/api/v1/auth/logout", headers={"X-CSRF-Token": csrf(other)}), 401)
