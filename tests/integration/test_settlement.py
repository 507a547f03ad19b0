"""Payments with a bank that accepts, refuses, stays silent, tells twice, tells early, or crashes in the middle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.applications.models import Application
from services.contributions.service import post_contribution
from services.core.db import transaction
from services.settlement.ports import AccountChange, NodeUnavailable, PaymentOrder, PayReply, QueryReply
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

AMOUNT, OPENING = 300_000, 5_600_000
LOST = PayReply("unknown", "TIMEOUT", "", None)
NOT_SENT = PayReply("not_sent", "REFUSED", "", None)
Told = Callable[[AccountChange], None]

@pytest.fixture
def application(world: World, member: Member) -> Application:
    """An approved withdrawal of 3,000.00."""
    return world.approved(member, AMOUNT)


@pytest.fixture
def tell(world: World) -> Told:
    """The bank tells of a movement."""
    return lambda change: world.product.settlement_jobs.take_changes([change])


def send(world: World, member: Member) -> None:
    """Run what waits to be sent."""
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)


def ask(world: World, member: Member) -> None:
    """Run what waits to be asked."""
    world.run_jobs(member.account_id, "settlement.follow_up", rounds=1)


def test_the_order_carries_the_case_number_and_the_card_of_the_case(
    world: World, member: Member, application: Application
) -> None:
    send(world, member)
    order = world.node.sent[0]
    assert order.instruction_no == application.case_no
    assert len(order.instruction_no) == 15
    assert (order.payee_account_no, order.payee_name) == (member.person.card_no, member.person.name)
    assert (order.amount_fen, order.capital_fen, order.interest_fen) == (AMOUNT, AMOUNT, 0)
    assert (order.settle_type, order.bus_type, order.same_bank) == ("1", "02", True)
    assert order.sent_on == world.node.day


def test_another_bank_is_paid_by_its_own_way(world: World) -> None:
    """SettleType 2: another bank, up to the limit of the realtime way."""
    member = world.member(bank="102000")
    world.approved(member, AMOUNT)
    send(world, member)
    assert (world.node.sent[0].settle_type, world.node.sent[0].same_bank) == ("2", False)


def test_accepted_is_not_paid_before_the_bank_says_so(
    world: World, member: Member, application: Application, tell: Told
) -> None:
    send(world, member)
    assert world.state(application) == ("accepted", "accepted")
    assert world.balance(member) == (OPENING - AMOUNT, AMOUNT)
    assert "settlement.follow_up" in world.waiting_jobs(member.account_id)
    tell(movement(world.node.sent[0]))
    assert world.state(application) == ("paid", "paid")


def test_a_notice_before_the_reply_settles_and_the_reply_changes_nothing(
    world: World, member: Member, application: Application, tell: Told
) -> None:
    def pay(order: PaymentOrder) -> PayReply:
        tell(movement(order))
        return PayReply("rejected", "LATE", "", None)

    world.node.on_pay = pay
    send(world, member)
    assert world.state(application) == ("paid", "paid")
    assert world.balance(member) == (OPENING - AMOUNT, 0)


@pytest.mark.parametrize("times", [2, 5])
def test_a_notice_told_again_settles_once(
    world: World, member: Member, application: Application, tell: Told, times: int
) -> None:
    send(world, member)
    for _ in range(times):
        tell(movement(world.node.sent[0]))
    assert world.state(application) == ("paid", "paid")
    assert world.balance(member) == (OPENING - AMOUNT, 0)


def test_the_statement_stands_in_for_a_lost_notice(
    world: World, member: Member, application: Application
) -> None:
    send(world, member)
    world.node.changes.append(movement(world.node.sent[0]))
    ask(world, member)
    assert world.state(application) == ("paid", "paid")


def test_notice_and_statement_of_one_movement_settle_once(
    world: World, member: Member, application: Application, tell: Told
) -> None:
    send(world, member)
    change = movement(world.node.sent[0])
    tell(change)
    world.product.settlement_jobs.take_changes([replace(change, raw="<other/>", remark="x", time="100001")])
    row = world.one("SELECT count(*) AS n FROM bank_notice WHERE instruction_no = :n", n=application.case_no)
    assert row.n == 1


def test_a_movement_of_another_amount_settles_nothing(
    world: World, member: Member, application: Application, tell: Told
) -> None:
    send(world, member)
    tell(movement(world.node.sent[0], amount_fen=AMOUNT - 1))
    assert world.state(application) == ("accepted", "accepted")
    assert world.balance(member) == (OPENING - AMOUNT, AMOUNT)


def test_a_movement_of_no_case_is_kept_and_moves_nothing(world: World, member: Member) -> None:
    application = world.approved(member, AMOUNT)
    send(world, member)
    order = replace(world.node.sent[0], instruction_no="209912310000001")
    world.product.settlement_jobs.take_changes([movement(order)])
    kept = world.one("SELECT outcome FROM bank_notice WHERE instruction_no = '209912310000001'")
    assert kept.outcome == "unmatched"
    assert world.state(application) == ("accepted", "accepted")


def test_a_rejected_payment_is_never_sent_again(
    world: World, member: Member, application: Application
) -> None:
    world.node.on_pay = lambda order: PayReply("rejected", "E1001", "", None)
    send(world, member)
    assert world.state(application) == ("returned", "rejected")
    world.later(hours=1)
    world.product.settlement_jobs.take_up()
    world.run_jobs(member.account_id, "settlement.dispatch", "settlement.follow_up")
    assert len(world.node.sent) == 1


def test_a_debit_after_the_return_is_a_break_and_posts_nothing(
    world: World, member: Member, application: Application, tell: Told
) -> None:
    """Paid after returned is for people to look at, never an edge."""
    world.node.on_pay = lambda order: PayReply("rejected", "E1001", "", None)
    send(world, member)
    tell(movement(world.node.sent[0]))
    assert world.state(application) == ("returned", "rejected")
    assert world.balance(member) == (OPENING, 0)
    outcome = world.one("SELECT outcome FROM bank_notice WHERE instruction_no = :n", n=application.case_no)
    assert outcome.outcome == "break"


def test_a_debit_under_the_number_of_an_answer_that_was_taken_back_is_a_break(
    world: World, member: Member, application: Application, tell: Told
) -> None:
    """Accepted with the bank's number, refused after all, paid all the same: nothing that was told before."""
    send(world, member)
    assert world.state(application) == ("accepted", "accepted")
    row = world.one(
        "SELECT instruction_id FROM payment_instruction WHERE instruction_no = :n", n=application.case_no
    )
    with transaction(world.sessions) as session:
        settlement = world.product.settlement_jobs._settlement
        settlement.record_query(
            session, member.account_id, row.instruction_id, QueryReply("failed", None, "E1", "")
        )
    assert world.state(application) == ("returned", "rejected")
    tell(movement(world.node.sent[0]))
    outcome = world.one("SELECT outcome FROM bank_notice WHERE instruction_no = :n", n=application.case_no)
    assert outcome.outcome == "break"


