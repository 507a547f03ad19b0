"""Notices are intended once for each event and channel, and sent once, whatever happens in between."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from services.core.db import transaction
from services.core.ids import new_id
from services.core.outbox import emit
from services.notices.locked import LockedIntent
from services.notices.ports import NotSent, OutgoingNotice, Refused, Uncertain
from services.notices.service import MOST_ATTEMPTS, Receipt
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

PAID = {
    "application_id": None,
    "item_name": "租房提取",
    "amount_fen": 300_000,
    "tail4": "0012",
    "bank_name": "建设银行",
    "balance_fen": 5_300_000,
}


def event(world: World, member: Member, topic: str = "transfer.asked") -> UUID:
    """Something to tell on the WeChat channel only, so that one intent is made."""
    payload = {"item_name": "异地转入", "centre": "长沙中心"} if topic == "transfer.asked" else PAID
    with transaction(world.sessions) as session:
        return emit(session, member.account_id, topic, payload, world.clock.now(), notify=False)


def handle(world: World, member: Member, event_id: UUID) -> None:
    """Its intents are made, each with a job that sends it."""
    notices = world.product.notices
    with transaction(world.sessions) as session:
        made = notices.handle_event(session, member.account_id, event_id)
        notices.plan_sends(session, member.account_id, made)


def intents(world: World, event_id: UUID) -> dict[str, str]:
    """State by channel."""
    row = world.one(
        "SELECT coalesce(json_object_agg(channel, state), '{}') AS found FROM notice_intent WHERE event_id = :e",
        e=event_id,
    )
    return dict(row.found)


def intent_id(world: World, event_id: UUID, channel: str = "wechat") -> str:
    """The intent's key."""
    row = world.one(
        "SELECT intent_id FROM notice_intent WHERE event_id = :e AND channel = :c", e=event_id, c=channel
    )
    return str(row.intent_id)


def send(world: World, member: Member) -> None:
    """Run the sends that wait, once."""
    world.run_jobs(member.account_id, "notices.send", rounds=1)


def test_an_arrived_payment_is_told_by_sms_and_by_wechat_once(world: World, member: Member) -> None:
    world.approved(member)
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    change = movement(world.node.sent[0])
    for _ in range(2):
        world.product.settlement_jobs.take_changes([change])
        world.run_jobs(member.account_id, "notices.handle_event", "notices.send")
    for channel, recipient in (("sms", member.person.phone), ("wechat", member.person.openid)):
        told = [n for n in world.channels[channel].sent if n.template == "settlement_paid"]
        assert len(told) == 1
        assert told[0].recipient == recipient
        assert dict(told[0].fields) == {
            "date": "11月23日",
            "item": "租房提取",
            "amount": "3000.00",
            "card4": member.person.card_no[-4:],
            "balance": "53000.00",
        }


def test_an_event_handled_again_makes_no_second_intent(world: World, member: Member) -> None:
    paid = event(world, member, "withdrawal.paid")
    for _ in range(3):
        handle(world, member, paid)
    assert intents(world, paid) == {"sms": "created", "wechat": "created"}
    send(world, member)
    assert len(world.channels["sms"].sent) == len(world.channels["wechat"].sent) == 1


def test_a_send_run_twice_sends_once(world: World, member: Member) -> None:
    told = event(world, member)
    handle(world, member, told)
    for _ in range(3):
        world.product.notice_jobs.send(str(member.account_id), intent_id(world, told))
    assert len(world.channels["wechat"].sent) == 1
    assert intents(world, told) == {"wechat": "submitted"}


def test_a_member_without_wechat_is_not_written_to_there(world: World) -> None:
    person, account_id = world.enrol()
    with transaction(world.sessions) as session:
        paid = emit(session, account_id, "withdrawal.paid", PAID, world.clock.now(), notify=False)
    world.product.notice_jobs.handle_event(str(account_id), str(paid))
    world.run_jobs(account_id)
    assert intents(world, paid) == {"sms": "submitted", "wechat": "not_subscribed"}
    assert world.channels["wechat"].sent == []
    assert world.channels["sms"].sent[0].recipient == person.phone


def test_what_certainly_did_not_go_is_sent_again(world: World, member: Member) -> None:
    world.channels["wechat"].script = [NotSent("refused"), NotSent("refused")]
    told = event(world, member)
    handle(world, member, told)
    for _ in range(3):
        send(world, member)
    assert intents(world, told) == {"wechat": "submitted"}
    assert len({notice.intent_id for notice in world.channels["wechat"].sent}) == 1
    assert len(world.channels["wechat"].sent) == 3


def test_trying_ends_after_a_while(world: World, member: Member) -> None:
    world.channels["wechat"].script = [NotSent("refused")] * 50
    told = event(world, member)
    handle(world, member, told)
    for _ in range(MOST_ATTEMPTS + 5):
        send(world, member)
    assert intents(world, told) == {"wechat": "failed"}
    assert len(world.channels["wechat"].sent) == MOST_ATTEMPTS


