"""The double as another project meets it: consents used up, pushes spoiled and repeated, quotas, whitelist, 48 hours."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask, Response, request

from sandbox.assembly import Sandbox
from sandbox.trial import product, trial_setup
from sandbox.wechat import envelope
from sandbox.wechat.__main__ import parse, servers
from sandbox.wechat.push import TOLD_AFTER_S, Pusher

TEMPLATE = "tpl-security"
DATA = {"thing1": {"value": "收款卡改为建设银行尾号4321"}, "time2": {"value": "11月22日14:05"}}


def _api(
    sandbox: Sandbox, path: str, body: Any, kind: str = "stable", method: str = "POST"
) -> dict[str, Any]:
    token = sandbox.account.stable_token(force=False, kind=kind)["access_token"]
    url = f"{sandbox.setup.url('wechat')}/cgi-bin/{path}"
    answer: dict[str, Any] = requests.request(
        method, url, params={"access_token": token}, json=body, timeout=5
    ).json()
    return answer


def _phone(sandbox: Sandbox, path: str, body: Any) -> requests.Response:
    return requests.post(f"{sandbox.setup.url('phone')}{path}", json=body, timeout=5)


class Site:
    """A project's callback address: writes down what comes, answers as told."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.keys = sandbox.setup.settings["wechat"]
        self.came: list[tuple[str, str, dict[str, str]]] = []
        self.answers: list[tuple[str, int]] = []

    def take(self, app: str) -> Response:
        body = request.get_data(as_text=True)
        self.came.append((app, body, request.args.to_dict()))
        text, status = self.answers.pop(0) if self.answers else ("success", 200)
        return Response(text, status)

    def opened(self, number: int = -1) -> str:
        app, body, _ = self.came[number]
        start = "mini_" if app == "mini" else ""
        encrypted = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
        return envelope.decrypt(self.keys[f"{start}aes_key"], self.keys[f"{start}appid"], encrypted)


@pytest.fixture
def site(sandbox: Sandbox) -> Iterator[Site]:
    app, own = Flask("site"), Site(sandbox)
    app.add_url_rule("/webhooks/wechat", "account", lambda: own.take("account"), methods=["POST"])
    app.add_url_rule("/webhooks/wechat/mini", "mini", lambda: own.take("mini"), methods=["POST"])
    with product(app, sandbox.setup):
        yield own


def _settle(pusher: Pusher) -> None:
    """Wait until every push has ended, those of the next moment too: all of the pusher's threads meet."""
    due = threading.Event()
    pusher._later.after(TOLD_AFTER_S, due.set)
    assert due.wait(10)
    threads = pusher._pool._max_workers
    together = threading.Barrier(threads)
    for meeting in [pusher._pool.submit(together.wait, 10) for _ in range(threads)]:
        meeting.result(10)


def _settled(sandbox: Sandbox) -> None:
    for pusher in (sandbox.pusher, sandbox.pusher.mini):
        _settle(pusher)


@pytest.mark.parametrize(
    ("app", "path", "kind"),
    [("account", "message/subscribe/bizsend", "stable"), ("mini", "message/subscribe/send", "mini")],
)
def test_a_consent_is_one_message(sandbox: Sandbox, site: Site, app: str, path: str, kind: str) -> None:
    openid = sandbox.account.openid("li") if app == "account" else sandbox.account.mini_openid("li")
    body = {"touser": openid, "template_id": TEMPLATE, "page": "pages/home/home", "data": DATA}
    assert _api(sandbox, path, body, kind)["errcode"] == 43101
    answers = {TEMPLATE: "accept", "tpl-review": "reject"}
    assert _phone(sandbox, "/phone/li/subscribe", {"app": app, "answers": answers}).status_code == 200
    assert (
        _api(sandbox, path, {**body, "data": {**DATA, "thing1": {"value": "长" * 21}}}, kind)["errcode"]
        == 47003
    )
    sent = _api(sandbox, path, body, kind)
    assert (sent["errcode"], _api(sandbox, path, body, kind)["errcode"]) == (0, 43101)
    _settled(sandbox)
    events = [site.opened(number) for number in range(len(site.came))]
    popup = next(xml for xml in events if "popup_event" in xml)
    assert popup.count("<List>") == 2
    assert any("subscribe_msg_sent_event" in xml and str(sent["msgid"]) in xml for xml in events)
    assert {came[0] for came in site.came} == {app}
    shown = requests.get(f"{sandbox.setup.url('phone')}/control/phones/li/service", timeout=5).json()
    assert [message["app"] for message in shown["messages"]] == [app]
    assert shown["consents"][app][TEMPLATE]["left"] == 0