@pytest.mark.parametrize(
    ("reply", "ends"),
    [
        (QueryReply("success", "H1", "0", ""), ("accepted", "accepted")),
        (QueryReply("failed", None, "E1", ""), ("returned", "rejected")),
        (QueryReply("pending", None, "2", ""), ("unknown", "unknown")),
        (QueryReply("no_record", None, "NOREC", ""), ("unknown", "unknown")),
        (QueryReply("unknown", None, "", ""), ("unknown", "unknown")),
    ],
    ids=lambda value: getattr(value, "outcome", None),
)
def test_a_lost_answer_is_asked_for_and_never_sent_again(
    world: World, member: Member, application: Application, reply: QueryReply, ends: tuple[str, str]
) -> None:
    """BDC110 decides, except that "no record" is not final before the cut-off."""
    world.node.on_pay = lambda order: LOST
    send(world, member)
    assert world.state(application) == ("unknown", "unknown")
    world.node.on_query = reply
    ask(world, member)
    assert world.state(application) == ends
    assert len(world.node.sent) == 1
    assert world.balance(member)[1] == (0 if ends[0] == "returned" else AMOUNT)


def test_no_record_after_the_cut_off_gives_the_money_back(
    world: World, member: Member, application: Application
) -> None:
    world.node.on_pay = lambda order: LOST
    send(world, member)
    world.node.on_query = QueryReply("no_record", None, "NOREC", "")
    world.node.day += timedelta(days=1)
    ask(world, member)
    assert world.state(application) == ("returned", "rejected")
    assert world.balance(member) == (OPENING, 0)
    assert len(world.node.sent) == 1


