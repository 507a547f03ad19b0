"""Who may ask for what: every route has its zone, nobody sees another's, and every answer carries the safe headers."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.contract.api.reading import problem
from tests.support.domain.world import Member, World, idempotency

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
    "/api/v1/public/certificates/<number>/verify",
    "/verify/<number>",
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


def address(rule: Rule) -> str:
    """A path of the route, with made-up keys."""
    values = {name: str(uuid4()) for name in rule.arguments}
    path = rule.rule
    for name, value in values.items():
        path = path.replace(f"<{name}>", value).replace(f"<path:{name}>", value)
    return path


def test_every_member_route_wants_somebody_signed_in(world: World) -> None:
    """Asked by nobody, each says 401 before it reads the body."""
    client = world.client()
    asked = 0
    for rule in rules(world.app):
        if rule.rule in PUBLIC or rule.rule.startswith(("/webhooks/", "/docs")):
            continue
        assert rule.rule.startswith("/api/v1/"), rule.rule
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            problem(client.open(address(rule), method=method, json={}), 401, "auth.required")
            asked += 1
    assert asked >= 25


def test_every_route_says_its_zone(world: World) -> None:
    for rule in rules(world.app):
        view = world.app.view_functions[rule.endpoint]
        zone = getattr(view, "auth_zone", None)
        if rule.rule.startswith(("/webhooks/", "/docs", "/openapi")):
            continue
        assert zone == ("public" if rule.rule in PUBLIC else "member"), rule.rule


def test_somebody_not_bound_gets_no_further_than_binding(world: World) -> None:
    member = world.member()
    client = world.client()
    with world.sessions.begin() as session:
        session.connection().exec_driver_sql(
            "UPDATE login_session SET account_id = NULL WHERE session_id = %s", (member.session_id,)
        )
    for path in (
        "/api/v1/home",
        "/api/v1/items",
        "/api/v1/applications",
        "/api/v1/cards",
        "/api/v1/audit-log",
    ):
        problem(client.get(path, headers=member.bearer), 403, "bind.required")
    assert client.get("/api/v1/session", headers=member.bearer).get_json()["bound"] is False


@pytest.fixture
def foreign(world: World) -> list[tuple[str, str, dict[str, object] | None]]:
    """Everything another member has, by method and path."""
    owner = world.member()
    application = world.submit(owner)
    face = world.passed_face(owner, application)
    consent = world.consent(owner, "face")
    proof = world.client().post(
        "/api/v1/items/contribution-certificate/applications",
        json={"purpose": "general"},
        headers=owner.bearer | idempotency(),
    )
    world.run_jobs(owner.account_id, "certificates.draw")
    certificate = world.one(
        "SELECT certificate_id AS id FROM certificate WHERE account_id = :a", a=owner.account_id
    )
    assert proof.status_code == 201
    case = f"/api/v1/applications/{application.application_id}"
    return [
        ("GET", case, None),
        ("POST", f"{case}/cancel", None),
        ("POST", f"{case}/confirm", {"face_session_id": str(face)}),
        ("POST", f"{case}/face-sessions", {"consent_id": str(consent)}),
        ("GET", f"/api/v1/face-sessions/{face}", None),
        (
            "POST",
            f"/api/v1/face-sessions/{face}/frames",
            {
                "batch": 0,
                "frames": [{"seq": 0, "at_ms": 0, "prompt": 0, "jpeg": "/9j/", "mac": "AA"}],
                "device_signature": "AA",
            },
        ),
        ("GET", f"/api/v1/certificates/{certificate.id}/pdf", None),
        ("DELETE", f"/api/v1/consents/{consent}", None),
    ]


def test_what_belongs_to_another_is_as_absent_as_what_is_not_there(
    world: World, member: Member, foreign: list[tuple[str, str, dict[str, object] | None]]
) -> None:
    """404, word for word the same, so that nothing can be found by asking."""
    client = world.client()
    for method, path, body in foreign:
        headers = member.bearer | idempotency()
        key = path.split("/")[4]
        seen = problem(client.open(path, method=method, json=body, headers=headers), 404, "request.not_found")
        headers = member.bearer | idempotency()
        absent = path.replace(key, str(uuid4()))
        none = problem(
            client.open(absent, method=method, json=body, headers=headers), 404, "request.not_found"
        )
        assert {**seen, "instance": ""} == {**none, "instance": ""}
        garbled = path.replace(key, "x'--")
        problem(client.open(garbled, method=method, json=body, headers=member.bearer | idempotency()), 404)


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


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_other_sites_get_no_cors(world: World, member: Member, origin: str) -> None:
    """Row H14."""
    client = world.client()
    for answer in (
        client.get("/api/v1/home", headers=member.bearer | {"Origin": origin}),
        client.options("/api/v1/home", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}),
    ):
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "TRACE"])
def test_other_methods_are_refused(world: World, member: Member, method: str) -> None:
    """Row H16, with the override headers that must do nothing."""
    headers = member.bearer | {"X-HTTP-Method-Override": "GET"}
    body = problem(world.client().open("/api/v1/home", method=method, headers=headers), 405, "request.method")
    assert body["status"] == 405


def test_the_log_of_looks_shows_what_was_asked(world: World, member: Member) -> None:
    world.submit(member)
    entries = world.client().get("/api/v1/audit-log", headers=member.bearer).get_json()["entries"]
    texts = [entry["text"] for entry in entries]
    assert "查询了婚姻登记，用于租房提取" in texts
    assert "查询了不动产登记，用于租房提取" in texts
    assert all(entry["at"].endswith("+08:00") for entry in entries)
