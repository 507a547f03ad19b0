"""Notices by route: the next channel once when one fails, followers who left, consents, caps, budget, lost answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.outbox import emit
from services.notices import consents
from services.notices.ports import NotSent, Refused, Uncertain
from services.notices.service import Receipt
from services.notices.spending import spent_on
from tests.support.domain.world import Member, World
from wechat.followers import Followers

PROOF = {"name": "缴存证明", "number": "ZM302611230000001"}
PAID = {
    "application_id": None,
    "item_name": "租房提取",
    "amount_fen": 300_000,
    "tail4": "0012",
    "balance_fen": 5_300_000,
}
POSTED = {"month": "2026-10", "amount_fen": 200_000, "balance_fen": 5_600_000}


def tell(world: World, member: Member, topic: str, payload: dict[str, Any]) -> UUID:
    """An event, told as far as it goes at once."""
    with transaction(world.sessions) as session:
        event_id = emit(session, member.account_id, topic, payload, world.clock.now())
    world.run_jobs(member.account_id, rounds=1)
    return event_id


def later(world: World, member: Member, **by: float) -> None:
    """The clock moves, what is due is looked at, and jobs run once."""
    world.later(**by)
    world.product.notice_jobs.take_up()
    world.run_jobs(member.account_id, rounds=2)


def states(world: World, event_id: UUID) -> dict[str, str]:
    """State by channel."""
    row = world.one(
        "SELECT coalesce(json_object_agg(channel, state), '{}') AS found FROM notice_intent WHERE event_id = :e",
        e=event_id,
    )
    return dict(row.found)


def receive(world: World, *args: Any, **more: Any) -> bool:
    """A receipt comes in."""
    with transaction(world.sessions) as session:
        return world.product.notices.receive(session, Receipt(*args, **more))


def follows(world: World, member: Member, *, now: bool) -> None:
    """What WeChat told of the member's user."""
    at = world.clock.now()
    with transaction(world.sessions) as session:
        Followers(world.cipher).note(
            session, member.person.openid, follows=now, told_at_s=int(at.timestamp()), at=at
        )


def test_the_first_channel_that_works_is_enough(world: World, member: Member) -> None:
    told = tell(world, member, "certificate.issued", PROOF)
    assert states(world, told) == {"wechat": "submitted"}
    receive(world, "wechat", _reference(world, told), True, None)
    later(world, member, minutes=30)
    assert states(world, told) == {"wechat": "delivered"}


def _reference(world: World, event_id: UUID, channel: str = "wechat") -> str:
    row = world.one(
        "SELECT provider_ref FROM notice_intent WHERE event_id = :e AND channel = :c", e=event_id, c=channel
    )
    return str(row.provider_ref)


@pytest.mark.parametrize(
    ("fault", "state"), [("wechat.not_following", "not_subscribed"), ("wechat.40003", "failed")]
)
def test_what_wechat_refuses_goes_by_sms_once(world: World, member: Member, fault: str, state: str) -> None:
    world.channels["wechat"].script = [Refused(fault)] * 9
    told = tell(world, member, "certificate.issued", PROOF)
    later(world, member, minutes=1)
    assert states(world, told) == {"wechat": state, "sms": "submitted"}
    for _ in range(3):
        later(world, member, minutes=20)
    assert len(world.channels["sms"].sent) == 1
    if state == "not_subscribed":  # and what comes next does not try WeChat at all
        again = tell(world, member, "certificate.issued", PROOF)
        assert states(world, again) == {"sms": "submitted"}


def test_a_failed_receipt_goes_by_the_other_channel(world: World, member: Member) -> None:
    told = tell(world, member, "certificate.issued", PROOF)
    for _ in range(2):
        receive(world, "wechat", _reference(world, told), False, "failed:user block")
    later(world, member, seconds=1)
    assert states(world, told) == {"wechat": "failed", "sms": "submitted"}
    assert len(world.channels["sms"].sent) == 1


def test_silence_for_ten_minutes_goes_by_the_other_channel_and_a_late_receipt_still_counts(
    world: World, member: Member
) -> None:
    world.channels["wechat"].fate = "pending"
    told = tell(world, member, "certificate.issued", PROOF)
    later(world, member, minutes=9)
    assert states(world, told) == {"wechat": "submitted"}
    later(world, member, minutes=2)
    later(world, member, minutes=5)
    assert states(world, told) == {"wechat": "submitted", "sms": "submitted"}
    receive(world, "wechat", _reference(world, told), True, None)
    assert states(world, told) == {"wechat": "delivered", "sms": "submitted"}


def test_settlement_goes_both_ways_and_a_user_who_left_is_noted(world: World, member: Member) -> None:
    follows(world, member, now=False)
    told = tell(world, member, "withdrawal.paid", PAID)
    assert states(world, told) == {"sms": "submitted", "wechat": "not_subscribed"}
    assert world.channels["wechat"].sent == []
    world.later(seconds=5)
    follows(world, member, now=True)
    assert states(world, tell(world, member, "withdrawal.paid", PAID)) == {
        "sms": "submitted",
        "wechat": "submitted",
    }


def test_who_left_but_agreed_to_one_message_gets_one(world: World, member: Member) -> None:
    follows(world, member, now=False)
    with transaction(world.sessions) as session:
        consents.count_tap(
            session, member.account_id, "subscribe", "settlement_paid",
            accepted=True, told_by="page", at=world.clock.now(),
        )  # fmt: skip
    first, second = (tell(world, member, "withdrawal.paid", PAID) for _ in range(2))
    assert states(world, first)["wechat"] == "submitted"
    assert states(world, second)["wechat"] == "not_subscribed"
    assert [notice.way for notice in world.channels["wechat"].sent] == ["subscribe"]


