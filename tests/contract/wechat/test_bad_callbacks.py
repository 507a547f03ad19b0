"""A good call reaches the database, and an odd echo is not repeated; bad calls are rows of tests/catalogue."""

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
INNER = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><CreateTime>1790000000</CreateTime>"
    "<MsgType>event</MsgType><Event>unsubscribe</Event></xml>"
)
NOW = 1_790_000_000
XML = {"Content-Type": "text/xml"}


def _call() -> dict[str, Any]:
    """A good call, sealed."""
    encrypted = envelope.encrypt(OURS.aes_key, OURS.appid, INNER)
    signature = envelope.sign(OURS.token, str(NOW), "n1", encrypted)
    query = {"timestamp": str(NOW), "nonce": "n1", "encrypt_type": "aes", "msg_signature": signature}
    body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    return {"path": "/webhooks/wechat", "query_string": query, "data": body, "headers": XML}


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    def begin() -> None:
        raise AssertionError("reached the database")

    app = Flask("product")
    sessions = SimpleNamespace(begin=begin)
    app.extensions["anju"] = SimpleNamespace(
        clock=FixedClock(datetime.fromtimestamp(NOW, UTC)),
        sessions=sessions,
        callback_sessions=sessions,
        wechat_callback_configs={"account": OURS},
    )
    app.register_blueprint(webhook.blueprint)
    return app.test_client()


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