def test_pending_after_the_cut_off_may_still_be_paid(
    world: World, member: Member, application: Application
) -> None:
    """A bank that works on it overnight (SettleType 3) has not said no: the hold stays."""
    world.node.on_pay = lambda order: LOST
    send(world, member)
    world.node.on_query = QueryReply("pending", None, "2", "")
    world.node.day += timedelta(days=1)
    ask(world, member)
    assert world.state(application) == ("unknown", "unknown")
    assert world.balance(member)[1] == AMOUNT


def test_after_the_cut_off_the_statement_decides(
    world: World, member: Member, application: Application
) -> None:
    """No record at BDC110, but the statement holds the debit: paid."""
    world.node.on_pay = lambda order: LOST
    send(world, member)
    world.node.on_query = QueryReply("no_record", None, "NOREC", "")
    world.node.changes.append(movement(world.node.sent[0]))
    world.node.day += timedelta(days=1)
    ask(world, member)
    assert world.state(application) == ("paid", "paid")
    assert world.balance(member) == (OPENING - AMOUNT, 0)


def test_an_unreadable_statement_proves_nothing(
    world: World, member: Member, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.node.on_pay = lambda order: LOST
    send(world, member)
    world.node.on_query = QueryReply("no_record", None, "NOREC", "")
    world.node.day += timedelta(days=1)

    def unavailable(day: object) -> list[AccountChange]:
        raise NodeUnavailable("statement")

    monkeypatch.setattr(world.node, "statement", unavailable)
    ask(world, member)
    assert world.state(application) == ("unknown", "unknown")
    assert "settlement.follow_up" in world.waiting_jobs(member.account_id)


def test_of_what_is_paid_nobody_asks_any_more(
    world: World, member: Member, application: Application, tell: Told
) -> None:
    """The job that would have looked at the statement a minute later is called off with the bank's notice."""
    send(world, member)
    assert world.waiting_jobs(member.account_id) == ["settlement.follow_up"]
    tell(movement(world.node.sent[0]))
    assert world.state(application) == ("paid", "paid")
    assert world.waiting_jobs(member.account_id) == ["notices.handle_event"]


def test_after_an_early_cut_off_a_payment_goes_out_under_the_banks_day(
    world: World, member: Member, application: Application
) -> None:
    world.node.day += timedelta(days=1)
    send(world, member)
    assert world.node.sent[0].sent_on == world.node.day


def test_money_back_and_paid_again_is_two_cases(world: World, member: Member, tell: Told) -> None:
    """退汇 frees the month's turn: the member may apply anew, and the cap counts only the second."""
    application = world.approved(member, AMOUNT)
    send(world, member)
    first = world.node.sent[0]
    tell(movement(first))
    tell(movement(first, direction="credit", host_seq_no="R" + first.instruction_no))
    assert world.state(application) == ("returned", "returned")
    again = world.approved(member, AMOUNT)
    send(world, member)
    assert world.node.sent[1].instruction_no == again.case_no != application.case_no
    assert world.state(again) == ("accepted", "accepted")


def test_two_payments_alike_in_everything_but_their_case_are_both_settled(
    world: World, member: Member
) -> None:
    """Banks number a day's movements anew each day: same card, amount and host number a month later."""
    for month in (date(2026, 11, 1), date(2026, 12, 1)):
        application = world.approved(member, AMOUNT)
        send(world, member)
        order = world.node.sent[-1]
        world.product.settlement_jobs.take_changes([movement(order, host_seq_no="000000017")])
        assert world.state(application) == ("paid", "paid")
        world.later(days=31)
        world.node.day += timedelta(days=31)
        with transaction(world.sessions) as session:
            post_contribution(session, member.account_id, month, 200_000, world.clock.now())


def test_an_accepted_payment_booked_on_the_next_bank_day_is_found(
    world: World, member: Member, application: Application
) -> None:
    """Accepted before the cut-off, booked after it, and the notice is lost: the next day's statement has it."""
    send(world, member)
    world.node.day += timedelta(days=1)
    world.node.changes.append(movement(world.node.sent[0], day=world.node.day))
    world.later(days=1)
    ask(world, member)
    assert world.state(application) == ("paid", "paid")