def test_what_the_provider_refuses_is_not_sent_again(world: World, member: Member) -> None:
    world.channels["wechat"].script = [Refused("43004")]
    told = event(world, member)
    handle(world, member, told)
    for _ in range(3):
        send(world, member)
    assert intents(world, told) == {"wechat": "failed"}
    assert len(world.channels["wechat"].sent) == 1


@pytest.mark.parametrize(
    ("fate", "state"),
    [("delivered", "delivered"), ("failed", "failed"), ("pending", "submitted"), ("unknown", "uncertain")],
)
def test_what_may_have_gone_is_looked_up_and_never_sent_again(
    world: World, member: Member, fate: str, state: str
) -> None:
    world.channels["wechat"].script = [Uncertain("timeout")]
    world.channels["wechat"].fate = fate  # type: ignore[assignment]
    told = event(world, member)
    handle(world, member, told)
    for _ in range(4):
        send(world, member)
    assert intents(world, told) == {"wechat": state}
    assert len(world.channels["wechat"].sent) == 1
    assert world.channels["wechat"].looked_up == [world.channels["wechat"].sent[0].intent_id]


def test_the_job_of_an_event_sends_its_intents_itself(world: World, member: Member) -> None:
    """No job more for each: on a busy day a job costs as much as its message."""
    paid = event(world, member, "withdrawal.paid")
    world.product.notice_jobs.handle_event(str(member.account_id), str(paid))
    assert intents(world, paid) == {"sms": "submitted", "wechat": "submitted"}
    assert "notices.send" not in world.waiting_jobs(member.account_id)
    world.product.notice_jobs.handle_event(str(member.account_id), str(paid))  # run again, as any job may be
    assert len(world.channels["sms"].sent) == len(world.channels["wechat"].sent) == 1


def test_a_refused_message_does_not_keep_the_next_from_going(world: World, member: Member) -> None:
    world.channels["sms"].script = [Refused("1"), NotSent("2"), Uncertain("3")]
    for state in ("failed", "created", "uncertain"):
        paid = event(world, member, "withdrawal.paid")
        world.product.notice_jobs.handle_event(str(member.account_id), str(paid))
        assert intents(world, paid) == {"sms": state, "wechat": "submitted"}


def test_a_crash_leaves_one_message_in_doubt_and_the_next_to_the_sweep(world: World, member: Member) -> None:
    world.channels["sms"].script = [SystemExit("killed")]
    paid = event(world, member, "withdrawal.paid")
    with pytest.raises(SystemExit):
        world.product.notice_jobs.handle_event(str(member.account_id), str(paid))
    assert intents(world, paid) == {"sms": "sending", "wechat": "created"}
    world.later(minutes=1)
    assert world.product.notice_jobs.take_up() >= 2
    send(world, member)
    assert intents(world, paid) == {"sms": "uncertain", "wechat": "submitted"}
    assert len(world.channels["sms"].sent) == len(world.channels["wechat"].sent) == 1


def test_what_the_sweep_sent_meanwhile_is_not_sent_again(world: World, member: Member) -> None:
    """A provider that takes a minute to answer: the member's other message has gone by then."""

    def slow(_notice: OutgoingNotice, _reference: str) -> None:
        world.channels["sms"].before_return = None
        world.later(minutes=1)
        world.product.notice_jobs.take_up()
        world.product.notice_jobs.send(str(member.account_id), intent_id(world, paid, "wechat"))

    world.channels["sms"].before_return = slow
    paid = event(world, member, "withdrawal.paid")
    world.product.notice_jobs.handle_event(str(member.account_id), str(paid))
    assert intents(world, paid) == {"sms": "submitted", "wechat": "submitted"}
    assert len(world.channels["wechat"].sent) == 1


