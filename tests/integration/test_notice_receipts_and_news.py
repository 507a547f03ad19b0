"""Receipts in any order and number end in one fate; policy news reach everybody once; postings are told where wished."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from runtime.cli.notices import run_news
from runtime.inbound import SubscribeChoice
from runtime.notice_listener import NoticeListener
from services.contributions.service import post_contribution
from services.core.db import transaction
from services.core.outbox import emit
from services.notices import consents
from services.notices.circulars import CircularEnded, readers, tell_some, write_circular
from services.notices.service import Receipt
from services.notices.wishes import Choice, choose
from tests.support.domain.world import Member, World

PAID = {
    "application_id": None,
    "item_name": "租房提取",
    "amount_fen": 300_000,
    "tail4": "0012",
    "balance_fen": 5_300_000,
}


def count(world: World, sql: str, **values: Any) -> int:
    """One number."""
    with transaction(world.sessions) as session:
        return int(session.scalar(text(sql), values) or 0)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    receipts=st.lists(st.booleans(), max_size=5),
    answer_at=st.integers(0, 5),
)
def test_receipts_in_any_order_and_number_end_in_one_fate(
    world: World, member: Member, receipts: list[bool], answer_at: int
) -> None:
    """Delivered if any receipt says so; else failed if any does; else it waits. The answer may come at any time."""
    with transaction(world.sessions) as session:
        event = emit(session, member.account_id, "withdrawal.paid", PAID, world.clock.now(), notify=False)
        world.product.notices.handle_event(session, member.account_id, event)
    intent = world.one("SELECT intent_id FROM notice_intent WHERE event_id = :e AND channel = 'sms'", e=event)
    key = (member.account_id, intent.intent_id)
    with transaction(world.sessions) as session:
        assert world.product.notices.sending.begin(session, *key) is not None
    for number, step in enumerate([*receipts, None]):
        if number == min(answer_at, len(receipts)):
            with transaction(world.sessions) as session:
                world.product.notices.fates.submitted(session, *key, "tencent", f"ref-{intent.intent_id}")
        if step is not None:
            with transaction(world.sessions) as session:
                receipt = Receipt("sms", f"ref-{intent.intent_id}", step, None if step else "MK:0001")
                world.product.notices.receive(session, receipt)
    expected = "delivered" if any(receipts) else "failed" if receipts else "submitted"
    state = world.one("SELECT state FROM notice_intent WHERE intent_id = :i", i=intent.intent_id).state
    assert state == expected
    with transaction(world.sessions) as session:
        session.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'todo'"))


def test_news_reach_every_reader_once_in_chunks_that_go_on(world: World, member: Member) -> None:
    away = world.member()
    with transaction(world.sessions) as session:
        choose(session, away.account_id, [Choice("news", "wechat", False)], world.clock.now())
        circular = write_circular(
            session, world.clock, "租房提取额度提高", "从下月起每年最多提取 20,000 元。"
        )
        everybody = readers(session)
    first = tell_some(world.sessions, world.clock, circular, 1)
    assert (first.told, first.finished) == (1, everybody == 0)
    rest = tell_some(world.sessions, world.clock, circular, 10_000)
    assert (rest.told, rest.finished) == (everybody, True)
    with pytest.raises(CircularEnded):
        tell_some(world.sessions, world.clock, circular, 1)
    told = "SELECT count(*) FROM outbox_event WHERE topic = 'circular.sent' AND account_id = :a"
    assert count(world, told, a=member.account_id) == 1
    assert count(world, told, a=away.account_id) == 0
    world.run_jobs(member.account_id)
    sent = [n for n in world.channels["wechat"].sent if n.template == "policy_news"]
    assert [dict(n.fields)["title"] for n in sent if n.recipient == member.person.openid] == [
        "租房提取额度提高"
    ]
    assert not [n for n in world.channels["sms"].sent if n.template == "policy_news"]


def test_the_command_only_says_what_it_would_do(
    world: World, member: Member, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.cli.notices.build", lambda _: world.product)
    before = count(world, "SELECT count(*) FROM notice_circular")
    options = SimpleNamespace(title="标题", text="正文", go_on=None, most=3, send=False)
    assert run_news(world.product.settings, options) == 0  # type: ignore[arg-type]
    assert '"dry_run": true' in capsys.readouterr().out
    assert count(world, "SELECT count(*) FROM notice_circular") == before


def test_a_posting_is_told_where_it_comes_in_and_not_of_a_history(world: World, member: Member) -> None:
    """2,000.00 of November on top of 56,000.00."""
    with transaction(world.sessions) as session:
        post_contribution(
            session, member.account_id, date(2026, 11, 1), 200_000, world.clock.now(), tell=True
        )
    world.run_jobs(member.account_id)
    (told,) = [n for n in world.channels["wechat"].sent if n.template == "contribution_posted"]
    assert dict(told.fields) == {
        "month": "2026年11月",
        "date": "11月23日",
        "amount": "2000.00",
        "balance": "58000.00",
    }
    assert (
        count(
            world,
            "SELECT count(*) FROM outbox_event WHERE topic = 'contribution.posted' AND account_id = :a",
            a=member.account_id,
        )
        == 1
    )


def test_what_members_say_in_wechat_is_counted_and_taken_back(world: World, member: Member) -> None:
    listener = NoticeListener(world.cipher, world.clock, {"subscribe": {"tpl-1": "security"}})

    def says(template: str, accepted: bool, in_settings: bool = False) -> dict[tuple[str, str], int]:
        choice = SubscribeChoice("account", template, accepted, in_settings, world.clock.now())
        with transaction(world.sessions) as session:
            listener.on_subscribe_choice(session, member.person.openid, choice)
            return consents.consents_of(session, member.account_id)

    assert says("tpl-1", True) == {("subscribe", "security"): 1}
    assert says("tpl-1", True) == {("subscribe", "security"): 2}
    assert says("tpl-1", False) == {("subscribe", "security"): 2}
    assert says("tpl-unheard", True) == {("subscribe", "security"): 2}
    assert says("tpl-1", False, in_settings=True) == {("subscribe", "security"): 0}