def test_switching_off_takes_consents_away(sandbox: Sandbox, site: Site) -> None:
    _phone(sandbox, "/phone/li/subscribe", {"answers": {TEMPLATE: "accept"}, "always": True})
    body = {"touser": sandbox.account.openid("li"), "template_id": TEMPLATE, "data": DATA}
    assert [_api(sandbox, "message/subscribe/bizsend", body)["errcode"] for _ in range(2)] == [0, 0]
    _phone(sandbox, "/phone/li/switch-off", {"template_id": TEMPLATE})
    assert _api(sandbox, "message/subscribe/bizsend", body)["errcode"] == 43101
    _settled(sandbox)
    assert any("subscribe_msg_change_event" in site.opened(number) for number in range(len(site.came)))


def test_what_is_not_answered_comes_three_times(sandbox: Sandbox, site: Site, li: str) -> None:
    site.answers = [("", 500)] * 3
    assert sandbox.pusher.text(li, "余额").result(10) == "failed"
    assert len(site.came) == 3
    assert len({site.opened(number) for number in range(3)}) == 1
    assert len({came[2]["msg_signature"] for came in site.came}) == 3
    assert "出现故障" in sandbox.account.chat(li)[-1]["text"]


def test_an_answer_that_got_lost_brings_the_message_again(sandbox: Sandbox, site: Site, li: str) -> None:
    sandbox.world.faults.order("wechat", "push", "lost_answer")
    assert sandbox.pusher.text(li, "余额").result(10) == "success"
    assert len(site.came) == 2


def test_pushes_are_spoiled_as_ordered(sandbox: Sandbox, site: Site, li: str) -> None:
    keys = sandbox.setup.settings["wechat"]

    def spoiled(kind: str) -> tuple[dict[str, str], str, str, bool]:
        """Query, body, what is encrypted in it, and whether the signature is right."""
        query, body = sandbox.pusher.seal(li, f"<xml>{keys['original_id']}</xml>", kind)
        encrypted = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
        right = envelope.sign(keys["token"], query["timestamp"], query["nonce"], encrypted)
        return query, body, encrypted, right == query.get("msg_signature")

    def inside(encrypted: str) -> str:
        return envelope.decrypt(keys["aes_key"], keys["appid"], encrypted)

    assert spoiled("")[3]
    for kind in ("wrong_token", "bad_signature", "upper_signature", "no_signature"):
        assert not spoiled(kind)[3], kind
    assert inside(spoiled("doctype")[2]).startswith("<!DOCTYPE")
    assert inside(spoiled("wrong_addressee")[2]) == "<xml>gh_000000000000</xml>"
    assert len(spoiled("shifted")[0]["timestamp"]) == 11
    assert len(spoiled("oversized")[1]) > 65536
    query, body, *_ = spoiled("plain")
    assert body.startswith("<xml>gh_")
    assert "encrypt_type" not in query
    with pytest.raises(envelope.BadEnvelope):
        inside(spoiled("wrong_appid")[2])


