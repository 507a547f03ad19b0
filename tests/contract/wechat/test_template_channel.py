"""The notice channel `wechat` against the double's field rules, followers and faults."""

from dataclasses import replace
from datetime import datetime

import pytest

from sandbox.assembly import Sandbox
from sandbox.wechat.subscriptions import Subscriptions
from services.notices.ports import Channel, NotSent, OutgoingNotice, Refused, Uncertain
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.template_messages import ByConsent, WeChatTemplateChannel


@pytest.fixture
def channel(client: WeChatClient, config: WeChatConfig) -> Channel:
    return WeChatTemplateChannel(client, config.template_ids)


@pytest.fixture
def paid(li: str) -> OutgoingNotice:
    return OutgoingNotice(
        "01980000-0000-7000-8000-000000000001",
        "settlement",
        li,
        "settlement_paid",
        {
            "date": "2026年11月22日 14:05",
            "item": "租房提取",
            "amount": "3,000.00",
            "card4": "4321",
            "balance": "53,000.00",
        },
        "https://gjj.example.cn/",
    )


def _cards(sandbox: Sandbox, openid: str) -> list[dict[str, object]]:
    return [message for message in sandbox.account.chat(openid) if message["type"] == "template"]


def test_a_settlement_card(sandbox: Sandbox, channel: Channel, paid: OutgoingNotice) -> None:
    submitted = channel.send(paid)
    (card,) = _cards(sandbox, paid.recipient)
    assert submitted.provider_ref == str(card["msgid"])
    assert card["fields"] == [
        ["到账时间", "2026年11月22日 14:05"],
        ["办理事项", "租房提取"],
        ["到账金额", "3000.00元"],
        ["银行卡尾号", "4321"],
        ["账户余额", "53000.00元"],
    ]


def test_the_same_intent_twice_is_one_card(sandbox: Sandbox, channel: Channel, paid: OutgoingNotice) -> None:
    assert channel.send(paid) == channel.send(paid)
    assert len(_cards(sandbox, paid.recipient)) == 1


def test_not_following_is_refused(sandbox: Sandbox, channel: Channel, paid: OutgoingNotice) -> None:
    sandbox.account.set_follows(paid.recipient, False)
    with pytest.raises(Refused, match="not_following"):
        channel.send(paid)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"item": "租" * 21}, "wechat.field_invalid.thing2"),
        ({"item": "租房\n提取"}, "wechat.field_invalid.thing2"),
        ({"amount": "12345678901"}, "wechat.field_invalid.amount3"),
        ({"date": "昨天"}, "wechat.field_invalid.time1"),
        ({"card4": "四三二一"}, "wechat.field_invalid.character_string4"),
    ],
)
def test_fields_wechat_would_refuse_are_not_sent(
    sandbox: Sandbox, channel: Channel, paid: OutgoingNotice, change: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        channel.send(replace(paid, fields={**paid.fields, **change}))
    assert caught.value.code == code
    assert not [c for c in sandbox.store.entries("received", "wechat") if "template" in c["path"]]


@pytest.mark.parametrize(
    ("errcode", "expected"),
    [(-1, NotSent), (45009, NotSent), (40164, NotSent), (40001, NotSent), (47003, Refused), (43101, Refused)],
)
def test_what_error_codes_mean(
    sandbox: Sandbox, channel: Channel, paid: OutgoingNotice, errcode: int, expected: type[Exception]
) -> None:
    sandbox.world.faults.order("wechat", "template/send", "errcode", times=None, args={"errcode": errcode})
    with pytest.raises(expected):
        channel.send(paid)


@pytest.mark.parametrize("kind", ["html", "reset", "lost_answer"])
def test_a_lost_answer_is_uncertain(
    sandbox: Sandbox, channel: Channel, paid: OutgoingNotice, kind: str, now: datetime
) -> None:
    sandbox.world.faults.order("wechat", "template/send", kind)
    with pytest.raises(Uncertain):
        channel.send(paid)
    assert len(_cards(sandbox, paid.recipient)) == (kind == "lost_answer")
    assert channel.look_up(paid, None, now) == "unknown"


def test_unknown_templates_never_leave(channel: Channel, paid: OutgoingNotice) -> None:
    for template in ("sms_code", "settlement_returned"):
        with pytest.raises(Refused, match="template_unknown"):
            channel.send(replace(paid, template=template))


def test_who_does_not_follow_gets_one_message_for_each_consent(
    sandbox: Sandbox, client: WeChatClient, config: WeChatConfig, paid: OutgoingNotice
) -> None:
    sandbox.account.set_follows(paid.recipient, False)
    way = ByConsent(client, "message/subscribe/bizsend", config.template_ids)
    channel = WeChatTemplateChannel(client, config.template_ids, None, {"subscribe": way})
    notice = replace(paid, way="subscribe", url=None)
    with pytest.raises(Refused, match="not_following"):
        channel.send(notice)
    person = sandbox.account.person(paid.recipient)
    assert person is not None
    asked = Subscriptions(sandbox.account, sandbox.pusher)
    asked.choose("account", person, {config.template_ids["settlement_paid"]: "accept"})
    reference = channel.send(notice).provider_ref
    assert [str(shown["msgid"]) for shown in asked.notices(person)] == [reference]
    with pytest.raises(Refused, match="not_following"):
        channel.send(notice)
