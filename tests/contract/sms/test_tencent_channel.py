"""TencentSmsChannel (with Tencent's SDK) against the gateway: sends, receipts, look-up, and what failures mean."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask, jsonify, request

from sandbox.assembly import Sandbox
from sandbox.sms.lines import TENCENT
from sandbox.trial import product
from services.notices.adapters import tencent_sms
from services.notices.adapters.sms_receipts import DeliveryReceipt, read_tencent
from services.notices.adapters.tencent_sms import SmsConfig, TencentSmsChannel
from services.notices.ports import NotSent, Refused, Uncertain
from tests.contract.sms.conftest import CODE, PAID, PAID_TEXT, PHONE, eventually, texts


@pytest.fixture
def config(sandbox: Sandbox) -> SmsConfig:
    keys = sandbox.setup.settings["sms"]
    return SmsConfig(
        secret_id=keys["secret_id"],
        secret_key=keys["secret_key"],
        app_id=keys["app_id"],
        sign_name=keys["sign_name"],
        template_ids={"sms_code": "2000001", "settlement_paid": "2000002"},
        endpoint=f"127.0.0.1:{sandbox.setup.ports['sms']}",
        scheme="http",
    )


def test_the_settlement_message_reads_as_approved(sandbox: Sandbox, config: SmsConfig) -> None:
    submitted = TencentSmsChannel(config).send(PAID)
    assert submitted.provider == "tencent"
    assert texts(sandbox) == [PAID_TEXT]
    assert sandbox.network.inbox(PHONE)[0]["session_context"] == PAID.intent_id


def test_receipts_come_as_tencents_array_and_are_read(sandbox: Sandbox, config: SmsConfig) -> None:
    pushed: list[DeliveryReceipt] = []
    app = Flask("receiver")

    @app.post("/webhooks/sms/tencent/<secret>")
    def receive(secret: str) -> object:
        assert secret == sandbox.setup.settings["sms"]["receipt_path_secret"]
        pushed.extend(read_tencent(request.get_data()))
        return jsonify(result=0, errmsg="OK")

    sandbox.world.faults.order("sms", "delivery", "undelivered", person=PHONE)
    with product(app, sandbox.setup):
        failed = TencentSmsChannel(config).send(CODE)
        assert eventually(lambda: pushed)
    (receipt,) = pushed
    assert (receipt.provider_ref, receipt.phone, receipt.delivered) == (failed.provider_ref, PHONE, False)
    assert texts(sandbox) == []


def test_look_up_finds_by_reference_and_by_intent(sandbox: Sandbox, config: SmsConfig) -> None:
    channel, sent_at = TencentSmsChannel(config), datetime.now(UTC)
    submitted = channel.send(CODE)
    assert eventually(lambda: channel.look_up(CODE, submitted.provider_ref, sent_at) == "delivered")
    assert channel.look_up(CODE, None, sent_at) == "delivered"
    assert channel.look_up(PAID, None, sent_at) == "unknown"


def test_an_answer_lost_after_acceptance_is_uncertain_and_can_be_looked_up(
    sandbox: Sandbox, config: SmsConfig
) -> None:
    sandbox.world.faults.order("sms", "SendSms", "timeout_after_accept", args={"seconds": 0})
    channel, sent_at = TencentSmsChannel(config), datetime.now(UTC)
    with pytest.raises(Uncertain):
        channel.send(CODE)
    assert len(texts(sandbox)) == len(sandbox.network.taken(TENCENT, PHONE)) == 1
    assert eventually(lambda: channel.look_up(CODE, None, sent_at) == "delivered")


@pytest.mark.parametrize(
    ("kind", "args", "expected"),
    [
        ("limit", {}, NotSent),
        ("limit", {"code": "LimitExceeded.PhoneNumberDailyLimit"}, Refused),
        ("code", {"code": "FailedOperation.PhoneNumberInBlacklist"}, Refused),
        ("code", {"code": "InternalError.Timeout"}, Uncertain),
        ("http_500", {}, Uncertain),
        ("html", {}, Uncertain),
        ("reset", {}, Uncertain),
    ],
)
def test_what_failures_mean(
    sandbox: Sandbox, config: SmsConfig, kind: str, args: dict[str, str], expected: type[Exception]
) -> None:
    sandbox.world.faults.order("sms", "SendSms", kind, args=args)
    with pytest.raises(expected):
        TencentSmsChannel(config).send(CODE)


def test_nobody_there_is_not_sent(config: SmsConfig) -> None:
    with pytest.raises(NotSent):
        TencentSmsChannel(replace(config, endpoint="127.0.0.1:9")).send(CODE)


def test_a_silent_gateway_is_uncertain(
    sandbox: Sandbox, config: SmsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tencent_sms, "TIMEOUT_S", (0.3, 0.3))
    sandbox.world.faults.order("sms", "SendSms", "timeout_after_accept", args={"seconds": 1})
    with pytest.raises(Uncertain):
        TencentSmsChannel(config).send(CODE)


@pytest.mark.parametrize("wrong", [{"secret_key": "another"}, {"secret_id": "AKIDother"}])
def test_a_wrong_key_is_not_sent(sandbox: Sandbox, config: SmsConfig, wrong: dict[str, str]) -> None:
    with pytest.raises(NotSent) as caught:
        TencentSmsChannel(replace(config, **wrong)).send(CODE)
    assert "AuthFailure" in caught.value.code
    assert texts(sandbox) == []


def test_a_body_changed_on_the_way_does_not_verify() -> None:
    from sandbox.sms.tc3 import AuthFailure, signature, verify

    headers = {"Content-Type": "application/json", "Host": "sms", "X-TC-Timestamp": "1767225600"}
    signed = signature(
        "POST",
        {k.lower(): v for k, v in headers.items()},
        b"{}",
        ["content-type", "host"],
        "1767225600",
        "2026-01-01",
        "sms",
        "k",
    )
    headers["Authorization"] = (
        "TC3-HMAC-SHA256 Credential=id/2026-01-01/sms/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signed}"
    )
    verify("POST", headers, b"{}", secret_id="id", secret_key="k", service="sms", now=1767225600)
    with pytest.raises(AuthFailure):
        verify("POST", headers, b"{ }", secret_id="id", secret_key="k", service="sms", now=1767225600)


def test_unknown_template_and_missing_field_never_leave(sandbox: Sandbox, config: SmsConfig) -> None:
    channel = TencentSmsChannel(config)
    for notice in (replace(CODE, template="bound"), replace(CODE, fields={"code": "1"})):
        with pytest.raises(Refused):
            channel.send(notice)
    assert sandbox.store.entries("received", "sms") == []
