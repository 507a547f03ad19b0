"""From wx.login to the money in the mini-program, over the wire to the sandbox's WeChat.

What the API answers on the way is what the client's own tests are given (`client/tests/mini/answers.json`); this test
holds them to it. `RECORD_ANSWERS=1` writes them anew.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from config.settings import ROOT
from sandbox.assembly import Sandbox
from tests.contract.wechat.conftest import MemoryTokenStore
from tests.support.domain.fakes import movement
from tests.support.domain.mini import MiniPhone, on_sandbox
from tests.support.domain.world import World, idempotency
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.face_verification import WeChatFaceVerifier

ANSWERS = ROOT / "client" / "tests" / "mini" / "answers.json"
_TOKEN = re.compile(r'("(access|refresh)_token": ")[^"]+')
_ID = re.compile(r"/[0-9a-f]{8}-[0-9a-f-]{27}")


class Recorder:
    """Asks as the mini-program does, and keeps each answer under its method and path."""

    def __init__(self, phone: MiniPhone) -> None:
        self.phone = phone
        self.answers: dict[str, Any] = {}

    def ask(
        self, method: str, path: str, body: Any = None, *, status: int = 200, name: str = "", **headers: str
    ) -> Any:
        answer = self.phone.ask(method, path, body, **headers)
        assert answer.status_code == status, answer.get_data(as_text=True)
        key = name or f"{method} {_ID.sub('/{id}', path.partition('?')[0])}"
        self.answers[key] = {"status": status, "body": answer.get_json()}
        return answer.get_json()


@pytest.fixture
def recorder(world: World, sandbox: Sandbox) -> Iterator[Recorder]:
    """A member nobody has bound yet, with the mini-program open."""
    keys = sandbox.setup.settings["wechat"]
    config = WeChatConfig(keys["mini_appid"], keys["mini_secret"], sandbox.setup.url("wechat"))
    verifications = world.product.verifications
    real = verifications._verifier
    verifications._verifier = WeChatFaceVerifier(WeChatClient(config, MemoryTokenStore(), world.clock))
    person, _ = world.enrol()
    with on_sandbox(world, sandbox):
        yield Recorder(MiniPhone(world, sandbox, person))
    verifications._verifier = real


def test_from_wx_login_to_the_money(world: World, recorder: Recorder, sandbox: Sandbox) -> None:
    _sign_in_and_bind(recorder)
    application = _apply(recorder)
    _verify_and_confirm(recorder, application, sandbox)
    account_id = world.one(
        "SELECT account_id FROM application WHERE application_id = :a", a=application
    ).account_id
    world.run_jobs(account_id, "settlement.dispatch", rounds=1)
    world.product.settlement_jobs.take_changes([movement(world.node.sent[-1])])
    done = recorder.ask("GET", f"/applications/{application}", name="GET /applications/{id} paid")
    assert (done["state"], done["account_balance_fen"]) == ("paid", 5_300_000)
    _look_around(recorder)
    if os.environ.get("RECORD_ANSWERS"):
        ANSWERS.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(recorder.answers, ensure_ascii=False, indent=1, sort_keys=True)
        ANSWERS.write_text(_TOKEN.sub(r"\1recorded-\2", text) + "\n", encoding="utf-8")
    kept = json.loads(ANSWERS.read_text(encoding="utf-8"))
    assert kept.keys() == recorder.answers.keys()
    for name, answer in recorder.answers.items():
        assert agree(kept[name], answer) == [], name


def _sign_in_and_bind(recorder: Recorder) -> None:
    phone = recorder.phone
    login = phone.log_in()
    recorder.answers["POST /auth/mini/login"] = {"status": 200, "body": login.get_json()}
    recorder.ask("GET", "/session", name="GET /session unbound")
    claim = {"name": phone.person.name, "id_no": phone.person.id_no}
    recorder.ask("POST", "/bind/sms-code", {**claim, "phone": phone.person.phone}, status=202)
    wrong = {**claim, "name": "赵安", "code": phone.wx("phone-number")}
    recorder.ask("POST", "/bind/mini-phone", wrong, status=422, name="POST /bind/mini-phone differs")
    right = {**claim, "code": phone.wx("phone-number")}
    phone.tokens = recorder.ask("POST", "/bind/mini-phone", right, status=201)


def _apply(recorder: Recorder) -> str:
    recorder.ask("GET", "/session")
    recorder.ask("GET", "/home")
    item = "/items/rent-withdrawal"
    recorder.ask("GET", item)
    recorder.ask("POST", f"{item}/quote", {}, status=403, name=f"POST {item}/quote unasked")
    version = recorder.ask("GET", "/consents/texts/data_sharing")["version"]
    consent = {"kind": "data_sharing", "text_version": version, "item_code": "rent-withdrawal"}
    recorder.ask("POST", "/consents", consent, status=201)
    card = recorder.ask("POST", f"{item}/quote", {})["cards"][0]["card_id"]
    form = {"amount_fen": 300_000, "card_id": card}
    opened = recorder.ask("POST", f"{item}/applications", form, status=201, **idempotency())
    return str(opened["application_id"])


def _verify_and_confirm(recorder: Recorder, application: str, sandbox: Sandbox) -> None:
    recorder.ask("GET", f"/applications/{application}")
    recorder.ask("GET", f"/applications/{application}/other-ways")
    version = recorder.ask("GET", "/consents/texts/face")["version"]
    given = {"kind": "face", "text_version": version, "application_id": application}
    consent = recorder.ask("POST", "/consents", given, status=201)["consent_id"]
    path = f"/applications/{application}/face-sessions"
    opened = recorder.ask("POST", path, {"consent_id": consent, "method": "wechat"}, status=201)
    url = f"{sandbox.setup.url('phone')}/phone/{recorder.phone.key}/facial-verify"
    assert requests.post(url, json={"verify_id": opened["verify_id"]}, timeout=5).json()["errCode"] == 0
    assert recorder.ask("POST", f"/face-sessions/{opened['session_id']}/returned", {})["state"] == "passed"
    body = {"face_session_id": opened["session_id"]}
    recorder.ask("POST", f"/applications/{application}/confirm", body, status=201, **idempotency())


def _look_around(recorder: Recorder) -> None:
    for path in ("applications", "cards", "certificates", "notices", "audit-log", "consents", "loans"):
        recorder.ask("GET", f"/{path}")
    recorder.ask("GET", "/account/postings")
    recorder.ask("GET", "/face-data")
    recorder.ask("GET", "/client-config")


def agree(kept: Any, now: Any, at: str = "") -> list[str]:
    """Where two answers differ in shape: other fields or other types; what is null or empty tells nothing."""
    if kept is None or now is None:
        return []
    if type(kept) is not type(now):
        return [f"{at}: {type(kept).__name__}, {type(now).__name__}"]
    if isinstance(kept, dict):
        strange = [f"{at}.{name}" for name in sorted(kept.keys() ^ now.keys())]
        shared = [
            fault
            for name in kept.keys() & now.keys()
            for fault in agree(kept[name], now[name], f"{at}.{name}")
        ]
        return strange + shared
    if isinstance(kept, list):
        return [
            fault
            for one, other in zip(kept[:1], now[:1], strict=False)
            for fault in agree(one, other, f"{at}[]")
        ]
    return []


def test_a_field_more_or_less_or_of_another_type_is_told() -> None:
    assert agree({"a": 1, "b": [{"c": ""}]}, {"a": 2, "b": [{"c": "x"}, {}]}) == []
    assert agree({"a": 1}, {"a": 1, "b": 2}) == [".b"]
    assert agree({"a": [{"c": 1}]}, {"a": [{}]}) == [".a[].c"]
    assert agree({"a": 1}, {"a": "1"}) == [".a: int, str"]
    assert agree({"a": None}, {"a": {"b": 1}}) == []