def test_what_did_not_go_gives_the_consent_back(world: World, member: Member) -> None:
    follows(world, member, now=False)
    world.channels["wechat"].script = [NotSent("busy")]
    with transaction(world.sessions) as session:
        consents.count_tap(
            session, member.account_id, "subscribe", "settlement_paid",
            accepted=True, told_by="event", at=world.clock.now(),
        )  # fmt: skip
    told = tell(world, member, "withdrawal.paid", PAID)
    world.run_jobs(member.account_id)
    assert states(world, told)["wechat"] == "submitted"
    assert len(world.channels["wechat"].sent) == 2


def test_a_lost_answer_is_settled_by_the_receipt_that_names_the_user(world: World, member: Member) -> None:
    world.channels["wechat"].script = [Uncertain("lost")]
    told = tell(world, member, "withdrawal.paid", PAID)
    assert states(world, told)["wechat"] == "uncertain"
    receive(world, "wechat", "msg-77", True, None, recipient=member.person.openid)
    later(world, member, seconds=11)
    assert states(world, told)["wechat"] == "delivered"
    assert len(world.channels["wechat"].sent) == 1


def test_of_two_lost_answers_one_receipt_settles_neither(world: World, member: Member) -> None:
    world.channels["wechat"].script = [Uncertain("lost"), Uncertain("lost")]
    first, second = (tell(world, member, "withdrawal.paid", PAID) for _ in range(2))
    receive(world, "wechat", "msg-78", True, None, recipient=member.person.openid)
    later(world, member, seconds=11)
    assert {states(world, first)["wechat"], states(world, second)["wechat"]} == {"uncertain"}
    receive(world, "wechat", "msg-79", True, None, recipient=member.person.openid)
    later(world, member, seconds=60)
    later(world, member, seconds=60)
    assert {states(world, first)["wechat"], states(world, second)["wechat"]} == {"delivered"}


def test_what_nobody_knows_ends_as_not_delivered_and_is_never_sent_again(
    world: World, member: Member
) -> None:
    world.channels["wechat"].script = [Uncertain("lost")]
    told = tell(world, member, "withdrawal.paid", PAID)
    for _ in range(8):
        later(world, member, minutes=8)
    assert states(world, told)["wechat"] == "failed"
    assert len(world.channels["wechat"].sent) == 1


def test_what_is_not_so_of_a_case_is_never_told(world: World, member: Member) -> None:
    """An event that only a fault of ours could write: the case is approved, and nothing was repaid."""
    case = world.approved(member)
    payload = {**PAID, "owed_fen": 1, "application_id": str(case.application_id)}
    told = tell(world, member, "loan.repaid", payload)
    assert states(world, told) == {"sms": "failed", "wechat": "failed"}
    assert not [n for c in world.channels.values() for n in c.sent if n.template == "loan_repaid"]


def test_what_is_switched_off_while_it_waits_does_not_go(world: World, member: Member) -> None:
    world.later(hours=12)  # 22:00
    told = tell(world, member, "contribution.posted", POSTED)
    assert states(world, told) == {"wechat": "held"}
    client = world.client()
    choice = {"topic": "contribution", "channel": "wechat", "wanted": False}
    _, tokens = world.sign_in(member.person)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    client.put("/api/v1/notices/subscriptions", json={"choices": [choice]}, headers=bearer)
    later(world, member, hours=10, seconds=1)
    assert states(world, told) == {"wechat": "failed", "sms": "submitted"}


def test_the_fourth_of_a_topic_waits_for_the_morning(world: World, member: Member) -> None:
    """Three postings of a day at most; the fourth goes at 8 the next morning."""
    told = [tell(world, member, "contribution.posted", POSTED) for _ in range(4)]
    assert [states(world, one) for one in told] == [{"wechat": "submitted"}] * 3 + [{"wechat": "held"}]
    later(world, member, hours=21, minutes=59)  # 07:59
    assert states(world, told[3]) == {"wechat": "held"}
    later(world, member, minutes=2)
    assert states(world, told[3]) == {"wechat": "submitted"}


def test_over_the_budget_only_urgent_sms_go(world: World, member: Member) -> None:
    """5,000 yuan a day are 500,000 fen; what is spent above holds a posting, not a payment."""
    follows(world, member, now=False)
    day = shanghai_day(world.clock.now())
    with transaction(world.sessions) as session:
        session.execute(
            text("INSERT INTO notice_spend VALUES (:day, 99, 100000, 500000)"),
            {"day": day},
        )
    world.product.notices.sending._spending._read = None
    try:
        held = tell(world, member, "contribution.posted", POSTED)
        paid = tell(world, member, "withdrawal.paid", PAID)
        assert states(world, held) == {"sms": "held"}
        assert states(world, paid)["sms"] == "submitted"
    finally:
        with transaction(world.sessions) as session:
            session.execute(text("UPDATE notice_spend SET cost_fen = 0 WHERE slot = 99"))
        world.product.notices.sending._spending._read = None


def test_an_sms_costs_what_its_length_says_and_one_not_sent_costs_nothing(
    world: World, member: Member
) -> None:
    day = shanghai_day(world.clock.now())

    def spent() -> int:
        with transaction(world.sessions) as session:
            return spent_on(session, day)

    before = spent()
    tell(world, member, "withdrawal.paid", PAID)
    assert spent() - before == 5
    world.channels["sms"].script = [NotSent("busy")]
    tell(world, member, "withdrawal.paid", PAID)
    assert spent() - before == 5
    world.later(seconds=timedelta(seconds=60).total_seconds())
    world.run_jobs(member.account_id)
    assert spent() - before == 10
