"""Callbacks that are not WeChat's, not for us, old, shifted, too big or no documents: one row each, refused alike."""

import gzip
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.webhooks import wechat as webhook
from sandbox.wechat import envelope
from services.core.clock import FixedClock
from wechat.config import CallbackConfig

OURS = CallbackConfig("wx1", "gh_1", "token", "B" * 43)
MINI = CallbackConfig("wx2", "gh_2", "minitoken", "C" * 43, "mini")
INNER = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><CreateTime>1790000000</CreateTime>"
    "<MsgType>event</MsgType><Event>unsubscribe</Event></xml>"
)
NOW = 1_790_000_000
XML = {"Content-Type": "text/xml"}


def _call(inner: str | bytes = INNER, **changed: Any) -> dict[str, Any]:
    """A good call, sealed, with some of it changed: query, body, headers, path, config, when, appid."""
    config = changed.get("config", OURS)
    when = str(NOW + changed.get("when", 0))
    encrypted = envelope.encrypt(config.aes_key, changed.get("appid", config.appid), inner)
    signature = envelope.sign(config.token, when, "n1", encrypted)
    query = {
        "timestamp": when,
        "nonce": "n1",
        "encrypt_type": "aes",
        "msg_signature": signature,
        "openid": "oA",
    }
    body = changed.get("body", f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode())
    path = changed.get("path", "/webhooks/wechat")
    query_string = changed.get("query", lambda q: q)(query)
    headers = {**XML, **changed.get("headers", {})}
    return {"path": path, "query_string": query_string, "data": body, "headers": headers}


def _swap(old: str, new: str) -> dict[str, Any]:
    return _call(INNER.replace(old, new))


def _with(**more: str) -> Any:
    return lambda query: {**query, **more}


def _shifted(query: dict[str, str]) -> dict[str, str]:
    """The same signed text, cut elsewhere between timestamp and nonce."""
    return {**query, "timestamp": query["timestamp"] + "1", "nonce": query["nonce"][:-1] + "x"}


def _upper(query: dict[str, str]) -> dict[str, str]:
    return {**query, "msg_signature": query["msg_signature"].upper().replace("0", "A")}


def _without(name: str) -> Any:
    return lambda query: {key: value for key, value in query.items() if key != name}


def _twice(query: dict[str, str]) -> list[tuple[str, str]]:
    return [*query.items(), ("msg_signature", query["msg_signature"])]


