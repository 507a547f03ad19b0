"""Attacks on channels and notices: what was meant for a user who is bound no more, receipts of others, late sign-ins."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text

from services.core.db import transaction
from services.core.ids import new_id
from services.core.outbox import emit
from services.members.binding import bind
from services.members.models import LoginSession
from services.members.phones import change_phone, take_former_phone
from services.members.sessions import start
from services.members.unbinding import unbind
from services.notices.adapters.sms_receipts import DeliveryReceipt
from services.notices.ports import Uncertain
from tests.integration.test_notice_routes import POSTED, later, receive, states, tell
from tests.support.domain.world import Member, World, public_point


def leave(world: World, member: Member) -> None:
    """The member unbinds the page."""
    with transaction(world.sessions) as session:
        unbind(session, member.account_id, "h5", "h5", world.clock.now())


def held_at_night(world: World, member: Member) -> Any:
    """A posting told at 22:00 waits for 8:00."""
    world.later(hours=12)
    told = tell(world, member, "contribution.posted", POSTED)
    assert set(states(world, told).values()) == {"held"}
    return told


def test_what_waited_overnight_does_not_go_to_a_user_who_unbound(world: World, member: Member) -> None:
    told = held_at_night(world, member)
    leave(world, member)
    later(world, member, hours=10, seconds=1)
    assert world.channels["wechat"].sent == []
    assert states(world, told) == {"wechat": "not_subscribed", "sms": "submitted"}


def test_what_waited_overnight_goes_to_the_user_who_is_bound_now(world: World, member: Member) -> None:
    told = held_at_night(world, member)
    leave(world, member)
    other = f"w{member.person.number:027d}"
    key = public_point(ec.generate_private_key(ec.SECP256R1()))
    with transaction(world.sessions) as session:
        bind(session, world.cipher, member.account_id, other, "h5", key, world.clock.now())
    later(world, member, hours=10, seconds=1)
    assert {notice.recipient for notice in world.channels["wechat"].sent} == {other}
    assert states(world, told)["wechat"] == "submitted"


def test_what_waited_overnight_goes_to_the_number_of_the_morning(world: World, member: Member) -> None:
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE binding SET ended_at = now() WHERE account_id = :a"), {"a": member.account_id}
        )
    held_at_night(world, member)
    now, application_id = world.clock.now(), new_id()
    with transaction(world.sessions) as session:
        change_phone(
            session, world.cipher, member.account_id, application_id, "13900009999",
            actor="member", at=now, money_from=now + timedelta(hours=24),
        )  # fmt: skip
    later(world, member, hours=10, seconds=1)
    assert [notice.recipient for notice in world.channels["sms"].sent] == ["13900009999"]
    with transaction(world.sessions) as session:  # nothing is left for who looks at what is kept too long
        take_former_phone(session, world.cipher, member.account_id, application_id)


def test_a_sign_in_during_unbinding_brings_no_session_of_the_member(world: World, member: Member) -> None:
    """Whoever signs in between the end of the sessions and the commit would stay in, unbound, and without any wait."""
    begun: list[UUID] = []

    def sign_in() -> None:
        with transaction(world.sessions) as session:
            row = start(session, world.cipher, member.person.openid, "h5", world.clock.now())
            session.flush()
            begun.append(row.session_id)

    with transaction(world.sessions) as session:
        unbind(session, member.account_id, "h5", "h5", world.clock.now())
        session.flush()
        meanwhile = threading.Thread(target=sign_in)
        meanwhile.start()
        meanwhile.join(0.5)  # where it does not wait, it has read the binding by now
    meanwhile.join(5)
    with transaction(world.sessions) as session:
        assert session.get_one(LoginSession, begun[0]).account_id is None


def test_a_receipt_for_another_user_settles_nothing(world: World, member: Member) -> None:
    """The account and the mini-program number their messages apart from each other, so numbers can meet."""
    told = tell(world, member, "certificate.issued", {"name": "缴存证明", "number": "ZM302611230000001"})
    reference = world.one("SELECT provider_ref FROM notice_intent WHERE event_id = :e", e=told).provider_ref
    stranger = f"s{member.person.number:027d}"
    receive(world, "wechat", reference, False, "failed:user block", recipient=stranger)
    assert states(world, told) == {"wechat": "submitted"}
    receive(world, "wechat", reference, True, None, recipient=member.person.openid)
    assert states(world, told) == {"wechat": "delivered"}


def test_an_early_receipt_for_another_user_settles_nothing(world: World, member: Member) -> None:
    with transaction(world.sessions) as session:
        event_id = emit(
            session,
            member.account_id,
            "certificate.issued",
            {"name": "缴存证明", "number": "ZM1"},
            world.clock.now(),
        )
    world.run_jobs(member.account_id, rounds=1)
    intent = world.one("SELECT intent_id FROM notice_intent WHERE event_id = :e", e=event_id).intent_id
    receive(world, "wechat", f"wechat-{intent}", False, "1", recipient=f"s{member.person.number:027d}")
    world.run_jobs(member.account_id, rounds=1)
    assert states(world, event_id) == {"wechat": "submitted"}


def test_a_provider_settles_nothing_that_another_may_have(world: World, member: Member) -> None:
    """Aliyun's receipts repeat our number; a message whose answer was lost at Tencent is none of its business."""
    world.channels["sms"].script = [Uncertain("tencent.lost", provider="tencent")]
    paid = {"application_id": None, "item_name": "租房提取", "amount_fen": 1, "tail4": "1", "balance_fen": 1}
    told = tell(world, member, "withdrawal.paid", paid)
    intent = world.one(
        "SELECT intent_id, provider FROM notice_intent WHERE event_id = :e AND channel = 'sms'", e=told
    )
    assert intent.provider == "tencent"
    for provider, state in (("aliyun", "uncertain"), ("tencent", "delivered")):
        receive(world, "sms", f"{provider}:1", True, None, intent_id=intent.intent_id)
        assert states(world, told)["sms"] == state


def test_two_pushes_of_the_same_receipts_do_not_block_each_other(world: World) -> None:
    """Each locks what it settles until its end: in opposite orders one of them would be thrown away by the database."""
    numbers = [f"{new_id()}" for _ in range(30)]
    faults: list[Exception] = []
    begin = threading.Barrier(2)

    def push(ordered: list[str]) -> None:
        receipts = [
            DeliveryReceipt("mas", number, "13800000001", True, "DELIVRD", None) for number in ordered
        ]
        begin.wait(5)
        try:
            with transaction(world.sessions) as session:
                world.product.inbound.on_sms_receipts(session, receipts)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=push, args=(order,)) for order in (numbers, numbers[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert faults == []
