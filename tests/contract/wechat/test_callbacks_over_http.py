"""Pushes of the double to the product's webhook: taken in once, answered in time, forgeries without effect."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.webhooks import sms as sms_webhook
from app.webhooks import wechat as wechat_webhook
from runtime.late_messages import LateMessages
from sandbox.assembly import Sandbox
from sandbox.trial import product
from sandbox.wechat.push import render
from services.core.clock import SystemClock
from services.core.db import Sessions, make_sessions
from tests.support.databases import Database, DatabaseServer
from wechat.callbacks import CallbackMessage
from wechat.config import CallbackConfig
from wechat.conversation import answer
from wechat.replay_store import WeChatCallbackSeen
from wechat.replies import Reply


class Told(dict[str, str]):
    """Facts of the conversation."""

    def tell(self, what: str) -> str:
        return self.get(what, "")


class Product:
    """The webhook's ports over a database of its own; what comes in is written down here."""

    def __init__(self, sandbox: Sandbox, clock: SystemClock, sessions: Sessions) -> None:
        keys = sandbox.setup.settings["wechat"]
        self.clock = clock
        self.wechat_callback_configs = {
            "account": CallbackConfig(keys["appid"], keys["original_id"], keys["token"], keys["aes_key"]),
            "mini": CallbackConfig(
                keys["mini_appid"], keys["mini_original_id"], keys["mini_token"], keys["mini_aes_key"], "mini"
            ),
        }
        self.sms_receipt_secrets = {"tencent": sandbox.setup.settings["sms"]["receipt_path_secret"]}
        self.sessions = self.callback_sessions = sessions
        self.taken: list[CallbackMessage] = []
        self.receipts: list[Any] = []
        self.facts: Told | None = None
        self.breaks = 0
        self.waits: Callable[[Session], object] = lambda session: None

    def on_wechat_message(self, session: Session, message: CallbackMessage) -> Reply | None:
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("broken")
        self.waits(session)
        self.taken.append(message)
        return answer(message, lambda openid: self.facts, "https://gjj.example.cn")

    def on_sms_receipts(self, session: object, receipts: list[Any]) -> None:
        self.receipts.extend(receipts)


@pytest.fixture(scope="module")
def one_database(database_server: DatabaseServer) -> Iterator[Database]:
    with database_server.clone("callbacks") as database:
        yield database


@pytest.fixture
def sessions(one_database: Database) -> Sessions:
    sessions = make_sessions(one_database.engine)
    with sessions.begin() as session:
        session.execute(text("DELETE FROM wechat_callback_seen"))
    return sessions


@pytest.fixture
def ours(sandbox: Sandbox, clock: SystemClock, sessions: Sessions) -> Iterator[Product]:
    app, own = Flask("product"), Product(sandbox, clock, sessions)
    app.extensions["anju"] = own
    app.register_blueprint(wechat_webhook.blueprint)
    app.register_blueprint(sms_webhook.blueprint)
    with product(app, sandbox.setup):
        yield own


def _marks(sessions: Sessions) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(WeChatCallbackSeen)) or 0


def _said(sandbox: Sandbox, openid: str) -> list[str]:
    return [message["text"] for message in sandbox.account.chat(openid) if message["from"] == "account"]


def test_a_question_is_answered_in_the_conversation(sandbox: Sandbox, ours: Product, li: str) -> None:
    ours.facts = Told(balance="您的余额是 56,000.00 元。")
    assert sandbox.pusher.text(li, "余额").result(10) == "replied"
    assert _said(sandbox, li)[0].startswith("您的余额是 56,000.00 元。")
    assert ours.taken[0].openid == li


@pytest.mark.parametrize("event", ["subscribe", "CLICK"])
def test_events_are_answered(sandbox: Sandbox, ours: Product, li: str, event: str) -> None:
    assert sandbox.pusher.event(li, event, EventKey="STAFF").result(10) == "replied"
    assert len(_said(sandbox, li)) == 1


def test_the_result_of_a_template_message_arrives(sandbox: Sandbox, ours: Product, li: str) -> None:
    sent = sandbox.pusher.event(li, "TEMPLATESENDJOBFINISH", MsgID=1234567890123456789, Status="success")
    assert sent.result(10) == "success"
    assert (ours.taken[0].fields["MsgID"], ours.taken[0].fields["Status"]) == (
        "1234567890123456789",
        "success",
    )