@pytest.mark.parametrize("broken", ["sms", "wechat"])
def test_one_that_cannot_be_begun_takes_nothing_back(
    world: World, member: Member, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    sending = world.product.notices.sending
    to_send = sending._to_send

    def fails(session: Session, intent: LockedIntent) -> tuple[OutgoingNotice, str] | None:
        if intent.channel == broken:
            raise LookupError("a figure is missing")
        return to_send(session, intent)

    other = {"sms": "wechat", "wechat": "sms"}[broken]
    paid = event(world, member, "withdrawal.paid")
    with monkeypatch.context() as patch:
        patch.setattr(sending, "_to_send", fails)
        world.product.notice_jobs.handle_event(str(member.account_id), str(paid))
    assert intents(world, paid) == {broken: "created", other: "submitted"}
    world.later(minutes=1)
    world.product.notice_jobs.take_up()
    send(world, member)
    assert intents(world, paid)[broken] == "submitted"
    assert len(world.channels["sms"].sent) == len(world.channels["wechat"].sent) == 1


def test_an_overdue_intent_is_left_to_the_sweep(world: World, member: Member) -> None:
    """It may have asked for a job of its own already; begun twice, nobody would know what became of it."""
    told = event(world, member)
    with transaction(world.sessions) as session:
        (made,) = world.product.notices.handle_event(session, member.account_id, told)
    world.later(seconds=20)
    with transaction(world.sessions) as session:
        assert world.product.notices.sending.begin_new(session, member.account_id, made) is None
    assert intents(world, told) == {"wechat": "created"}


def test_the_code_for_an_operation_goes_first_as_well(world: World, member: Member) -> None:
    with transaction(world.sessions) as session:
        world.product.notices.send_operation_code(session, member.account_id, new_id(), "135790", "提取")
    planned = world.one(
        "SELECT task_name, priority FROM procrastinate_jobs WHERE args->>'account_id' = :a AND status = 'todo'"
        " AND task_name = 'notices.send'",
        a=str(member.account_id),
    )
    assert planned.priority == 1


def test_a_crash_while_sending_is_looked_up_and_never_sent_again(world: World, member: Member) -> None:
    world.channels["wechat"].script = [SystemExit("killed")]
    told = event(world, member)
    handle(world, member, told)
    with pytest.raises(SystemExit):
        send(world, member)
    assert intents(world, told) == {"wechat": "sending"}
    world.later(minutes=1)
    assert world.product.notice_jobs.take_up() >= 1
    send(world, member)
    assert intents(world, told) == {"wechat": "uncertain"}
    assert len(world.channels["wechat"].sent) == 1


def test_what_waits_for_its_job_is_not_taken_up_again(world: World, member: Member) -> None:
    """A long queue is no crash: the sweep leaves the intent as it is, and its one job still sends it."""
    told = event(world, member)
    handle(world, member, told)
    due = "SELECT due_at FROM notice_intent WHERE event_id = :e"
    before = world.one(due, e=told).due_at
    world.later(minutes=1)
    world.product.notice_jobs.take_up()
    assert world.one(due, e=told).due_at == before
    send(world, member)
    assert len(world.channels["wechat"].sent) == 1


def test_a_code_goes_before_what_has_waited_longer(world: World, member: Member) -> None:
    """Thousands of settlement notices may wait on a busy day; who sits before the page gets the code all the same."""
    with transaction(world.sessions) as session:
        emit(session, member.account_id, "withdrawal.paid", PAID, world.clock.now())
        world.product.notices.plan_code(session, member.account_id, new_id(), "135790")
    in_turn = world.one(
        "SELECT array_agg(task_name ORDER BY priority DESC, id) AS jobs FROM procrastinate_jobs"
        " WHERE args->>'account_id' = :a AND status = 'todo' AND queue_name IN ('notices', 'codes')",
        a=str(member.account_id),
    ).jobs
    assert in_turn[0] == "notices.bind_code"
    assert "notices.handle_event" in in_turn[1:]


def receipt(world: World, reference: str, delivered: bool = True, channel: str = "wechat") -> bool:
    """The provider's word."""
    with transaction(world.sessions) as session:
        fault = None if delivered else "rejected"
        return world.product.notices.receive(session, Receipt(channel, reference, delivered, fault))


@pytest.mark.parametrize(("delivered", "state"), [(True, "delivered"), (False, "failed")])
def test_a_receipt_after_the_answer_decides(
    world: World, member: Member, delivered: bool, state: str
) -> None:
    world.channels["wechat"].script = [f"ref-{state}"]
    told = event(world, member)
    handle(world, member, told)
    send(world, member)
    assert receipt(world, f"ref-{state}", delivered)
    assert intents(world, told) == {"wechat": state}
    assert receipt(world, f"ref-{state}", not delivered)  # of two contrary ones, "delivered" stands
    assert intents(world, told) == {"wechat": "delivered"}


def test_a_receipt_of_nobody_or_of_the_other_channel_changes_nothing(world: World, member: Member) -> None:
    world.channels["wechat"].script = ["ref-a"]
    told = event(world, member)
    handle(world, member, told)
    send(world, member)
    assert not receipt(world, "ref-unknown")
    assert not receipt(world, "ref-a", channel="sms")
    assert intents(world, told) == {"wechat": "submitted"}


def test_a_receipt_before_the_answer_is_not_lost(world: World, member: Member) -> None:
    """Providers push receipts from other machines than those that answer."""

    def early(notice: OutgoingNotice, reference: str) -> None:
        receipt(world, reference)

    world.channels["wechat"].before_return = early
    told = event(world, member)
    handle(world, member, told)
    send(world, member)
    assert intents(world, told) == {"wechat": "delivered"}


def test_codes_are_not_listed_to_the_member(world: World, member: Member) -> None:
    with transaction(world.sessions) as session:
        world.product.notices.send_operation_code(session, member.account_id, new_id(), "123456", "提取")
    told = event(world, member)
    handle(world, member, told)
    with transaction(world.sessions) as session:
        listed = world.product.notices.notices_of(session, member.account_id).notices
    assert [notice["topic"] for notice in listed] == ["transfer"]
    assert "123456" not in str(listed)
