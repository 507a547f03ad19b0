"""Zones of the routes beside the API, lists of one's own, safe headers; who may ask for what is the access matrix."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.support.domain.world import Member, World

PUBLIC = {
    "/",
    "/m/",
    "/m/<path:path>",
    "/api/v1/auth/wechat/start",
    "/api/v1/auth/wechat/callback",
    "/api/v1/auth/refresh",
    "/api/v1/auth/mini/login",
    "/api/v1/consents/texts/<kind>",
    "/api/v1/client-config",
    "/api/v1/jssdk-config",
    "/api/v1/public/announcements",
    "/api/v1/public/certificates/<number>/verify",
    "/api/v1/public/service-points",
    "/verify/<number>",
    "/verify/receipts/<case_no>",
    "/<name>.txt",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
}
"""Everything a stranger may reach; a new public route is a decision, made here."""


def rules(app: Flask) -> list[Rule]:
    """All routes."""
    return list(app.url_map.iter_rules())


def test_every_route_says_its_zone(world: World) -> None:
    for rule in rules(world.app):
        view = world.app.view_functions[rule.endpoint]
        zone = getattr(view, "auth_zone", None)
        if rule.rule.startswith(("/webhooks/", "/docs", "/openapi")):
            continue
        assert zone == ("public" if rule.rule in PUBLIC else "member"), rule.rule


def test_metrics_are_for_this_machine(world: World) -> None:
    """Not for a phone, and not for who comes through our proxy, whose address is the phone's again."""
    client = world.client()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    for word in ("unknown", "10.0.0.1:5050", "127.0.0.1, 10.0.0.1", "[::1]", ""):
        assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": word}).status_code == 404


def test_lists_hold_only_ones_own(world: World, member: Member) -> None:
    other = world.member()
    world.approved(other)
    client = world.client()
    own = client.get("/api/v1/home", headers=member.bearer).get_json()
    assert own["in_progress"] == []
    assert own["account"]["balance_fen"] == 5_600_000
    for path, name in (
        ("applications", "applications"),
        ("certificates", "certificates"),
        ("notices", "notices"),
        ("consents", "consents"),
    ):
        assert client.get(f"/api/v1/{path}", headers=member.bearer).get_json()[name] == []
    cards = client.get("/api/v1/cards", headers=member.bearer).get_json()["cards"]
    assert [card["card_id"] for card in cards] == [str(member.card_id)]


def test_a_foreign_posting_key_opens_no_page(world: World, member: Member) -> None:
    other = world.member()
    client = world.client()
    theirs = client.get("/api/v1/account/postings?limit=1", headers=other.bearer).get_json()["next_before"]
    page = client.get(f"/api/v1/account/postings?before={theirs}", headers=member.bearer).get_json()
    assert page == {"postings": [], "next_before": None}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/healthz",
        "/api/v1/home",
        "/api/v1/nothing",
        "/openapi.json",
        "/api/v1/client-config",
        "/verify/x",
    ],
)
def test_every_answer_carries_the_safe_headers(world: World, path: str) -> None:
    headers = world.client().get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "object-src 'none'" in headers["Content-Security-Policy"]
    assert len(headers["X-Request-Id"]) >= 8
    assert "Werkzeug" not in headers.get("Server", "")


def test_only_the_page_may_hold_frames_of_wechat(world: World) -> None:
    """WeChat draws `<wx-open-subscribe>` in frames of its own; nothing else needs any."""
    policies = [
        world.client().get(path).headers["Content-Security-Policy"] for path in ("/m/assets/none.js", "/api/v1/home")
    ]
    assert ["frame-src https://*.qq.com webcompt:" in policy for policy in policies] == [True, False]


def test_the_page_is_told_what_wechat_may_be_asked_for(world: World) -> None:
    told = world.client().get("/api/v1/client-config").get_json()
    settlement = {"name": "settlement_paid", "id": "tpl-settlement-paid"}
    assert settlement in told["subscribe_templates"]
    assert settlement in told["mini_templates"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_other_sites_get_no_cors(world: World, member: Member, origin: str) -> None:
    """Row H14."""
    client = world.client()
    for answer in (
        client.get("/api/v1/home", headers=member.bearer | {"Origin": origin}),
        client.options("/api/v1/home", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}),
    ):
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


def test_the_log_of_looks_shows_what_was_asked(world: World, member: Member) -> None:
    world.submit(member)
    entries = world.client().get("/api/v1/audit-log", headers=member.bearer).get_json()["entries"]
    texts = [entry["text"] for entry in entries]
    assert "查询了婚姻登记，用于租房提取" in texts
    assert "查询了不动产登记，用于租房提取" in texts
    assert all(entry["at"].endswith("+08:00") for entry in entries)
