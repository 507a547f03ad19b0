"""The access matrix: every operation of the API and every page of the desk, asked by everybody who may not."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import text
from werkzeug.test import TestResponse

from services.core.db import transaction
from tests.catalogue.sealed import token_of
from tests.contract.api.access import (
    DESK_OPEN,
    DESK_STAFF,
    MEMBER,
    PUBLIC,
    SIGNED_IN,
    THINGS,
    desk_path,
    operations,
)
from tests.contract.api.reading import problem
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World, idempotency

Operation = tuple[str, str, str]


@dataclass
class Everybody:
    """Two members, one of whom has one of everything, and a colleague at the desk."""

    world: World
    owner: Member
    other: Member
    desk: DeskWorld
    colleague: Colleague
    keys: dict[str, str]

    @property
    def operations(self) -> list[Operation]:
        """Of the API."""
        return [found for found in operations(self.world.app.spec) if found[2].startswith("/api/v1/")]  # type: ignore[attr-defined]

    def not_public(self) -> list[Operation]:
        """Those that want somebody."""
        return [found for found in self.operations if found[0] not in PUBLIC]


@pytest.fixture(scope="module")
def everybody(world_of_process: World) -> Iterator[Everybody]:
    """Made once; asking for what one may not have changes nothing."""
    world = world_of_process
    world.reset()
    desk = DeskWorld(world)
    owner, review = desk.in_review()
    world.sharing.reset()
    loan = lend(world, owner)
    colleague = desk.colleague().sign_in()
    keys = {
        "application_id": str(review.application_id),
        "document_id": _picture(world, owner, str(review.application_id)),
        "session_id": _face_of(world, owner),
        "consent_id": str(world.consent(owner, "face")),
        "certificate_id": _certificate(world, owner),
        "loan_id": str(loan),
        "link_id": _helped_by(world, owner),
        "key": str(uuid4()),
    }
    yield Everybody(world, owner, world.member(), desk, colleague, keys)
    assert world.new_violations() == {}


def _helped_by(world: World, owner: Member) -> str:
    """Somebody whose cases the owner may see."""
    relatives, inviting = world.product.ports().relatives, world.member()
    with transaction(world.sessions) as session:
        _, code = relatives.invite(session, inviting.account_id, "女儿")
        return str(relatives.accept(session, owner.account_id, code).link_id)


def _picture(world: World, owner: Member, case: str) -> str:
    out = io.BytesIO()
    Image.new("RGB", (200, 200)).save(out, "JPEG")
    path, file = f"/api/v1/applications/{case}/documents", (io.BytesIO(out.getvalue()), "a.jpg")
    answer = world.client().post(path, data={"file": file}, headers=owner.bearer)
    return str(answer.get_json()["document_id"])


def _face_of(world: World, owner: Member) -> str:
    row = world.one("SELECT session_id AS id FROM face_session WHERE account_id = :a", a=owner.account_id)
    return str(row.id)


def _certificate(world: World, owner: Member) -> str:
    path = "/api/v1/items/contribution-certificate/applications"
    headers = owner.bearer | idempotency()
    assert world.client().post(path, json={"purpose": "general"}, headers=headers).status_code == 201
    world.run_jobs(owner.account_id, "certificates.draw")
    row = world.one("SELECT certificate_id AS id FROM certificate WHERE account_id = :a", a=owner.account_id)
    return str(row.id)


def address(path: str, keys: dict[str, str]) -> str:
    """A path with keys; what is no key of a thing is any text."""
    for name, value in keys.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{year}", "2025").replace("{kind}", "face").replace("{number}", "ZM1")


def ask(client: FlaskClient, operation: Operation, keys: dict[str, str], **headers: str) -> TestResponse:
    """The operation with a sound body, where its things are concerned, and an empty one elsewhere."""
    name, method, path = operation
    if name == "POST /applications/{application_id}/documents":
        data = {"file": (io.BytesIO(b"\xff\xd8\xff"), "a.jpg")}
        return client.open(address(path, keys), method=method, data=data, headers=headers)
    sound = json.loads(address(json.dumps(THINGS.get(name) or {}), keys))
    body = None if method == "GET" else sound
    return client.open(address(path, keys), method=method, json=body, headers=headers)


def test_every_operation_has_its_class(everybody: Everybody) -> None:
    """Whoever adds one says here who may ask."""
    classes = [PUBLIC, SIGNED_IN, MEMBER, set(THINGS)]
    listed = {name for name, _, _ in everybody.operations}
    assert set().union(*classes) == listed
    assert sum(map(len, classes)) == len(listed) >= 60


ALIKE = {"POST /face-sessions/{session_id}/returned": (403, "face.method")}
"""What the page of the public account may not ask at all: told before anything is looked up."""

INTRUDERS = ("nobody", "expired", "refresh", "staff", "staff's key", "staff in cookies", "ended")


def _intruder(everybody: Everybody, kind: str) -> tuple[FlaskClient, dict[str, str], str]:
    """A client, its headers, and the code it hears."""
    client, world = everybody.world.client(), everybody.world
    desk_token = everybody.colleague.client.get_cookie("anju_desk")
    assert desk_token is not None
    if kind == "staff in cookies":
        for name in ("anju_access", "anju_desk", "__Host-anju_access"):
            client.set_cookie(name, desk_token.value)
        return client, {"X-CSRF-Token": "x"}, "auth.required"
    if kind == "nobody":
        return client, {}, "auth.required"
    if kind == "ended":
        _, tokens = world.sign_in(everybody.other.person)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert client.post("/api/v1/auth/logout", headers=bearer).status_code == 204
        return client, bearer, "auth.revoked"
    own = world.product.settings
    token = {
        "expired": lambda: token_of(own.secret("jwt_member"), everybody.other, exp=-60),
        "refresh": lambda: str(everybody.other.tokens["refresh_token"]),
        "staff": lambda: desk_token.value,
        "staff's key": lambda: token_of(own.secret("jwt_staff"), everybody.other),
    }[kind]()
    return (
        client,
        {"Authorization": f"Bearer {token}"},
        "auth.expired" if kind == "expired" else "auth.required",
    )


@pytest.mark.parametrize("kind", INTRUDERS)
def test_every_route_refuses_what_is_no_access_token(everybody: Everybody, kind: str) -> None:
    """401 before the body is read, on every operation that is not public."""
    client, headers, code = _intruder(everybody, kind)
    for operation in everybody.not_public():
        problem(ask(client, operation, everybody.keys, **headers), 401, code)


def test_who_is_no_member_gets_no_further_than_binding(everybody: Everybody) -> None:
    """A WeChat user without a binding: 403 wherever a member is wanted, whatever the body."""
    world = everybody.world
    loose = world.member()
    with transaction(world.sessions) as session:
        statement = text("UPDATE login_session SET account_id = NULL WHERE session_id = :s")
        session.execute(statement, {"s": loose.session_id})
    client = world.client()
    for operation in everybody.not_public():
        if operation[0] not in SIGNED_IN:
            problem(ask(client, operation, everybody.keys, **loose.bearer), 403, "bind.required")
    assert client.get("/api/v1/session", headers=loose.bearer).get_json()["bound"] is False


def _forget_limits(world: World) -> None:
    with transaction(world.sessions) as session:
        session.execute(text("DELETE FROM rate_bucket"))


def test_what_is_anothers_is_as_absent_as_what_is_not_there(everybody: Everybody) -> None:
    """404, word for word the same for another's key, for a key of nothing, and for what is no key."""
    client, nothing = everybody.world.client(), {name: str(uuid4()) for name in everybody.keys}
    garbled = nothing | {name: "x'--" for name in everybody.keys if name != "key"}
    asked = 0
    for operation in (found for found in everybody.operations if found[0] in THINGS):
        answers = []
        for keys in (everybody.keys, nothing):
            _forget_limits(everybody.world)
            headers = everybody.other.bearer | idempotency()
            said = ALIKE.get(operation[0], (404, "request.not_found"))
            answers.append(problem(ask(client, operation, keys, **headers), *said))
            asked += 1
        assert {**answers[0], "instance": ""} == {**answers[1], "instance": ""}, operation
        path = address(operation[2], garbled)
        answer = client.open(path, method=operation[1], headers=everybody.other.bearer | idempotency())
        assert 400 <= answer.status_code < 500, operation
    assert asked == 2 * len(THINGS)


