"""Pushes of the double to the product's webhook: taken in once, answered at once, forgeries without effect."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from flask import Flask

from app.webhooks import sms as sms_webhook
from app.webhooks import wechat as wechat_webhook
from sandbox.assembly import Sandbox
from sandbox.trial import product
from services.core.clock import SystemClock
from wechat.callbacks import CallbackMessage
from wechat.config import CallbackConfig
from wechat.conversation import answer
from wechat.replies import ChatFacts, Reply


class Product:
    """The webhook's ports with memory in place of the database."""

    def __init__(self, sandbox: Sandbox, clock: SystemClock) -> None:
        keys = sandbox.setup.settings["wechat"]
        self.clock = clock
        self.wechat_callback_config = CallbackConfig(
            keys["appid"], keys["original_id"], keys["token"], keys["aes_key"]
        )
        self.sms_receipt_secrets = {"tencent": sandbox.setup.settings["sms"]["receipt_path_secret"]}
        self.sessions = SimpleNamespace(begin=self._begin)
        self.taken: list[CallbackMessage] = []
        self.receipts: list[Any] = []
        self.marks: set[str] = set()
        self.facts: ChatFacts | None = None
        self.breaks = 0

    @contextmanager
    def _begin(self) -> Iterator[set[str]]:
        marks = set(self.marks)
        yield marks
        self.marks = marks

    def on_wechat_message(self, session: object, message: CallbackMessage) -> Reply | None:
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("broken")
        self.taken.append(message)
        return answer(message, lambda openid: self.facts, "https://gjj.example.cn")

    def on_sms_receipts(self, session: object, receipts: list[Any]) -> None:
        self.receipts.extend(receipts)


class MemoryReplayStore:
    def __init__(self, marks: set[str]) -> None:
        self._marks = marks

    def first_time(self, key: str, now: object) -> bool:
        fresh = key not in self._marks
        self._marks.add(key)
        return fresh


@pytest.fixture
def ours(sandbox: Sandbox, clock: SystemClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    monkeypatch.setattr(wechat_webhook, "DatabaseReplayStore", MemoryReplayStore)
    app, own = Flask("product"), Product(sandbox, clock)
    app.extensions["anju"] = own
    app.register_blueprint(wechat_webhook.blueprint)
    app.register_blueprint(sms_webhook.blueprint)
    with product(app, sandbox.setup):
        yield own


def _said(sandbox: Sandbox, openid: str) -> list[str]:
    return [message["text"] for message in sandbox.account.chat(openid) if message["from"] == "account"]


def test_a_question_is_answered_in_the_conversation(sandbox: Sandbox, ours: Product, li: str) -> None:
    ours.facts = ChatFacts(balance="您的余额是 56,000.00 元。")
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
def test_forgeries_are_refused_without_effect(sandbox: Sandbox, ours: Product, li: str, kind: str) -> None:
    sandbox.world.faults.order("wechat", "push", kind)
    assert sandbox.pusher.text(li, "余额").result(10) == "failed"
    assert ours.taken == []
    assert ours.marks == set()


def test_a_handler_that_broke_gets_the_message_again(sandbox: Sandbox, ours: Product, li: str) -> None:
    ours.breaks = 1
    assert sandbox.pusher.text(li, "余额").result(10) == "replied"
    assert len(ours.taken) == 1


def test_repeated_parameters_are_refused(sandbox: Sandbox, ours: Product, li: str) -> None:
    query, body = sandbox.pusher.seal(li, "<xml></xml>", "")
    url = f"{sandbox.pusher.url}?nonce=other"
    answer = requests.post(url, params=query, data=body, headers={"Content-Type": "text/xml"}, timeout=5)
    assert answer.status_code == 400


def test_url_verification(sandbox: Sandbox, ours: Product) -> None:
    query, _ = sandbox.pusher.seal("o", "x", "")
    good = requests.get(sandbox.pusher.url, params={**query, "echostr": "123"}, timeout=5)
    assert (good.status_code, good.text) == (200, "123")
    bad = requests.get(sandbox.pusher.url, params={**query, "signature": "0" * 40, "echostr": "1"}, timeout=5)
    assert bad.status_code == 400


def test_sms_receipts_need_the_secret_path(sandbox: Sandbox, ours: Product) -> None:
    report = {"mobile": "13800000031", "report_status": "SUCCESS", "sid": "s1", "errmsg": "DELIVRD"}
    good = requests.post(sandbox.network.receipt_url, json=[report], timeout=5)
    assert good.json() == {"result": 0, "errmsg": "OK"}
    assert requests.post(sandbox.network.receipt_url + "x", json=[report], timeout=5).status_code == 404
    assert requests.post(sandbox.network.receipt_url, json={"a": 1}, timeout=5).status_code == 400
    assert [receipt.provider_ref for receipt in ours.receipts] == ["s1"]
