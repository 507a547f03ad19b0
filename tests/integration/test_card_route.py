"""Without a face: the card is checked, a code is sent, the payment waits a day and may be called back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text

from services.accounts.service import NewCard, add_card
from services.applications.models import Application
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.core.errors import DomainError
from services.face.engine.types import Verdict
from services.items.strangers import StrangerTending
from services.members.binding import bind, check_code
from services.settlement.ports import PayReply
from services.withdrawals.risk import assess, facts_from_json
from tests.support.domain.fakes import movement
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World, idempotency, public_point

STRANGER = Verdict(False, ("match.other_person",), {}, {}, ())
DARK = Verdict(False, ("face.too_dark",), {}, {}, ())
NEXT_DAY = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)
"""24 hours after the world's start."""


@pytest.fixture
def application(world: World, member: Member) -> Application:
    """A withdrawal of 3,000.00 that waits for its proof."""
    return world.submit(member)


class Way:
    """One member's calls, as their phone makes them."""

    def __init__(self, world: World, member: Member) -> None:
        self.world, self.member, self.client = world, member, world.client()

    @property
    def bearer(self) -> dict[str, str]:
        """A session of this hour: tests move the clock by days."""
        _, tokens = self.world.sign_in(self.member.person)
        return {"Authorization": f"Bearer {tokens['access_token']}"}

    def ask(self, application: Application) -> Any:
        """Ask for the card check and the code."""
        path = f"/api/v1/applications/{application.application_id}/card-sms"
        return self.client.post(path, json={}, headers=self.bearer)

    def code(self) -> str:
        """The code in the last SMS."""
        self.world.run_jobs(self.member.account_id, "notices.send")
        notice = self.world.channels["sms"].sent[-1]
        assert notice.template == "operation_code"
        return str(notice.fields["code"])

    def confirm(
        self, application: Application, challenge: str, code: str, key: dict[str, str] | None = None
    ) -> Any:
        """Hand in the code."""
        path = f"/api/v1/applications/{application.application_id}/card-sms/confirm"
        headers = self.bearer | (key or idempotency())
        return self.client.post(path, json={"challenge_id": challenge, "code": code}, headers=headers)

    def go(self, application: Application) -> Any:
        """All of it; returns the approved application."""
        asked = self.ask(application)
        assert asked.status_code == 202, asked.text
        done = self.confirm(application, asked.json["challenge_id"], self.code())
        assert done.status_code == 201, done.text
        return done.json

    def cancel(self, application: Application) -> Any:
        """Stop it."""
        path = f"/api/v1/applications/{application.application_id}/cancel"
        return self.client.post(path, headers=self.bearer)

    def read(self, application: Application) -> Any:
        """The application as it stands."""
        path = f"/api/v1/applications/{application.application_id}"
        return self.client.get(path, headers=self.bearer).json

    def ways(self, application: Application) -> list[Any]:
        """The ways without a face."""
        path = f"/api/v1/applications/{application.application_id}/other-ways"
        return list(self.client.get(path, headers=self.bearer).json["ways"])


@pytest.fixture
def way(world: World, member: Member) -> Way:
    """The member's phone."""
    return Way(world, member)


def refused(response: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json["code"]


def told(world: World, member: Member, template: str) -> list[tuple[str, dict[str, str]]]:
    """What went out by each channel under a template."""
    world.run_jobs(member.account_id, "notices.handle_event", "notices.send")
    return [
        (name, dict(notice.fields))
        for name, channel in world.channels.items()
        for notice in channel.sent
        if notice.template == template
    ]


def dispatch_all(world: World, member: Member) -> None:
    """Run the account's payment jobs once, whatever their time."""
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)


def instruction(world: World, application: Application) -> Any:
    """The payment instruction's row."""
    return world.one(
        "SELECT state, due_at, attempts FROM payment_instruction WHERE application_id = :id",
        id=application.application_id,
    )


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


# the card


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("holder_mismatch", "户名"),
        ("card_not_found", "没有查到"),
        ("card_frozen", "不能收款"),
        ("not_class_one", "一类户"),
        ("not_debit", "储蓄卡"),
        ("something_new", "没有核对上"),
    ],
)
def test_a_card_the_bank_does_not_confirm_gets_no_code(
    world: World, member: Member, application: Application, way: Way, reason: str, words: str
) -> None:
    world.sharing.answers["bank.card_check"] = ("ok", {"matched": False, "reason": reason})
    response = way.ask(application)
    assert refused(response) == (409, "route.card_refused")
    assert words in response.json["detail"]
    assert world.waiting_jobs(member.account_id) == []
    assert world.state(application)[0] == "verifying"