def test_the_chat_closes(sandbox: Sandbox, site: Site, li: str) -> None:
    body = {"touser": li, "msgtype": "text", "text": {"content": "您好"}}
    assert _api(sandbox, "message/custom/send", body)["errcode"] == 45015
    sandbox.pusher.text(li, "余额").result(10)
    assert [_api(sandbox, "message/custom/send", body)["errcode"] for _ in range(21)] == [0] * 20 + [45047]
    sandbox.pusher.text(li, "余额").result(10)
    card = {"title": "进度", "description": "付款中", "url": "http://127.0.0.1/", "picurl": ""}
    assert (
        _api(sandbox, "message/custom/send", {"touser": li, "msgtype": "news", "news": {"articles": [card]}})[
            "errcode"
        ]
        == 0
    )
    assert sandbox.account.chat(li)[-1]["type"] == "news"
    sandbox.world.shift_clock(48 * 3600 + 1)
    assert _api(sandbox, "message/custom/send", body)["errcode"] == 45015


def test_quotas_are_told_and_cleared_ten_times_a_month(sandbox: Sandbox) -> None:
    appid = sandbox.setup.settings["wechat"]["appid"]
    _api(sandbox, "menu/get", None, method="GET")
    told = _api(sandbox, "openapi/quota/get", {"cgi_path": "/cgi-bin/menu/get"})["quota"]
    assert told == {"daily_limit": 10_000, "used": 1, "remain": 9_999}
    cleared = [_api(sandbox, "clear_quota", {"appid": appid})["errcode"] for _ in range(11)]
    assert cleared == [0] * 10 + [48006]
    assert _api(sandbox, "openapi/quota/get", {"cgi_path": "/cgi-bin/menu/get"})["quota"]["used"] == 0


def test_the_whitelist(sandbox: Sandbox) -> None:
    assert _phone(sandbox, "/control/wechat/settings", {"ip_whitelist": ["10.0.0.1"]}).status_code == 200
    assert _api(sandbox, "getcallbackip", None, method="GET")["errcode"] == 40164
    _phone(sandbox, "/control/wechat/settings", {"ip_whitelist": ["127.0.0.1"]})
    assert _api(sandbox, "getcallbackip", None, method="GET")["errcode"] == 0


def test_a_token_that_is_none(sandbox: Sandbox) -> None:
    sandbox.world.faults.order("wechat", "stable_token", "wrong_token")
    keys = sandbox.setup.settings["wechat"]
    body = {"grant_type": "client_credential", "appid": keys["appid"], "secret": keys["secret"]}
    token = requests.post(f"{sandbox.setup.url('wechat')}/cgi-bin/stable_token", json=body, timeout=5).json()
    url = f"{sandbox.setup.url('wechat')}/cgi-bin/getcallbackip"
    answer = requests.get(url, params={"access_token": token["access_token"]}, timeout=5).json()
    assert answer["errcode"] == 40001


def test_other_kinds_are_pushed(sandbox: Sandbox, site: Site, li: str) -> None:
    for kind in ("voice", "image", "location", "video", "link"):
        assert _phone(sandbox, "/phone/li/send", {"kind": kind, "text": "余额"}).status_code == 200
        _settled(sandbox)
        assert f"<MsgType><![CDATA[{kind}]]></MsgType>" in site.opened(), kind


def test_it_runs_alone(sandbox: Sandbox, site: Site) -> None:
    ports = trial_setup(sandbox.setup.state / "alone").ports
    flags = ["--state", str(sandbox.setup.state / "alone"), "--port", str(ports["wechat"])]
    flags += ["--phone-port", str(ports["phone"]), "--members", str(sandbox.setup.members_file)]
    flags += ["--callback", f"{sandbox.setup.public_base_url}/webhooks/wechat", "--token", "mytoken"]
    setup, callbacks = parse(flags)
    running, pusher = servers(setup, callbacks)
    for server in running:
        server.start()
    try:
        requests.post(f"{setup.url('phone')}/control/members/li/follow", timeout=5)
        _settle(pusher)
        query, body = site.came[0][2], site.came[0][1]
        encrypted = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
        sealed = envelope.sign("mytoken", query["timestamp"], query["nonce"], encrypted)
        assert query["msg_signature"] == sealed
        assert "<Event><![CDATA[subscribe]]></Event>" in site.opened(0)
    finally:
        for server in running:
            server.stop()
        pusher.stop()
