"""MasSmsChannel against its double: the check sum, sends, receipts, and what failures mean."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask, jsonify, request

from sandbox.assembly import Sandbox
from sandbox.sms.lines import MAS
from sandbox.trial import product
from services.notices.adapters import mas_sms
from services.notices.adapters.mas_sms import MasSmsChannel, MasSmsConfig
from services.notices.adapters.sms_receipts import DeliveryReceipt, read_mas
from services.notices.ports import ChannelFailure, NotSent, Refused, Uncertain
from tests.contract.sms.conftest import CODE, PAID, PAID_TEXT, PHONE, calls, eventually, texts
from tests.contract.sms.test_aliyun_channel import elsewhere


def test_the_settlement_message_reads_as_approved(sandbox: Sandbox, mas: MasSmsConfig) -> None:
    submitted = MasSmsChannel(mas).send(PAID)
    (message,) = sandbox.network.inbox(PHONE)
    assert (message["text"], message["provider"], message["sid"]) == (
        PAID_TEXT,
        "mas",
        submitted.provider_ref,
    )


def test_the_password_does_not_travel(sandbox: Sandbox, mas: MasSmsConfig) -> None:
    import base64

    MasSmsChannel(mas).send(CODE)
    (call,) = calls(sandbox, "sms_mas")
    assert mas.secret_key not in base64.b64decode(call["body"]).decode()


@pytest.mark.parametrize("fault", ["duplicate_receipt", "undelivered"])
def test_receipts_are_read(sandbox: Sandbox, mas: MasSmsConfig, fault: str) -> None:
    pushed: list[DeliveryReceipt] = []
    app = Flask("receiver")

    @app.post("/webhooks/sms/mas/<secret>")
    def receive(secret: str) -> object:
        assert secret == sandbox.setup.settings["sms_mas"]["receipt_path_secret"]
        pushed.extend(read_mas(request.get_data()))
        return jsonify(success=True, rspcod="success")

    sandbox.world.faults.order("sms_mas", "delivery", fault, person=PHONE)
    with product(app, sandbox.setup):
        submitted = MasSmsChannel(mas).send(CODE)
        assert eventually(lambda: len(pushed) == (2 if fault == "duplicate_receipt" else 1))
    assert {receipt.reference for receipt in pushed} == {f"mas:{submitted.provider_ref}"}
    assert {receipt.delivered for receipt in pushed} == {fault != "undelivered"}


def test_nobody_can_be_asked(mas: MasSmsConfig) -> None:
    channel, sent_at = MasSmsChannel(mas), datetime.now(UTC)
    assert channel.look_up(CODE, None, sent_at) == "unknown"
    assert channel.look_up(CODE, "1122100000000000000000", sent_at) == "pending"


def test_a_lost_answer_is_one_call_and_one_message(sandbox: Sandbox, mas: MasSmsConfig) -> None:
    sandbox.world.faults.order("sms_mas", "tmpsubmit", "timeout_after_accept", args={"seconds": 0})
    with pytest.raises(Uncertain):
        MasSmsChannel(mas).send(CODE)
    assert len(texts(sandbox)) == 1
    assert len(sandbox.network.taken(MAS, PHONE)) == 1


def test_a_silent_gateway_is_uncertain(
    sandbox: Sandbox, mas: MasSmsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mas_sms, "TIMEOUT_S", (0.3, 0.3))
    sandbox.world.faults.order("sms_mas", "tmpsubmit", "timeout_after_accept", args={"seconds": 0.6})
    with pytest.raises(Uncertain):
        MasSmsChannel(mas).send(CODE)


@pytest.mark.parametrize(
    ("kind", "args", "expected", "elsewhere"),
    [
        ("limit", {}, NotSent, True),
        ("code", {"code": "InvalidMobile"}, Refused, False),
        ("code", {"code": "SomethingNew"}, Refused, True),
        ("code", {"code": "InternalError"}, Uncertain, False),
        ("http_500", {}, Uncertain, False),
        ("html", {}, Uncertain, False),
        ("reset", {}, Uncertain, False),
    ],
)
def test_what_failures_mean(
    sandbox: Sandbox,
    mas: MasSmsConfig,
    kind: str,
    args: dict[str, str],
    expected: type[ChannelFailure],
    elsewhere: bool,
) -> None:
    sandbox.world.faults.order("sms_mas", "tmpsubmit", kind, args=args)
    with pytest.raises(expected) as caught:
        MasSmsChannel(mas).send(CODE)
    assert caught.value.elsewhere == elsewhere
    assert texts(sandbox) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"secret_key": "another"}, "mas.IllegalMac"),
        ({"ap_id": "another"}, "mas.InvalidUsrOrPwd"),
        ({"sign": "another"}, "mas.IllegalSignId"),
    ],
)
def test_a_wrong_account_sends_nothing_and_another_provider_may(
    sandbox: Sandbox, mas: MasSmsConfig, wrong: dict[str, str], code: str
) -> None:
    with pytest.raises(NotSent) as caught:
        MasSmsChannel(replace(mas, **wrong)).send(CODE)
    assert (caught.value.code, caught.value.elsewhere) == (code, True)
    assert texts(sandbox) == []


def test_nobody_there_is_not_sent(mas: MasSmsConfig) -> None:
    with pytest.raises(NotSent) as caught:
        MasSmsChannel(replace(mas, base_url="http://127.0.0.1:9")).send(CODE)
    assert caught.value.elsewhere


def test_it_goes_straight(mas: MasSmsConfig, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """No redirect, no proxy of the environment."""
    with elsewhere(307) as (address, seen):
        with pytest.raises(Uncertain):
            MasSmsChannel(replace(mas, base_url=f"http://{address}")).send(CODE)
        monkeypatch.setenv("HTTP_PROXY", f"http://{address}")
        MasSmsChannel(mas).send(CODE)
    assert seen == ["/sms/tmpsubmit"]
    assert len(texts(sandbox)) == 1