def test_the_owner_is_let_in_where_the_other_is_not(everybody: Everybody) -> None:
    """So that the refusals above are for whose it is."""
    client = everybody.world.client()
    for operation in everybody.operations:
        if operation[0] in THINGS and operation[1] == "GET":
            assert ask(client, operation, everybody.keys, **everybody.owner.bearer).status_code == 200, (
                operation
            )


def test_every_page_of_the_desk_has_its_class(everybody: Everybody) -> None:
    routes = {rule.rule for rule in everybody.desk.app.url_map.iter_rules()}
    assert routes == DESK_OPEN | DESK_STAFF


@pytest.mark.parametrize("kind", ["nobody", "member's header", "member's token as cookie", "old session"])
def test_the_desk_wants_somebody_of_its_own(everybody: Everybody, kind: str) -> None:
    """Nobody is shown a page or carries out a step without a session of the desk."""
    client, token = everybody.desk.client(), str(everybody.other.tokens["access_token"])
    headers = everybody.other.bearer if kind == "member's header" else {}
    if kind == "member's token as cookie":
        client.set_cookie("anju_desk", token)
    elif kind == "old session":
        client.set_cookie("anju_desk", "x" * 43)
    for rule in everybody.desk.app.url_map.iter_rules():
        if rule.rule not in DESK_STAFF:
            continue
        path = desk_path(rule.rule)
        if "GET" in (rule.methods or ()):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
        else:
            assert client.post(path, headers=headers, data={"mark": "0" * 64}).status_code == 403
