"""Signing in by WeChat: states, codes, tokens, cookies; what is not exactly right signs nobody in."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
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


@pytest.mark.parametrize(
    "page",
    [
        "//evil.com",
        "https:evil.com",
        "https:///evil.com",
        "/\\evil.com",
        "https://gjj.example@evil.com",
        "https://gjj.example.evil.com",
        "javascript:alert(1)",
        "/%09/evil.com",
        "https://evil.com\\@gjj.example",
        "https://gjj.example%00.evil.com",
        "data:text/html,x",
        "weixin://x",
        "home\r\nX: y",
        "../../x",
        "Home",
        "",
    ],
)
def test_every_strange_page_is_home(client: FlaskClient, code: str, page: str) -> None:
    """Rows RD."""
    response = finish(client, start(client, page), code, Accept="text/html")
    assert response.location == "/m/#/pages/home/home"


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


Claims = dict[str, Any]


def forged(world: World, member: Member, change: Callable[[Claims], object], **how: Any) -> str:
    """A token made with the right key, but for one thing."""
    now = datetime.now(UTC)
    claims: Claims = {
        "sub": str(member.session_id),
        "sid": str(member.session_id),
        "iat": now,
        "nbf": now,
        "exp": now + timedelta(minutes=5),
        "jti": str(uuid4()),
        "type": "access",
        "use": "access",
        "fresh": False,
        "aud": "anju-member",
        "iss": "anju",
        "csrf": str(uuid4()),
    }
    change(claims)
    key = how.pop("key", None) or world.product.settings.secret("jwt_member")
    return jwt.encode(claims, key, **{"algorithm": "HS256", **how})


def test_a_token_made_right_is_right(world: World, member: Member) -> None:
    """So that the refusals below are for what they say."""
    assert session_status(world, forged(world, member, lambda claims: None)) == 200


@pytest.mark.parametrize("missing", ["exp", "jti", "use", "aud", "iss", "sub", "iat", "sid"])
def test_a_token_without_a_claim_is_none(world: World, member: Member, missing: str) -> None:
    """Row H5."""
    assert session_status(world, forged(world, member, lambda claims: claims.pop(missing))) == 401


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "anju-staff"},
        {"aud": ["anju-member-x"]},
        {"iss": "other"},
        {"type": "refresh"},
        {"use": "refresh"},
        {"use": "staff"},
        {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
        {"nbf": datetime(2100, 1, 1, tzinfo=UTC)},
        {"iat": datetime(2100, 1, 1, tzinfo=UTC)},
        {"sid": "01900000-0000-7000-8000-000000000000"},
        {"sid": "x"},
        {"sid": 7},
    ],
    ids=str,
)
def test_a_token_for_something_else_is_none(world: World, member: Member, change: Claims) -> None:
    assert session_status(world, forged(world, member, lambda claims: claims.update(change))) == 401


def test_an_expired_access_token_says_that_it_may_be_renewed(world: World, member: Member) -> None:
    old = {"exp": datetime.now(UTC) - timedelta(minutes=1)}
    token = forged(world, member, lambda claims: claims.update(old))
    header = {"Authorization": f"Bearer {token}"}
    problem(world.client().get("/api/v1/session", headers=header), 401, "auth.expired")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_with_the_right_key_is_refused(
    world: World, member: Member, algorithm: str
) -> None:
    """Row H3."""
    assert session_status(world, forged(world, member, lambda claims: None, algorithm=algorithm)) == 401


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_a_token_without_signature_is_refused(world: World, member: Member, algorithm: str) -> None:
    _, payload, _ = forged(world, member, lambda claims: None).split(".")
    head = urlsafe_b64encode(f'{{"alg":"{algorithm}","typ":"JWT"}}'.encode()).rstrip(b"=").decode()
    for token in (f"{head}.{payload}.", f"{head}.{payload}", f"{head}.{payload}.AAAA"):
        assert session_status(world, token) == 401


def test_a_changed_or_strange_token_is_refused(world: World, member: Member) -> None:
    """Row H8."""
    token = forged(world, member, lambda claims: None)
    head, payload, signature = token.split(".")
    other = forged(world, world.member(), lambda claims: None).split(".")[1]
    strange = [
        f"{head}.{other}.{signature}",
        f"{head}.{payload}.{signature[:-4]}AAAA",
        "a.b.c",
        "",
        "x" * 5000,
        f"{token} {token}",
    ]
    assert [session_status(world, each) for each in strange] == [401] * len(strange)
    client = world.client()
    for header in (f"bearer {token}", token, f"Basic {token}", f"Token {token}"):
        assert client.get("/api/v1/session", headers={"Authorization": header}).status_code == 401
    assert client.get(f"/api/v1/session?access_token={token}&jwt={token}").status_code == 401


def test_a_token_of_another_key_is_refused(world: World, member: Member) -> None:
    """The staff zone's key, and a key that is the public text of nothing."""
    for key in (world.product.settings.secret("jwt_staff"), "k" * 64):
        assert session_status(world, forged(world, member, lambda claims: None, key=key)) == 401


def test_headers_of_a_token_are_not_followed(world: World, member: Member) -> None:
    """Row H7: kid, jku and x5u lead nowhere; the key is ours."""
    headers = {"kid": "../../dev/null", "jku": "http://127.0.0.1:1/k", "x5u": "http://127.0.0.1:1/c"}
    assert session_status(world, forged(world, member, lambda claims: None, headers=headers)) == 200
    assert (
        session_status(world, forged(world, member, lambda claims: None, headers=headers, key="\0" * 32))
        == 401
    )
    critical = {"crit": ["exp"], "exp": 1}
    assert session_status(world, forged(world, member, lambda claims: None, headers=critical)) == 401


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