def test_duplicates_have_one_effect(sandbox: Sandbox, ours: Product, li: str) -> None:
    sandbox.world.faults.order("wechat", "push", "duplicate")
    sandbox.pusher.text(li, "进度").result(10)
    assert len(ours.taken) == 1
    statuses = [call["status"] for call in sandbox.store.entries("received", "push")]
    assert statuses == [200, 200, 200]


@pytest.mark.parametrize("kind", ["bad_signature", "wrong_appid", "old_timestamp"])
def test_forgeries_are_refused_without_effect(
    sandbox: Sandbox, ours: Product, li: str, kind: str, sessions: Sessions
) -> None:
    sandbox.world.faults.order("wechat", "push", kind)
    assert sandbox.pusher.text(li, "余额").result(10) == "failed"
    assert ours.taken == []
    assert _marks(sessions) == 0


def test_a_handler_that_broke_gets_the_message_again(sandbox: Sandbox, ours: Product, li: str) -> None:
    ours.breaks = 1
    assert sandbox.pusher.text(li, "余额").result(10) == "replied"
    assert len(ours.taken) == 1


def test_every_copy_of_a_message_gets_the_same_answer(sandbox: Sandbox, ours: Product, li: str) -> None:
    head = {"ToUserName": sandbox.setup.settings["wechat"]["original_id"], "FromUserName": li}
    xml = render({**head, "CreateTime": 1, "MsgType": "text", "Content": "人工", "MsgId": 5})
    answers = []
    for _ in range(3):
        query, body = sandbox.pusher.seal(li, xml, "")
        headers = {"Content-Type": "text/xml"}
        answers.append(requests.post(sandbox.pusher.url, params=query, data=body, headers=headers, timeout=5))
    opened = [sandbox.pusher._open(answer.text).findtext("Content") for answer in answers]
    assert opened[0] is not None
    assert "12329" in opened[0]
    assert opened[1:] == opened[:1] * 2
    assert len(ours.taken) == 1


def test_a_database_that_does_not_answer_is_not_waited_for(
    sandbox: Sandbox, ours: Product, li: str, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat_webhook, "TAKE_IN_S", 0.2)
    ours.waits = lambda session: session.execute(text("SELECT pg_sleep(30)"))
    began = time.monotonic()
    assert sandbox.pusher.text(li, "余额").result(10) == "success"
    assert time.monotonic() - began < 3
    assert (ours.taken, _marks(sessions)) == ([], 0)
    with sessions() as session:
        row = session.execute(text("SELECT task_name, args FROM procrastinate_jobs")).one()
    assert row.task_name == "wechat.take_in"
    assert set(row.args) == {"app", "encrypted", "nonce", "seal"}
    assert "余额" not in str(row.args)
    assert li not in str(row.args)

    ours.waits, ours.facts = lambda session: None, Told(balance="账户余额 1.00 元。")
    client = Chat()
    late = LateMessages(
        sessions,
        ours.clock,
        ours.wechat_callback_configs,
        ours.on_wechat_message,
        client,  # type: ignore[arg-type]
    )
    for _ in range(2):
        late.take_in(**row.args)
    assert [(openid, reply.text.split("\n")[0]) for openid, reply in client.said] == [
        (li, "账户余额 1.00 元。")
    ]
    assert len(ours.taken) == 1


class Chat:
    """Customer-service messages, written down."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Reply]] = []

    def send_to_chat(self, openid: str, reply: Reply) -> None:
        self.said.append((openid, reply))


def test_url_verification(sandbox: Sandbox, ours: Product) -> None:
    query, _ = sandbox.pusher.seal("o", "x", "")
    good = requests.get(sandbox.pusher.url, params={**query, "echostr": "123"}, timeout=5)
    assert (good.status_code, good.text) == (200, "123")
    bad = requests.get(sandbox.pusher.url, params={**query, "signature": "0" * 40, "echostr": "1"}, timeout=5)
    assert bad.status_code == 403


def test_sms_receipts_need_the_secret_path(sandbox: Sandbox, ours: Product) -> None:
    secret = ours.sms_receipt_secrets["tencent"]
    url = f"{sandbox.setup.public_base_url}/webhooks/sms/tencent/{secret}"
    report = {"mobile": "13800000031", "report_status": "SUCCESS", "sid": "s1", "errmsg": "DELIVRD"}
    good = requests.post(url, json=[report], timeout=5)
    assert good.json() == {"result": 0, "errmsg": "OK"}
    assert requests.post(url + "x", json=[report], timeout=5).status_code == 404
    assert requests.post(url, json={"a": 1}, timeout=5).status_code == 400
    assert [receipt.reference for receipt in ours.receipts] == ["tencent:s1"]
