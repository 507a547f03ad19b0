"""Receipts pushed by three SMS providers: repeats, strangers, and one provider's word on another's message."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from app.factory import create_app
from services.core.db import transaction
from services.notices.ports import Uncertain
from tests.support.domain.world import Member, World

SECRETS = {"tencent": "t-secret", "aliyun": "a-secret", "mas": "m-secret"}
TAKEN = {
    "tencent": {"result": 0, "errmsg": "OK"},
    "aliyun": {"code": 0, "msg": "接收成功"},
    "mas": {"success": True, "rspcod": "success"},
}


@pytest.fixture(scope="module")
def gate(world_of_process: World) -> FlaskClient:
    """The webhooks of a centre that uses all three."""
    ports = replace(world_of_process.product.ports(), sms_receipt_secrets=SECRETS)
    return create_app(ports).test_client()


def pushed(provider: str, number: str, delivered: bool = True, **more: str) -> Any:
    """What a provider pushes about one message."""
    phone = more.get("phone", "13800000001")
    if provider == "tencent":
        status = "SUCCESS" if delivered else "FAIL"
        return [{"sid": number, "mobile": phone, "report_status": status, "errmsg": "X"}]
    if provider == "aliyun":
        own = more.get("own", "")
        return [{"biz_id": number, "phone_number": phone, "success": delivered, "out_id": own}]
    return {"msgGroup": number, "mobile": phone, "reportStatus": "DELIVRD" if delivered else "DB:0140"}


def push(gate: FlaskClient, provider: str, body: Any, secret: str | None = None) -> Any:
    return gate.post(f"/webhooks/sms/{provider}/{secret or SECRETS[provider]}", json=body)


def sent(world: World, member: Member, step: object) -> UUID:
    """An SMS code for the member that ended with a reference, or in an exception."""
    channel = world.channels["sms"]
    channel.script = [step]  # type: ignore[list-item]
    with transaction(world.sessions) as session:
        world.product.notices.send_operation_code(session, member.account_id, member.session_id, "123456", "提取")
    world.run_jobs(member.account_id)
    return UUID(channel.sent[-1].intent_id)


def state(world: World, intent_id: UUID) -> str:
    return str(world.one("SELECT state FROM notice_intent WHERE intent_id = :i", i=intent_id).state)


@pytest.mark.parametrize("provider", ["tencent", "aliyun", "mas"])
@pytest.mark.parametrize(("delivered", "expected"), [(True, "delivered"), (False, "failed")])
def test_a_receipt_settles_its_message_and_a_repeat_nothing(
    world: World, member: Member, gate: FlaskClient, provider: str, delivered: bool, expected: str
) -> None:
    number = f"{provider}-{expected}"
    intent = sent(world, member, f"{provider}:{number}")
    answers = [push(gate, provider, pushed(provider, number, delivered)) for _ in range(3)]
    assert [(a.status_code, a.get_json()) for a in answers] == [(200, TAKEN[provider])] * 3
    assert state(world, intent) == expected
    push(gate, provider, pushed(provider, number, not delivered))
    assert state(world, intent) == "delivered"  # arrived after all, or still: no word takes that back


@pytest.mark.parametrize("other", ["tencent", "mas"])
def test_one_providers_receipt_does_not_settle_anothers_message(
    world: World, member: Member, gate: FlaskClient, other: str
) -> None:
    """Their numbers may be alike: each counts its own messages."""
    intent = sent(world, member, f"aliyun:same-{other}")
    assert push(gate, other, pushed(other, f"same-{other}", False)).status_code == 200
    assert state(world, intent) == "submitted"
    push(gate, "aliyun", pushed("aliyun", f"same-{other}"))
    assert state(world, intent) == "delivered"


def test_aliyuns_receipt_settles_a_message_whose_answer_was_lost(
    world: World, member: Member, gate: FlaskClient
) -> None:
    intent = sent(world, member, Uncertain("aliyun.lost", provider="aliyun"))
    assert state(world, intent) == "uncertain"
    push(gate, "aliyun", pushed("aliyun", "late-1", own=str(intent)))
    row = world.one("SELECT state, provider_ref FROM notice_intent WHERE intent_id = :i", i=intent)
    assert (row.state, row.provider_ref) == ("delivered", "aliyun:late-1")


@pytest.mark.parametrize(("by", "expected"), [("mas", "delivered"), ("tencent", "uncertain")])
def test_a_receipt_for_the_phone_settles_it_only_from_the_provider_that_may_have_it(
    world: World, member: Member, gate: FlaskClient, by: str, expected: str
) -> None:
    intent = sent(world, member, Uncertain("mas.lost", provider="mas"))
    push(gate, by, pushed(by, f"orphan-{by}", phone=member.person.phone))
    world.later(minutes=1)
    world.product.notice_jobs.send(str(member.account_id), str(intent))
    assert state(world, intent) == expected


@pytest.mark.parametrize("provider", ["tencent", "aliyun", "mas"])
def test_whoever_does_not_know_the_secret_finds_nothing(gate: FlaskClient, provider: str) -> None:
    others = [secret for name, secret in SECRETS.items() if name != provider]
    for secret in ("x", "é", *others):
        assert push(gate, provider, [], secret).status_code == 404


def test_a_provider_that_is_not_in_use_has_no_address(world: World) -> None:
    client = world.client()
    own = world.product.ports().sms_receipt_secrets
    assert list(own) == ["tencent"]
    for provider in ("aliyun", "mas", "huawei"):
        for secret in (own["tencent"], "sandbox-aliyun-receipts-00000000", ""):
            assert client.post(f"/webhooks/sms/{provider}/{secret}", json=[]).status_code == 404


@pytest.mark.parametrize("provider", ["tencent", "aliyun", "mas"])
@pytest.mark.parametrize("body", [b"", b"{", b"[{}]", b"[1]", b'[{"biz_id": "1"}]', b"[" * 50_000])
def test_what_is_no_receipt_is_refused_in_the_providers_words(
    gate: FlaskClient, provider: str, body: bytes
) -> None:
    answer = gate.post(f"/webhooks/sms/{provider}/{SECRETS[provider]}", data=body)
    assert answer.status_code == 400
    said = answer.get_json()
    assert set(said) == set(TAKEN[provider])
    assert said != TAKEN[provider]


@pytest.mark.parametrize("provider", ["tencent", "aliyun", "mas"])
def test_a_body_beyond_the_limit_is_not_read(gate: FlaskClient, provider: str) -> None:
    body = json.dumps([{"x": "y" * 1000}] * 300).encode()
    answer = gate.post(f"/webhooks/sms/{provider}/{SECRETS[provider]}", data=body)
    assert answer.status_code == 413


def test_a_full_push_is_taken_whole_or_not_at_all(world: World, gate: FlaskClient) -> None:
    good = pushed("aliyun", "whole-1")[0]
    push(gate, "aliyun", [good, {**good, "biz_id": "whole-2", "success": "yes"}])
    count = "SELECT count(*) AS n FROM notice_early_receipt WHERE provider_ref LIKE 'aliyun:whole-%'"
    assert world.one(count).n == 0
    push(gate, "aliyun", [good, {**good, "biz_id": "whole-2"}])
    assert world.one(count).n == 2
