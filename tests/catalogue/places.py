"""Places: how a row of the catalogue reaches the running application. A row names its place."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from tests.catalogue.rows import Row, as_bytes
from tests.catalogue.scene import Scene
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, idempotency
from tests.unit.documents.test_pictures import BAD

JSON = "application/json"
API = "/api/v1"


def _json(scene: Scene, who: Member, path: str, body: bytes, **headers: str) -> TestResponse:
    return scene.client.post(API + path, data=body, content_type=JSON, headers=who.bearer | headers)


def _with(row: Row, form: dict[str, Any]) -> bytes:
    """A form with one value as the row has it: a text, or JSON as it is written."""
    marked = json.dumps(form | {row["at"]: "@@"}).encode()
    value = as_bytes(row["raw"]) if "raw" in row else json.dumps(row["input"]).encode()
    return marked.replace(b'"@@"', value)


def claim(scene: Scene, row: Row) -> TestResponse:
    """Somebody says who they are, to get a code for binding."""
    person = Person()
    form = {"name": person.name, "id_no": person.id_no, "phone": person.phone}
    return _json(scene, scene.member, "/bind/sms-code", _with(row, form))


def card(scene: Scene, row: Row) -> TestResponse:
    """The number of a new card."""
    body = _with({"at": "card_no"} | row, {"bank_code": "105000"})
    return _json(scene, scene.free, "/items/payee-card-change/quote", body)


def bank_code(scene: Scene, row: Row) -> TestResponse:
    """The bank of a new card."""
    body = _with({"at": "bank_code"} | row, {"card_no": "6217000000000000012"})
    return _json(scene, scene.free, "/items/payee-card-change/quote", body)


def amount_fen(scene: Scene, row: Row) -> TestResponse:
    """How much to draw, as the API takes it."""
    body = _with(row, {"card_id": str(scene.free.card_id)})
    return _json(scene, scene.free, "/items/rent-withdrawal/applications", body, **idempotency())


def amount_yuan(scene: Scene, row: Row) -> TestResponse:
    """How much to approve, as a colleague types it on the desk."""
    path = f"/cases/{scene.review.case_no}/opinion"
    form = {"verdict": "approve", "amount": row["input"], "mark": scene.mark}
    return scene.colleague.client.post(path, data=form)


def date(scene: Scene, row: Row) -> TestResponse:
    """When the house was bought."""
    return _json(scene, scene.free, "/items/purchase-withdrawal/quote", _with({"at": "bought_on"} | row, {}))


def picture(scene: Scene, row: Row) -> TestResponse:
    """A picture for a case that people look at."""
    data = BAD[row["file"]][0] if "file" in row else as_bytes(row["body"])
    return scene.client.post(
        f"{API}/applications/{scene.review.application_id}/documents",
        data={"file": (io.BytesIO(data), "../../x.php")},
        headers=scene.reviewed.bearer,
    )


def raw_json(scene: Scene, row: Row) -> TestResponse:
    """A body of bytes where a consent is given."""
    return _json(scene, scene.member, "/consents", as_bytes(row["body"]))


def typed(scene: Scene, row: Row) -> TestResponse:
    """A sound body with odd words about it; it lacks a field, so that nothing comes of it."""
    kind = row.get("type", JSON)
    return scene.client.post(
        f"{API}/consents",
        data=b'{"kind": "face"}',
        content_type=kind or None,
        headers=scene.member.bearer | row.get("headers", {}),
    )


def post(scene: Scene, row: Row) -> TestResponse:
    """A body to some other address."""
    path = scene.filled(row["path"])
    body = as_bytes(scene.filled(row["body"]))
    who = scene.member if "{case}" in row["path"] else scene.free
    return _json(scene, who, path.removeprefix(API), body, **idempotency())


def put(scene: Scene, row: Row) -> TestResponse:
    """A body that replaces what is there."""
    body = as_bytes(row["body"])
    return scene.client.put(row["path"], data=body, content_type=JSON, headers=scene.free.bearer)


def key(scene: Scene, row: Row) -> TestResponse:
    """A right withdrawal under an odd Idempotency-Key."""
    headers = Headers(list(scene.free.bearer.items()))
    for name, value in row["headers"]:
        headers.add(name, value.encode().decode("latin-1"))
    body = {"amount_fen": 300_000, "card_id": str(scene.free.card_id)}
    return scene.client.post(f"{API}/items/rent-withdrawal/applications", json=body, headers=headers)


def request(scene: Scene, row: Row) -> TestResponse:
    """Any request of a member."""
    return scene.client.open(
        scene.filled(row["path"]),
        method=row.get("method", "GET"),
        query_string=row.get("query"),
        headers=scene.member.bearer | row.get("headers", {}),
    )


def page(scene: Scene, row: Row) -> TestResponse:
    """Where somebody wants to be after signing in by WeChat."""
    client = scene.world.client()
    started = client.get(f"{API}/auth/wechat/start", query_string={"page": row["input"]})
    state = started.location.partition("state=")[2].partition("&")[0].partition("#")[0]
    code = scene.world.wechat_code(Person().openid)
    answer = client.get(f"{API}/auth/wechat/callback", query_string={"state": state, "code": code})
    assert answer.location == "/m/#/pages/home/home"
    return answer


def sign_in(scene: Scene, row: Row) -> TestResponse:
    """A stranger at the desk's door."""
    stranger = scene.desk.client()
    found = re.search(r'name="mark" value="([0-9a-f]+)"', stranger.get("/sign-in").get_data(as_text=True))
    assert found
    form = {"login": "nobody", "password": "wrong-wrong-wrong", "mark": found[1]} | {row["at"]: row["input"]}
    return stranger.post("/sign-in", data=form)


PLACES: dict[str, Callable[[Scene, Row], TestResponse]] = {
    "claim": claim,
    "card": card,
    "bank_code": bank_code,
    "amount_fen": amount_fen,
    "amount_yuan": amount_yuan,
    "date": date,
    "picture": picture,
    "json": raw_json,
    "typed": typed,
    "post": post,
    "put": put,
    "key": key,
    "request": request,
    "page": page,
    "sign_in": sign_in,
}
