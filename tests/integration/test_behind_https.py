"""As in production, behind HTTPS: browsers are told to stay with it, and cookies go nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.factory import create_app
from app.staff_desk.assembly import create_desk
from tests.support.domain.world import World

HSTS = "max-age=31536000; includeSubDomains"


@pytest.fixture
def member_zone(world: World) -> FlaskClient:
    """A browser at the member zone."""
    own = world.product.ports()
    settings = own.settings.model_copy(update={"public_base_url": "https://gjj.example"})
    return create_app(replace(own, settings=settings)).test_client()


@pytest.fixture
def desk_zone(world: World) -> FlaskClient:
    """A browser at the review desk."""
    own = world.product.desk_ports()
    settings = own.settings.model_copy(update={"staff_base_url": "https://shenhe.gjj.example"})
    return create_desk(replace(own, settings=settings)).test_client()


@pytest.mark.parametrize("path", ["/", "/m/", "/api/v1/home", "/api/v1/client-config", "/nowhere", "/webhooks/wechat"])
def test_every_answer_of_the_member_zone_keeps_browsers_at_https(member_zone: FlaskClient, path: str) -> None:
    assert member_zone.get(path).headers.getlist("Strict-Transport-Security") == [HSTS]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/queue", "/static/desk.css", "/nowhere"])
def test_every_answer_of_the_desk_does_so_too(desk_zone: FlaskClient, path: str) -> None:
    assert desk_zone.get(path).headers.getlist("Strict-Transport-Security") == [HSTS]


def test_the_state_of_a_sign_in_goes_over_https_only(member_zone: FlaskClient) -> None:
    (cookie,) = member_zone.get("/api/v1/auth/wechat/start").headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-anju_state=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_so_do_the_cookies_of_the_desk(desk_zone: FlaskClient) -> None:
    cookies = desk_zone.get("/sign-in").headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-anju_desk")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