def test_a_code_from_before_the_bank_said_no_serves_no_more(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    world.later(seconds=61)
    world.sharing.answers["bank.card_check"] = ("ok", {"matched": False, "reason": "card_frozen"})
    assert refused(way.ask(application)) == (409, "route.card_refused")
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_expired")
    assert world.balance(member) == (5_600_000, 0)


@pytest.mark.parametrize("answer", [("unavailable", {}), ("ok", {}), ("ok", {"matched": "yes"})])
def test_a_silent_bank_is_nobodys_fault_and_no_code_is_sent(
    world: World, member: Member, application: Application, way: Way, answer: Any
) -> None:
    world.sharing.answers["bank.card_check"] = answer
    assert refused(way.ask(application)) == (503, "route.bank_silent")
    assert world.waiting_jobs(member.account_id) == []


def test_without_consent_nobody_is_asked(
    world: World, member: Member, application: Application, way: Way
) -> None:
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE consent SET withdrawn_at = granted_at WHERE account_id = :a"),
            {"a": member.account_id},
        )
    world.sharing.asked.clear()
    assert refused(way.ask(application)) == (403, "consent.required")
    assert world.sharing.asked == []


# the code


def test_a_wrong_code_moves_nothing_and_five_end_it(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        assert refused(way.confirm(application, challenge, wrong)) == (401, "route.code_wrong")
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_expired")
    assert world.state(application)[0] == "verifying"
    assert world.balance(member) == (5_600_000, 0)


def test_a_code_is_good_for_ten_minutes(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    world.later(minutes=10)
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_expired")


def test_only_the_last_code_serves(world: World, member: Member, application: Application, way: Way) -> None:
    first, first_code = way.ask(application).json["challenge_id"], way.code()
    assert refused(way.ask(application))[0] == 429
    world.later(seconds=61)
    second, second_code = way.ask(application).json["challenge_id"], way.code()
    assert refused(way.confirm(application, first, first_code)) == (401, "route.code_expired")
    assert way.confirm(application, second, second_code).json["state"] == "waiting"


def test_a_code_of_another_operation_is_wrong(
    world: World, member: Member, application: Application, way: Way
) -> None:
    """Even for the same member, amount and card: the code names the application."""
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    way.cancel(application)
    again = world.submit(member)
    assert again.operation_digest == application.operation_digest
    assert refused(way.confirm(again, challenge, code)) == (401, "route.code_wrong")
    world.later(seconds=61)
    way.ask(again)
    assert refused(way.confirm(again, challenge, code)) == (401, "route.code_wrong")
    assert world.balance(member) == (5_600_000, 0)


def test_somebody_elses_code_is_wrong(
    world: World, member: Member, application: Application, way: Way
) -> None:
    other = world.member()
    others = Way(world, other)
    challenge = others.ask(world.submit(other)).json["challenge_id"]
    code = others.code()
    way.ask(application)
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_wrong")


def test_a_code_for_money_does_not_bind_a_phone(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = UUID(way.ask(application).json["challenge_id"]), way.code()
    with transaction(world.sessions) as session:
        found = check_code(session, world.cipher, challenge, code, member.person.openid, world.clock.now())
    assert isinstance(found, DomainError)


def test_the_same_confirmation_twice_is_one(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    key = idempotency()
    first = way.confirm(application, challenge, code, key)
    second = way.confirm(application, challenge, code, key)
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_expired")
    assert world.balance(member) == (5_300_000, 300_000)


def test_ten_confirmations_at_once_approve_once(world: World, member: Member) -> None:
    application = world.submit(member)
    way = Way(world, member)
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    with ThreadPoolExecutor(5) as pool:
        codes = list(
            pool.map(lambda _: Way(world, member).confirm(application, challenge, code).status_code, range(5))
        )
    assert codes.count(201) == 1
    assert set(codes) <= {201, 401, 409}
    assert world.balance(member) == (5_300_000, 300_000)


def test_an_application_out_of_time_takes_no_code(
    world: World, member: Member, application: Application, way: Way
) -> None:
    world.later(minutes=25)
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    world.later(minutes=5)
    assert refused(way.confirm(application, challenge, code)) == (409, "application.state_changed")
    assert refused(way.ask(application)) == (409, "application.state_changed")


def test_what_was_spent_meanwhile_is_not_approved(
    world: World, member: Member, application: Application, way: Way
) -> None:
    """The face would refuse it as well: the balance is looked at once more, under the lock."""
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE member_balance SET frozen_fen = 5600000 WHERE account_id = :a"),
            {"a": member.account_id},
        )
    assert refused(way.confirm(application, challenge, code)) == (409, "withdrawal.balance_insufficient")
    assert world.state(application)[0] == "verifying"


# limits and risk


def test_over_the_limit_points_to_less_the_face_or_the_counter(world: World, member: Member) -> None:
    application = world.submit(member, 500_001)
    way = Way(world, member)
    [card_sms, counter] = way.ways(application)
    assert (card_sms["available"], card_sms["limit_fen"]) == (False, 500_000)
    assert "网点" in card_sms["text"]
    assert (counter["code"], counter["available"]) == ("counter", True)
    response = way.ask(application)
    assert refused(response) == (403, "route.over_limit")
    assert "5,000.00" in response.json["detail"]
    assert "网点" in response.json["detail"]
    assert world.waiting_jobs(member.account_id) == []
    assert world.confirm(member, application).state == "approved"  # with the face it goes at once


def test_just_the_limit_is_open_and_said_so(world: World, member: Member) -> None:
    application = world.submit(member, 500_000)
    way = Way(world, member)
    [card_sms, _] = way.ways(application)
    assert (card_sms["available"], card_sms["delay_hours"], card_sms["reasons"]) == (True, 24, [])
    assert way.go(application)["state"] == "waiting"


def test_a_phone_changed_an_hour_ago_needs_the_face(world: World, member: Member) -> None:
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE member SET phone_changed_at = :at WHERE account_id = :a"),
            {"a": member.account_id, "at": world.clock.now() - timedelta(hours=1)},
        )
    response = Way(world, member).ask(world.submit(member))
    assert refused(response) == (403, "route.face_needed")
    assert "手机号" in response.json["detail"]


def test_another_phone_needs_the_face_for_a_day(world: World, member: Member) -> None:
    new_phone(world, member)
    world.later(hours=1)
    application = world.submit(member)
    way = Way(world, member)
    assert refused(way.ask(application)) == (403, "route.face_needed")
    way.cancel(application)
    world.later(hours=24)
    assert way.ask(world.submit(member)).status_code == 202


def test_the_same_phone_binding_again_is_not_another_phone(world: World, member: Member) -> None:
    world.later(hours=48)
    with transaction(world.sessions) as session:
        bind(
            session,
            world.cipher,
            member.account_id,
            member.person.openid,
            "h5",
            public_point(member.key),
            world.clock.now(),
        )
    assert Way(world, member).ask(world.submit(member)).status_code == 202


def test_a_card_added_online_needs_the_face_for_a_week(world: World, member: Member) -> None:
    added_at = world.clock.now() - timedelta(hours=30)
    new = NewCard("105000", "建设银行", Person().card_no, "member", added_at + timedelta(hours=24), added_at)
    with transaction(world.sessions) as session:
        card_id = add_card(session, world.cipher, member.account_id, new, added_at).card_id
    member.card_id = card_id
    application = world.submit(member)
    way = Way(world, member)
    assert refused(way.ask(application)) == (403, "route.face_needed")
    assert world.confirm(member, application).state == "approved"


def test_a_decision_is_kept_and_found_again_from_its_facts(world: World, member: Member) -> None:
    application = world.submit(member)
    Way(world, member).go(application)
    with transaction(world.sessions) as session:
        kept = session.execute(
            text("SELECT * FROM risk_decision WHERE application_id = :id ORDER BY decision_id"),
            {"id": application.application_id},
        ).all()
        policy = world.product.engine.policy(session)
    assert [row.outcome for row in kept] == [
        "delay",
        "delay",
    ]  # when the code was asked for, and when it was used
    for row in kept:
        assert row.policy_version == policy.version
        found = assess(facts_from_json(row.facts), policy)
        assert found.to_json() == {
            "outcome": row.outcome,
            "delay_hours": row.delay_hours,
            "reasons": row.reasons,
        }
    audited = world.one(
        "SELECT detail FROM audit_entry WHERE account_id = :a AND action = 'withdrawal.approved'",
        a=member.account_id,
    )
    assert audited.detail["due_at"] == "2026-11-24T10:00:00.000+08:00"


# the face: three tries, another person, and risk that makes a payment wait


def failed_faces(world: World, member: Member, application: Application, *verdicts: Verdict) -> UUID:
    """Tries of today that the judge refused; returns the last session."""
    consent = world.consent(member, "face")
    faces, engine = world.product.faces, world.product.engine
    last: UUID | None = None
    for verdict in verdicts:
        with transaction(world.sessions) as session:
            operation = engine.operation(session, member.account_id, application.application_id)
            row, _ = faces.open(session, operation, consent, engine.policy(session))
            row.state, row.completed_at, last = "judging", world.clock.now(), row.session_id
        judged(world, member, last, verdict)
    assert last is not None
    return last


def judged(world: World, member: Member, face: UUID, verdict: Verdict) -> None:
    """The judge's word."""
    with transaction(world.sessions) as session:
        world.product.faces.conclude(session, member.account_id, face, verdict, [], 5)


def test_after_three_dark_faces_the_other_way_is_offered_and_works(
    world: World, member: Member, application: Application, way: Way
) -> None:
    face = failed_faces(world, member, application, DARK, DARK, DARK)
    seen = way.client.get(f"/api/v1/face-sessions/{face}", headers=member.bearer).json
    assert (seen["tries_left"], seen["other_ways"]) == (0, ["card_sms", "counter"])
    consent = world.consent(member, "face")
    locked = way.client.post(
        f"/api/v1/applications/{application.application_id}/face-sessions",
        json={"consent_id": str(consent)},
        headers=member.bearer,
    )
    assert refused(locked) == (429, "face.tries_used")
    assert "银行卡" in locked.json["detail"]
    assert "网点" in locked.json["detail"]
    assert way.go(application)["state"] == "waiting"


def test_before_the_third_failure_the_face_may_be_tried_again(
    world: World, member: Member, application: Application, way: Way
) -> None:
    face = failed_faces(world, member, application, DARK, STRANGER)
    seen = way.client.get(f"/api/v1/face-sessions/{face}", headers=member.bearer).json
    assert (seen["tries_left"], seen["other_ways"]) == (1, [])
    assert world.state(application)[0] == "verifying"


def test_three_times_another_persons_face_ends_the_application(
    world: World, member: Member, application: Application, way: Way
) -> None:
    face = failed_faces(world, member, application, STRANGER, STRANGER, STRANGER)
    assert world.state(application)[0] == "verifying"  # the judge itself touches no application
    way.client.get(f"/api/v1/face-sessions/{face}", headers=member.bearer)
    assert world.state(application)[0] == "refused"
    assert world.balance(member) == (5_600_000, 0)
    assert refused(way.ask(application)) == (409, "application.state_changed")
    assert sorted(name for name, _ in told(world, member, "face_stranger")) == ["sms", "wechat"]
    again = world.submit(member)
    assert refused(way.ask(again)) == (429, "request.too_many")
    world.later(seconds=61)
    assert refused(way.ask(again)) == (403, "route.counter")
    assert world.waiting_jobs(member.account_id) == []


def test_who_never_looks_at_the_verdict_is_refused_all_the_same(
    world: World, member: Member, application: Application
) -> None:
    failed_faces(world, member, application, STRANGER, STRANGER, STRANGER)
    tending = StrangerTending(world.sessions, world.clock, world.product.policies)
    tending.take_up()
    assert world.state(application)[0] == "refused"
    assert world.one(
        "SELECT note FROM transition WHERE application_id = :id AND event = 'face_failed'",
        id=application.application_id,
    ) == ("match.other_person",)
    tending.take_up()
    assert [name for name, _ in told(world, member, "face_stranger")] == ["sms", "wechat"]


def test_two_strangers_and_one_dark_picture_do_not_end_it(
    world: World, member: Member, application: Application, way: Way
) -> None:
    failed_faces(world, member, application, STRANGER, DARK, STRANGER)
    StrangerTending(world.sessions, world.clock, world.product.policies).take_up()
    assert world.state(application)[0] == "verifying"
    assert way.go(application)["state"] == "waiting"


def new_phone(world: World, member: Member) -> None:
    """Another phone, bound a moment ago by the same WeChat user."""
    world.later(minutes=1)
    with transaction(world.sessions) as session:
        bind(
            session,
            world.cipher,
            member.account_id,
            member.person.openid,
            "h5",
            public_point(ec.generate_private_key(ec.SECP256R1())),
            world.clock.now(),
        )


def test_a_face_on_a_new_phone_after_failures_pays_a_large_sum_a_day_later(world: World) -> None:
    """Two reasons: more than 2,000.00 waits, and may be called back."""
    member = world.member()
    new_phone(world, member)
    application = world.submit(member, 200_001)
    failed_faces(world, member, application, DARK, DARK)
    face = world.passed_face(member, application)
    assert world.confirm(member, application, face).state == "waiting"
    assert instruction(world, application).due_at == world.clock.now() + timedelta(hours=24)
    view = Way(world, member).read(application)
    assert "刚认过您" in view["waiting_text"]
    assert next(step for step in view["steps"] if step["key"] == "verified")["label"] == "刷脸"
    assert Way(world, member).cancel(application).json["state"] == "cancelled"


def test_a_small_sum_with_the_same_reasons_goes_at_once(world: World) -> None:
    member = world.member()
    new_phone(world, member)
    application = world.submit(member, 200_000)
    failed_faces(world, member, application, DARK, DARK)
    assert world.confirm(member, application).state == "approved"
    assert instruction(world, application).due_at is None


def test_three_reasons_call_a_person(world: World) -> None:
    member = world.member()
    new_phone(world, member)
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE member SET phone_changed_at = :at WHERE account_id = :a"),
            {"a": member.account_id, "at": world.clock.now()},
        )
    application = world.submit(member, 100_000)
    failed_faces(world, member, application, DARK, DARK)
    assert world.confirm(member, application).state == "in_review"
    assert world.balance(member) == (5_600_000, 0)


def test_a_face_that_passed_before_does_not_approve_it_again(
    world: World, member: Member, application: Application, way: Way
) -> None:
    face = world.passed_face(member, application)
    way.go(application)
    with pytest.raises(DomainError) as late:
        world.confirm(member, application, face)
    assert late.value.code == "application.state_changed"


# said with the quote


def quote(world: World, member: Member, **form: Any) -> Any:
    """The rent quote, as the page asks for it."""
    world.consent(member)
    client = world.client()
    return client.post("/api/v1/items/rent-withdrawal/quote", json=form, headers=member.bearer).json


def test_the_quote_says_at_once_and_what_it_would_be_without_a_face(world: World, member: Member) -> None:
    timing = quote(world, member)["timing"]
    assert (timing["at_once"], timing["delay_hours"], timing["reasons"]) == (True, 0, [])
    assert "马上付款" in timing["text"]
    other = timing["other_way"]
    assert (other["available"], other["limit_fen"], other["delay_hours"]) == (True, 500_000, 24)
    assert quote(world, member, amount_fen=500_001)["timing"]["other_way"]["available"] is False


def test_the_quote_says_until_when_a_changed_binding_waits(world: World, member: Member) -> None:
    until = world.clock.now() + timedelta(hours=20)
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE binding SET money_from = :until WHERE account_id = :a"),
            {"a": member.account_id, "until": until},
        )
    timing = quote(world, member)["timing"]
    assert timing["at_once"] is False
    assert timing["cooling_until"] == "2026-11-24T06:00:00.000+08:00"
    assert "11月24日06:00" in timing["text"]


# what moves no money


def test_a_new_card_may_be_added_without_a_face(world: World, member: Member) -> None:
    world.consent(member)
    number = Person().card_no
    prepared = world.prepare(member, {"bank_code": "105000", "card_no": number}, "payee-card-change")
    with transaction(world.sessions) as session:
        application = world.product.engine.submit(session, member.account_id, prepared)
    world.sharing.asked.clear()
    view = Way(world, member).go(application)
    assert view["state"] == "completed"
    assert view["result"]["verified_by"] == "card_sms"
    assert view["result"]["tail4"] == number[-4:]
    [(_, request)] = world.sharing.asked
    assert request.params["card_no"] == member.person.card_no  # the one on the centre's record
