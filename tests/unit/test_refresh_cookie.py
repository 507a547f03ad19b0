"""The refresh cookie: over HTTPS only the one that no other host of the domain can have set."""

from __future__ import annotations

from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask, Response

from app.http.auth import CSRF_HEADER, install, issue, refresh_claims, set_cookies
from app.member_api.auth import _state_cookie
from app.ports import Ports
from services.core.errors import Unauthenticated
from services.core.ids import new_id
from services.members.models import LoginSession


@pytest.fixture
def app() -> Flask:
    """A member zone behind HTTPS."""
    app = Flask("https")
    settings = SimpleNamespace(public_base_url="https://gjj.example")
    install(app, cast(Ports, SimpleNamespace(settings=settings, jwt_key="k" * 64)))
    return app


def _cookies(app: Flask) -> tuple[LoginSession, dict[str, str]]:
    row, response = LoginSession(session_id=new_id(), refresh_jti=new_id(), account_id=None), Response()
    jar: SimpleCookie = SimpleCookie()
    with app.test_request_context():
        set_cookies(response, issue(row))
    for header in response.headers.getlist("Set-Cookie"):
        jar.load(header)
    return row, {name: morsel.value for name, morsel in jar.items()}


def _refreshed(app: Flask, cookies: dict[str, str]) -> Any:
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    with app.test_request_context(headers={"Cookie": header, CSRF_HEADER: cookies["anju_csrf"]}):
        return refresh_claims(None)


def test_our_own_cookie_refreshes(app: Flask) -> None:
    row, cookies = _cookies(app)
    assert "__Host-anju_refresh" in cookies
    assert _refreshed(app, cookies) == (row.session_id, row.refresh_jti)


def test_a_cookie_set_by_another_host_of_the_domain_does_not(app: Flask) -> None:
    """Otherwise a sibling page could put the visitor into a thief's session, and their binding onto the thief's WeChat."""
    row, cookies = _cookies(app)
    _, foreign = _cookies(app)
    tossed = {"anju_refresh": foreign["__Host-anju_refresh"]}
    assert _refreshed(app, {**cookies, **tossed}) == (row.session_id, row.refresh_jti)
    with pytest.raises(Unauthenticated):
        _refreshed(app, {"anju_csrf": cookies["anju_csrf"], **tossed})


@pytest.mark.parametrize(
    ("base", "name", "secure"),
    [("https://gjj.example", "__Host-anju_state", True), ("http://127.0.0.1:8600", "anju_state", False)],
)
def test_the_state_of_a_sign_in_lies_in_such_a_cookie_too(base: str, name: str, secure: bool) -> None:
    own = SimpleNamespace(settings=SimpleNamespace(public_base_url=base))
    assert _state_cookie(cast(Ports, own)) == (name, secure)