BOMB = '<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;">]>'
OTHER_KEY = CallbackConfig("wx1", "gh_1", "token", "D" * 43)
ROWS: dict[str, tuple[dict[str, Any], int]] = {
    "X1 entity of a file": (
        _call(
            body=b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>'
        ),
        400,
    ),
    "X1 billion laughs": (_call(body=f"{BOMB}<xml><Encrypt>&c;</Encrypt></xml>".encode()), 400),
    "X1 inside the envelope": (_call(BOMB + INNER), 400),
    "X2 bare doctype": (
        _call(body=b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/"><xml><Encrypt>a</Encrypt></xml>'),
        400,
    ),
    "X2 doctype in small letters": (_call(body=b"<!doctype xml><xml><Encrypt>a</Encrypt></xml>"), 400),
    "X2 doctype inside": (_call('<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/">' + INNER), 400),
    "X2 doctype between instructions": (_call(body=b"<?x <![CDATA[ ?><!DOCTYPE xml><?y ]]> ?><xml/>"), 400),
    "X2 comment": (_call(body=b"<xml><!-- a --><Encrypt>a</Encrypt></xml>"), 400),
    "X3 nested tags": (_call(body=b"<xml>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</xml>"), 400),
    "X3 many tags": (_call(body=b"<xml>" + b"<a/>" * 12000 + b"</xml>"), 400),
    "X3 long text": (_call(body=b"<xml><Encrypt>" + b"A" * (2 << 20) + b"</Encrypt></xml>"), 413),
    "X3 nothing": (_call(body=b""), 413),
    "X4 no MsgType": (_swap("<MsgType>event</MsgType>", ""), 400),
    "X4 two MsgType": (_swap("<MsgType>", "<MsgType>text</MsgType><MsgType>"), 400),
    "X4 attribute on MsgType": (_swap("<MsgType>", '<MsgType a="b">'), 400),
    "X4 odd MsgType": (_swap("event</MsgType>", "Event 1</MsgType>"), 400),
    "X4 event without a name": (_swap("<Event>unsubscribe</Event>", ""), 400),
    "X4 other root": (_call(INNER.replace("xml>", "a>")), 400),
    "X4 empty root": (_call("<xml/>"), 403),
    "X4 other root outside": (_call(body=b"<a/>"), 400),
    "X4 empty outside": (_call(body=b"<xml/>"), 400),
    "X4 not XML": (_call("余额"), 400),
    "X4 not XML outside": (_call(body=b"{}"), 400),
    "X4 bad bytes": (_call(body=b"<xml><Encrypt>\xff</Encrypt></xml>"), 400),
    "X4 NUL": (_call(INNER.replace("oA", "o\0A")), 400),
    "X4 no sender": (_swap("<FromUserName>oA</FromUserName>", ""), 400),
    "X4 odd sender": (_swap("oA", "o A;"), 400),
    "X4 time is no number": (_swap("1790000000", "soon"), 400),
    "X6 plain mode": (_call(query=_without("encrypt_type"), body=INNER.encode()), 403),
    "X6 plain mode with a right signature": (
        _call(
            query=lambda q: {**q, "signature": envelope.sign("token", q["timestamp"], "n1")},
            body=INNER.encode(),
        ),
        400,
    ),
    "X6 raw": (_call(query=_with(encrypt_type="raw")), 403),
    "X6 body changed": (_call(body=b"<xml><Encrypt>QUFBQQ==</Encrypt></xml>"), 403),
    "X7 of 2023": (_call(when=-3 * 365 * 86400), 403),
    "X7 six minutes old": (_call(when=-360), 403),
    "X7 six minutes ahead": (_call(when=360), 403),
    "X7 shifted": (_call(query=_shifted), 403),
    "X7 full-width digits": (_call(query=_with(timestamp="１７９０００００００")), 403),
    "X7 nonce with a space": (_call(query=_with(nonce="n 1")), 403),
    "X7 long nonce": (_call(query=_with(nonce="n" * 65)), 403),
    "X10 other appid": (_call(appid="wx9"), 403),
    "X10 other addressee": (_swap("gh_1", "gh_9"), 403),
    "X10 other key": (_call(config=OTHER_KEY), 400),
    "X12 upper case": (_call(query=_upper), 403),
    "X12 missing": (_call(query=_without("msg_signature")), 403),
    "X12 empty": (_call(query=_with(msg_signature="")), 403),
    "X12 zeros": (_call(query=_with(msg_signature="0" * 40)), 403),
    "X12 repeated": (_call(query=_twice), 403),
    "T14 probe": (_call(query=_with(msg_signature="WECHATPAY/SIGNTEST/" + "0" * 21)), 403),
    "T14 of the mini-program at the account's address": (
        _call(INNER.replace("gh_1", "gh_2"), config=MINI),
        403,
    ),
    "T14 of the account at the mini-program's address": (_call(path="/webhooks/wechat/mini"), 403),
    "1 JSON": (_call(headers={"Content-Type": "application/json"}), 400),
    "1 in chunks": (_call(headers={"Transfer-Encoding": "chunked"}), 400),
    "1 gzip": (_call(body=gzip.compress(b"<xml/>"), headers={"Content-Encoding": "gzip"}), 400),
}


@pytest.fixture(scope="module")
def taken() -> list[object]:
    return []


@pytest.fixture(scope="module")
def client(taken: list[object]) -> FlaskClient:
    def begin() -> None:
        taken.append("database")
        raise AssertionError("a refused call reached the database")

    app = Flask("product")
    sessions = SimpleNamespace(begin=begin)
    configs = {"account": OURS, "mini": MINI}
    app.extensions["anju"] = SimpleNamespace(
        clock=FixedClock(datetime.fromtimestamp(NOW, UTC)),
        sessions=sessions,
        callback_sessions=sessions,
        wechat_callback_configs=configs,
    )
    app.register_blueprint(webhook.blueprint)
    return app.test_client()


@pytest.mark.parametrize("row", ROWS)
def test_refused_without_effect(client: FlaskClient, taken: list[object], row: str) -> None:
    call, status = ROWS[row]
    answer = client.post(call.pop("path"), **call)
    assert (answer.status_code, answer.text, taken) == (status, "refused", [])


def test_a_good_call_is_let_through(client: FlaskClient) -> None:
    call = _call()
    client.application.testing = True
    with pytest.raises(AssertionError, match="reached the database"):
        client.post(call.pop("path"), **call)


@pytest.mark.parametrize("echo", ["", "a b", "x" * 65, "中", "a\nb"])
def test_an_odd_echo_is_not_repeated(client: FlaskClient, echo: str) -> None:
    when = str(NOW)
    query = {
        "timestamp": when,
        "nonce": "n1",
        "signature": envelope.sign("token", when, "n1"),
        "echostr": echo,
    }
    answer = client.get("/webhooks/wechat", query_string=query)
    assert (answer.status_code, answer.text) == (400, "refused")
