"""Notices over HTTP: the list and its fates, what is read, the subscription centre, consents to subscribe messages."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.db import transaction
from services.core.outbox import emit
from services.notices.ports import Refused
from tests.contract.api.reading import problem
from tests.support.domain.world import Member, World

API = "/api/v1"
PAID = {
    "application_id": None,
    "item_name": "租房提取",
    "amount_fen": 300_000,
    "tail4": "0012",
    "balance_fen": 5_300_000,
}
PROOF = {"name": "缴存证明", "number": "ZM302611230000001"}


def get(world: World, member: Member, path: str) -> Any:
    """The answer of a path that is there."""
    answer = world.client().get(API + path, headers=member.bearer)
    assert answer.status_code == 200, answer.json
    return answer.json


def send(world: World, member: Member, method: str, path: str, body: Any) -> Any:
    """What a change is answered with."""
    return world.client().open(API + path, method=method, json=body, headers=member.bearer)


def tell(world: World, member: Member, topic: str, payload: dict[str, Any]) -> None:
    """An event, told."""
    with transaction(world.sessions) as session:
        emit(session, member.account_id, topic, payload, world.clock.now())
    world.run_jobs(member.account_id)


def switches(answer: Any, topic: str) -> dict[str, bool]:
    """Channels of one topic."""
    found = next(one for one in answer["topics"] if one["code"] == topic)
    return {channel["channel"]: channel["wanted"] for channel in found["channels"]}


def test_every_notice_is_listed_with_its_words_and_its_fate(world: World, member: Member) -> None:
    world.channels["wechat"].script = [Refused("wechat.40003")]
    tell(world, member, "withdrawal.paid", PAID)
    listed = get(world, member, "/notices")["notices"]
    assert {one["channel"]: one["state_text"] for one in listed} == {"sms": "已发出", "wechat": "未送达"}
    for one in listed:
        assert one["text"] == "11月23日租房提取3000.00元已转入尾号0012银行卡，账户余额53000.00元。"
        assert (one["title"], one["topic_name"], one["read"]) == ("提取到账", "钱的进出", False)


def test_pages_and_topics(world: World, member: Member) -> None:
    for _ in range(3):
        tell(world, member, "certificate.issued", PROOF)
    tell(world, member, "withdrawal.paid", PAID)
    first = get(world, member, "/notices?topic=certificate&limit=2")
    rest = get(world, member, f"/notices?topic=certificate&limit=2&before={first['next_before']}")
    assert (len(first["notices"]), len(rest["notices"]), rest["next_before"]) == (2, 1, None)
    assert len({one["notice_id"] for one in first["notices"] + rest["notices"]}) == 3
    problem(
        world.client().get(f"{API}/notices?topic=code", headers=member.bearer), 422, "notice.topic_unknown"
    )
    problem(world.client().get(f"{API}/notices?limit=101", headers=member.bearer), 422, "field.invalid")


def test_told_on_two_channels_counts_as_one_unread_until_it_is_read(world: World, member: Member) -> None:
    tell(world, member, "withdrawal.paid", PAID)
    tell(world, member, "certificate.issued", PROOF)
    assert get(world, member, "/home")["unread_notices"] == 2
    newest = get(world, member, "/notices")["notices"][0]["notice_id"]
    assert send(world, member, "POST", "/notices/read", {"upto": newest}).json == {"unread": 0}
    assert get(world, member, "/home")["unread_notices"] == 0
    assert all(one["read"] for one in get(world, member, "/notices")["notices"])


def test_one_tap_and_a_topic_stays_away(world: World, member: Member) -> None:
    assert switches(get(world, member, "/notices/subscriptions"), "certificate") == {
        "wechat": True,
        "sms": True,
    }
    off = [{"topic": "certificate", "channel": channel, "wanted": False} for channel in ("sms", "wechat")]
    answer = send(world, member, "PUT", "/notices/subscriptions", {"choices": off})
    assert switches(answer.json, "certificate") == {"wechat": False, "sms": False}
    tell(world, member, "certificate.issued", PROOF)
    assert get(world, member, "/notices")["notices"] == []
    send(world, member, "PUT", "/notices/subscriptions", {"choices": [{**off[0], "wanted": True}]})
    tell(world, member, "certificate.issued", PROOF)
    assert [one["channel"] for one in get(world, member, "/notices")["notices"]] == ["sms"]


@pytest.mark.parametrize("topic", ["settlement", "security"])
def test_money_and_security_cannot_be_lost(world: World, member: Member, topic: str) -> None:
    body = {"choices": [{"topic": topic, "channel": "sms", "wanted": False}]}
    problem(send(world, member, "PUT", "/notices/subscriptions", body), 422, "notice.topic_locked")
    assert switches(get(world, member, "/notices/subscriptions"), topic) == {"sms": True, "wechat": True}


def test_quiet_hours_are_the_members_own(world: World, member: Member) -> None:
    assert get(world, member, "/notices/subscriptions")["quiet"] == {
        "wanted": True,
        "from_time": "22:00",
        "until_time": "08:00",
    }
    wish = {"wanted": True, "from_time": "09:30", "until_time": "10:10"}
    assert send(world, member, "PUT", "/notices/subscriptions", {"quiet": wish}).json["quiet"] == wish
    tell(world, member, "transfer.asked", {"item_name": "异地转入", "centre": "长沙中心"})
    tell(world, member, "withdrawal.paid", PAID)
    states = {one["title"]: one["state_text"] for one in get(world, member, "/notices")["notices"]}
    assert states == {"联系函已发出": "免打扰时段过后发送", "提取到账": "已发出"}
    world.later(minutes=10, seconds=1)
    world.product.notice_jobs.take_up()
    world.run_jobs(member.account_id)
    states = {one["title"]: one["state_text"] for one in get(world, member, "/notices")["notices"]}
    assert states == {"联系函已发出": "已发出", "提取到账": "已发出"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"quiet": {"wanted": True, "from_time": "22:00", "until_time": "22:00"}}, "notice.quiet_hours"),
        ({"quiet": {"wanted": True, "from_time": "24:00", "until_time": "08:00"}}, "field.invalid"),
        ({"choices": [{"topic": "code", "channel": "sms", "wanted": False}]}, "notice.topic_unknown"),
        ({"choices": [{"topic": "news", "channel": "post", "wanted": False}]}, "field.invalid"),
        ({"choices": [{"topic": "news", "channel": "sms", "wanted": 1}]}, "field.invalid"),
    ],
)
def test_wishes_that_cannot_be(world: World, member: Member, body: Any, code: str) -> None:
    answer = send(world, member, "PUT", "/notices/subscriptions", body)
    assert answer.status_code in (400, 422)
    assert answer.json["code"] == code or code == "field.invalid"


def test_each_tap_counts_once(world: World, member: Member) -> None:
    taps = [{"template": "settlement_paid", "accepted": True}, {"template": "security", "accepted": False}]
    for _ in range(2):
        answer = send(world, member, "POST", "/notices/consents", {"taps": taps})
    left = {one["template"]: (one["way"], one["left"]) for one in answer.json["consents"]}
    assert left == {"settlement_paid": ("subscribe", 2), "security": ("subscribe", 0)}
    problem(
        send(
            world, member, "POST", "/notices/consents", {"taps": [{"template": "unheard", "accepted": True}]}
        ),
        422,
        "notice.template_unknown",
    )


def test_wishes_are_one_s_own(world: World, member: Member) -> None:
    other = world.member()
    body = {"choices": [{"topic": "news", "channel": "wechat", "wanted": False}]}
    assert send(world, member, "PUT", "/notices/subscriptions", body).status_code == 200
    assert switches(get(world, other, "/notices/subscriptions"), "news") == {"wechat": True, "sms": False}
    assert world.client().get(f"{API}/notices/subscriptions").status_code == 401


def test_metrics_say_what_waits_and_how_it_ended(world: World, member: Member) -> None:
    world.channels["wechat"].script = [Refused("wechat.40003")]
    tell(world, member, "withdrawal.paid", PAID)
    said = world.client().get("/metrics", environ_overrides={"REMOTE_ADDR": "127.0.0.1"}).get_data(as_text=True)
    assert 'anju_notices_waiting{channel="sms",state="submitted",why=""}' in said
    assert 'anju_notices_total{channel="wechat",fate="failed",topic="settlement"}' in said
    assert "anju_notices_sms_fen_today" in said
