"""Without a face: the payment waits a day and may be called back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import DomainError
from services.settlement.ports import PayReply
from tests.integration.card_route.conftest import (
    Way,
    dispatch_all,
    refused,
    told,
)
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

# the way itself


def test_the_money_is_held_at_once_and_paid_a_day_later(
    world: World, member: Member, application: Application, way: Way
) -> None:
    view = way.go(application)
    assert (view["state"], view["state_text"], view["next_step"]) == ("waiting", "待付款", "wait")
    assert view["pay_from"] == "2026-11-24T10:00:00.000+08:00"
    assert view["cancellable"] is True
    assert "11月24日10:00" in view["waiting_text"]
    assert "撤销" in view["waiting_text"]
    verified = next(step for step in view["steps"] if step["key"] == "verified")
    assert (verified["label"], verified["state"]) == ("银行卡和短信", "done")
    assert world.state(application) == ("waiting", "ready")
    assert world.balance(member) == (5_300_000, 300_000)  # 56,000 − 3,000, and 3,000 on hold
    assert world.new_violations() == {}

    world.later(hours=23, minutes=59, seconds=59)
    world.product.settlement_jobs.take_up()  # the sweep sends it no sooner
    dispatch_all(world, member)
    assert world.node.sent == []
    assert world.state(application) == ("waiting", "ready")

    world.later(seconds=1)
    dispatch_all(world, member)
    assert [order.amount_fen for order in world.node.sent] == [300_000]
    assert world.state(application) == ("accepted", "accepted")
    world.product.settlement_jobs.take_changes([movement(world.node.sent[0])])
    assert world.state(application) == ("paid", "paid")
    assert world.balance(member) == (5_300_000, 0)
    assert way.read(application)["pay_from"] is None


def test_the_bank_is_asked_for_this_person_and_this_card(
    world: World, member: Member, application: Application, way: Way
) -> None:
    world.sharing.asked.clear()
    assert way.ask(application).status_code == 202
    [(service, request)] = world.sharing.asked
    assert service == "bank.card_check"
    assert (request.name, request.id_no) == (member.person.name, member.person.id_no)
    assert request.params == {"bank_code": "105000", "card_no": member.person.card_no}
    assert request.case_id == str(application.application_id)


def test_the_code_goes_to_the_phone_on_record_and_says_what_it_is_for(
    world: World, member: Member, application: Application, way: Way
) -> None:
    asked = way.ask(application).json
    assert asked["phone_masked"] == f"{member.person.phone[:3]}****{member.person.phone[-4:]}"
    assert asked["pay_from"] == "2026-11-24T10:00:00.000+08:00"
    code = way.code()
    notice = world.channels["sms"].sent[-1]
    assert notice.recipient == member.person.phone
    assert notice.fields == {"what": "租房提取3000.00元", "code": code, "minutes": "10"}
    assert all(code not in str(sent.fields) for sent in world.channels["wechat"].sent)


def test_the_member_is_told_at_once_how_to_stop_it(
    world: World, member: Member, application: Application, way: Way
) -> None:
    way.go(application)
    sent = told(world, member, "payment_waiting")
    fields = {
        "item": "租房提取",
        "amount": "3000.00",
        "card4": member.person.card_no[-4:],
        "time": "11月24日10:00",
    }
    assert sorted(sent) == [("sms", fields), ("wechat", fields)]
    listed = way.client.get("/api/v1/notices", headers=member.bearer).json["notices"]
    assert any("可在“我的办理”里撤销" in notice["text"] for notice in listed)


def test_a_crash_that_loses_the_job_is_taken_up_when_the_payment_is_due(
    world: World, member: Member, application: Application, way: Way
) -> None:
    way.go(application)
    with transaction(world.sessions) as session:
        session.execute(
            text("DELETE FROM procrastinate_jobs WHERE args->>'account_id' = :a"),
            {"a": str(member.account_id)},
        )
    world.later(hours=24, minutes=10)
    assert world.product.settlement_jobs.take_up() >= 1
    dispatch_all(world, member)
    assert world.state(application) == ("accepted", "accepted")


def test_a_clock_moved_on_does_not_wait_for_the_job_of_the_day_before(
    world: World, member: Member, application: Application, way: Way
) -> None:
    """The job planned for tomorrow still lies there; the sweep puts another beside it."""
    way.go(application)
    assert world.waiting_jobs(member.account_id).count("settlement.dispatch") == 1
    world.later(hours=25)
    world.product.settlement_jobs.take_up()
    assert world.waiting_jobs(member.account_id).count("settlement.dispatch") == 2
    dispatch_all(world, member)  # both run: one sends, the other finds nothing to send
    assert len(world.node.sent) == 1
    assert world.state(application) == ("accepted", "accepted")


def test_a_payment_that_waits_stays_while_the_account_is_frozen(
    world: World, member: Member, application: Application, way: Way
) -> None:
    def set_state(state: str) -> None:
        with transaction(world.sessions) as session:
            session.execute(
                text("UPDATE provident_fund_account SET state = :s WHERE account_id = :a"),
                {"s": state, "a": member.account_id},
            )

    way.go(application)
    world.later(hours=25)
    set_state("06")
    dispatch_all(world, member)
    assert world.node.sent == []
    assert world.state(application) == ("waiting", "ready")
    set_state("01")
    dispatch_all(world, member)
    assert world.state(application) == ("accepted", "accepted")


def test_a_member_may_have_one_money_case_only_while_it_waits(
    world: World, member: Member, application: Application, way: Way
) -> None:
    way.go(application)
    with pytest.raises(DomainError) as again:
        world.submit(member)
    assert again.value.code in ("item.refused", "application.in_flight")


def test_a_case_for_review_goes_to_people_and_then_waits(world: World) -> None:
    world.sharing.answers["civil.marriage"] = ("ok", {"status": "20", "spouse": None})
    member = world.member()
    application = world.submit(member)
    view = Way(world, member).go(application)
    assert view["state"] == "in_review"
    assert world.balance(member) == (5_600_000, 0)


# cancelling


def test_a_waiting_payment_is_called_back_and_the_money_is_the_members_again(
    world: World, member: Member, application: Application, way: Way
) -> None:
    way.go(application)
    world.later(hours=23)
    stopped = way.cancel(application)
    assert stopped.status_code == 200
    assert stopped.json["state"] == "cancelled"
    assert "钱已回到" in stopped.json["waiting_text"]
    assert world.state(application) == ("cancelled", "cancelled")
    assert world.balance(member) == (5_600_000, 0)
    world.later(hours=2)
    dispatch_all(world, member)
    world.product.settlement_jobs.take_up()
    dispatch_all(world, member)
    assert world.node.sent == []
    assert sorted(name for name, _ in told(world, member, "payment_stopped")) == ["sms", "wechat"]
    assert world.submit(member).state == "verifying"  # and may begin anew


def test_what_has_gone_out_cannot_be_called_back(
    world: World, member: Member, application: Application, way: Way
) -> None:
    way.go(application)
    world.later(hours=24)
    dispatch_all(world, member)
    assert refused(way.cancel(application)) == (409, "application.state_changed")
    assert world.balance(member) == (5_300_000, 300_000)


def test_calling_back_twice_returns_the_money_once(
    world: World, member: Member, application: Application, way: Way
) -> None:
    way.go(application)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: Way(world, member).cancel(application).status_code, range(8)))
    assert sorted(codes) == [200] + [409] * 7
    assert world.balance(member) == (5_600_000, 0)


def test_cancelling_and_sending_at_one_moment_have_one_winner(world: World) -> None:
    for _ in range(6):
        member = world.member()
        application = world.submit(member)
        way = Way(world, member)
        way.go(application)
        world.later(hours=24)
        sent_before = len(world.node.sent)
        with ThreadPoolExecutor(2) as pool:
            sending = pool.submit(dispatch_all, world, member)
            stopped = pool.submit(way.cancel, application)
            sending.result()
            status = stopped.result().status_code
        sent = len(world.node.sent) - sent_before
        if status == 200:
            assert (sent, world.state(application)) == (0, ("cancelled", "cancelled"))
            assert world.balance(member) == (5_600_000, 0)
        else:
            assert (status, sent, world.state(application)) == (409, 1, ("accepted", "accepted"))
            assert world.balance(member) == (5_300_000, 300_000)
        assert world.new_violations() == {}


def test_a_send_that_never_left_is_tried_again_and_not_called_back_meanwhile(
    world: World, member: Member, application: Application, way: Way
) -> None:
    way.go(application)
    world.later(hours=24)
    world.node.on_pay = lambda order: PayReply("not_sent", "connect", "", None)
    dispatch_all(world, member)
    assert world.state(application) == ("paying", "ready")
    assert refused(way.cancel(application)) == (409, "application.state_changed")
    world.node.on_pay = None
    dispatch_all(world, member)
    assert world.state(application) == ("accepted", "accepted")


def test_a_crash_while_it_goes_out_leaves_nothing_to_call_back(
    world: World, member: Member, application: Application, way: Way
) -> None:
    """It may be at the bank: unknown, asked for, never cancelled and never sent again."""

    def crash(order: object) -> PayReply:
        raise KeyboardInterrupt

    way.go(application)
    world.later(hours=24)
    world.node.on_pay = crash
    with pytest.raises(KeyboardInterrupt):
        dispatch_all(world, member)
    assert world.state(application) == ("paying", "sending")
    assert refused(way.cancel(application)) == (409, "application.state_changed")
    world.node.on_pay = None
    world.later(minutes=5)
    world.product.settlement_jobs.take_up()
    dispatch_all(world, member)
    assert world.state(application) == ("unknown", "unknown")
    assert len(world.node.sent) == 1
    assert world.balance(member) == (5_300_000, 300_000)
