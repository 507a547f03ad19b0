"""AliyunSmsChannel (with Aliyun's SDK) against its double: signature, sends, look-up, receipts, what failures mean."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask, jsonify, request

from sandbox.assembly import Sandbox
from sandbox.sms.lines import ALIYUN
from sandbox.trial import product
from services.notices.adapters import aliyun_sms
from services.notices.adapters.aliyun_sms import AliyunSmsChannel, AliyunSmsConfig
from services.notices.adapters.sms_receipts import DeliveryReceipt, read_aliyun
from services.notices.ports import ChannelFailure, NotSent, Refused, Uncertain
from tests.contract.sms.conftest import CODE, PAID, PAID_TEXT, PHONE, calls, eventually, texts


def test_the_settlement_message_reads_as_approved(sandbox: Sandbox, aliyun: AliyunSmsConfig) -> None:
    submitted = AliyunSmsChannel(aliyun).send(PAID)
    (message,) = sandbox.network.inbox(PHONE)
    assert (message["text"], message["provider"]) == (PAID_TEXT, "aliyun")
    assert (message["sid"], message["session_context"]) == (submitted.provider_ref, PAID.intent_id)
    assert submitted.provider == "aliyun"


def test_receipts_come_as_aliyuns_array_with_our_number(sandbox: Sandbox, aliyun: AliyunSmsConfig) -> None:
    pushed: list[DeliveryReceipt] = []
    app = Flask("receiver")

    @app.post("/webhooks/sms/aliyun/<secret>")
    def receive(secret: str) -> object:
        assert secret == sandbox.setup.settings["sms_aliyun"]["receipt_path_secret"]
        pushed.extend(read_aliyun(request.get_data()))
        return jsonify(code=0, msg="接收成功")

    sandbox.world.faults.order("sms_aliyun", "delivery", "duplicate_receipt", person=PHONE)
    with product(app, sandbox.setup):
        submitted = AliyunSmsChannel(aliyun).send(CODE)
        assert eventually(lambda: len(pushed) == 2)
    first, second = pushed
    assert first == second
    assert first.reference == f"aliyun:{submitted.provider_ref}"
    assert (first.phone, first.delivered, first.intent_id) == (PHONE, True, UUID(CODE.intent_id))


def test_look_up_finds_by_reference_and_by_intent(sandbox: Sandbox, aliyun: AliyunSmsConfig) -> None:
    channel, sent_at = AliyunSmsChannel(aliyun), datetime.now(UTC)
    submitted = channel.send(CODE)
    assert channel.look_up(CODE, submitted.provider_ref, sent_at) == "pending"
    assert channel.look_up(CODE, None, sent_at) == "unknown"
    assert eventually(lambda: channel.look_up(CODE, submitted.provider_ref, sent_at) == "delivered")
    assert channel.look_up(CODE, None, sent_at) == "delivered"
    assert channel.look_up(PAID, None, sent_at) == "unknown"


def test_a_message_that_did_not_arrive_is_looked_up_as_failed(
    sandbox: Sandbox, aliyun: AliyunSmsConfig
) -> None:
    sandbox.world.faults.order("sms_aliyun", "delivery", "undelivered")
    channel, sent_at = AliyunSmsChannel(aliyun), datetime.now(UTC)
    channel.send(CODE)
    assert eventually(lambda: channel.look_up(CODE, None, sent_at) == "failed")
    assert texts(sandbox) == []


def test_a_lost_answer_is_one_call_and_one_message(sandbox: Sandbox, aliyun: AliyunSmsConfig) -> None:
    """The SDK must not try again by itself: the member would get the message twice."""
    sandbox.world.faults.order("sms_aliyun", "SendSms", "timeout_after_accept", args={"seconds": 0})
    channel, sent_at = AliyunSmsChannel(aliyun), datetime.now(UTC)
    with pytest.raises(Uncertain):
        channel.send(CODE)
    assert len(texts(sandbox)) == 1
    assert len(sandbox.network.taken(ALIYUN, PHONE)) == 1
    assert eventually(lambda: channel.look_up(CODE, None, sent_at) == "delivered")


def test_a_silent_gateway_is_uncertain_after_one_call(
    sandbox: Sandbox, aliyun: AliyunSmsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aliyun_sms, "READ_TIMEOUT_S", 0.3)
    sandbox.world.faults.order("sms_aliyun", "SendSms", "timeout_after_accept", args={"seconds": 0.6})
    with pytest.raises(Uncertain):
        AliyunSmsChannel(aliyun).send(CODE)
    assert len(texts(sandbox)) == 1


@pytest.mark.parametrize(
    ("kind", "args", "expected", "elsewhere"),
    [
        ("limit", {}, Refused, False),
        ("code", {"code": "isv.BLACK_KEY_CONTROL_LIMIT"}, Refused, False),
        ("code", {"code": "isv.AMOUNT_NOT_ENOUGH"}, NotSent, True),
        ("code", {"code": "isv.PARAM_NOT_SUPPORT_URL"}, Refused, True),
        ("code", {"code": "isp.SYSTEM_ERROR"}, Uncertain, False),
        ("http_500", {}, Uncertain, False),
        ("html", {}, Uncertain, False),
        ("reset", {}, Uncertain, False),
    ],
)
def test_what_failures_mean(
    sandbox: Sandbox,
    aliyun: AliyunSmsConfig,
    kind: str,
    args: dict[str, str],
    expected: type[ChannelFailure],
    elsewhere: bool,
) -> None:
    sandbox.world.faults.order("sms_aliyun", "SendSms", kind, args=args)
    with pytest.raises(expected) as caught:
        AliyunSmsChannel(aliyun).send(CODE)
    assert caught.value.elsewhere == elsewhere
    assert texts(sandbox) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"access_key_secret": "another"}, "aliyun.SignatureDoesNotMatch"),
        ({"access_key_id": "LTAIother"}, "aliyun.InvalidAccessKeyId.NotFound"),
        ({"sign_name": "别的签名"}, "aliyun.isv.SMS_SIGNATURE_ILLEGAL"),
    ],
)
def test_a_wrong_account_sends_nothing_and_another_provider_may(
    sandbox: Sandbox, aliyun: AliyunSmsConfig, wrong: dict[str, str], code: str
) -> None:
    with pytest.raises(NotSent) as caught:
        AliyunSmsChannel(replace(aliyun, **wrong)).send(CODE)
    assert (caught.value.code, caught.value.elsewhere) == (code, True)
    assert texts(sandbox) == []


def test_nobody_there_is_not_sent(aliyun: AliyunSmsConfig) -> None:
    with pytest.raises(NotSent) as caught:
        AliyunSmsChannel(replace(aliyun, endpoint="127.0.0.1:9")).send(CODE)
    assert caught.value.elsewhere


def test_what_we_lack_never_leaves(sandbox: Sandbox, aliyun: AliyunSmsConfig) -> None:
    channel = AliyunSmsChannel(aliyun)
    with pytest.raises(Refused) as unknown:
        channel.send(replace(CODE, template="bound", fields={"time": "11月22日14:05"}))
    assert unknown.value.elsewhere
    with pytest.raises(Refused) as missing:
        channel.send(replace(CODE, fields={"code": "1"}))
    assert not missing.value.elsewhere
    assert calls(sandbox, "sms_aliyun") == []


@contextmanager
def elsewhere(status: int) -> Iterator[tuple[str, list[str]]]:
    """A server that sends callers on to another place on itself; its address, and the paths it saw."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


def test_redirects_are_not_followed(aliyun: AliyunSmsConfig) -> None:
    with elsewhere(307) as (address, seen), pytest.raises(Uncertain):
        AliyunSmsChannel(replace(aliyun, endpoint=address)).send(CODE)
    assert seen == ["/"]


def test_a_proxy_of_the_environment_is_not_used(
    sandbox: Sandbox, aliyun: AliyunSmsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with elsewhere(200) as (address, seen):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{address}")
        AliyunSmsChannel(aliyun).send(CODE)
    assert seen == []
    assert len(texts(sandbox)) == 1


def test_the_sdk_logs_nothing_when_told_to_by_the_environment(
    sandbox: Sandbox,
    aliyun: AliyunSmsConfig,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DEBUG", "sdk")
    AliyunSmsChannel(aliyun).send(CODE)
    told = capfd.readouterr()
    assert PHONE not in told.out + told.err
