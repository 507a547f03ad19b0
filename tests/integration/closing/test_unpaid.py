"""Orders the bank took and never carried out: two people end them, the hold goes back, and nobody is paid twice unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.settlement.ports import AccountChange, PaymentOrder, PayReply, QueryReply
from tests.integration.closing.test_booked_once import on, on_101, proposed
from tests.integration.loans.test_fund_loan_items import VECTOR, apply, borrower, confirmed
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.deductions import PREPAY
from tests.support.domain.desk import Colleague
from tests.support.domain.fakes import collected, movement
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

OPENING, PAID, SHORT, TAKEN = 5_600_000, 300_000, 299_900, 10_002_167
RETURNED = ("returned", "rejected")


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


@pytest.fixture
def member(world: World) -> Member:
    return world.member()


@pytest.fixture
def case(days: ClosingWorld, member: Member) -> Application:
    """3,000.00 that the bank has accepted on Monday."""
    return sent(days, member)


def sent(days: ClosingWorld, member: Member) -> Application:
    application = days.world.approved(member)
    days.world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    return application


def ordered(days: ClosingWorld) -> PaymentOrder:
    return days.world.node.sent[-1]


def end_days(days: ClosingWorld, number: int = 2) -> None:
    """So many midnights, each with its day's end."""
    for _ in range(number):
        days.next_day()
        days.run()


def the_break(days: ClosingWorld, kind: str = "status_differs") -> Any:
    """The open break of a kind."""
    (row,) = [one for one in days.breaks() if one.kind == kind and one.state != "closed"]
    return row


def told(days: ClosingWorld) -> int:
    """How often a member was told that money is back."""
    return int(
        days.rows("SELECT count(*) AS n FROM outbox_event WHERE topic = 'withdrawal.returned'")[0].n
    )


def carried(days: ClosingWorld) -> list[int]:
    closed = "SELECT carried_fen FROM business_day WHERE state = 'closed' ORDER BY day"
    return [row.carried_fen for row in days.rows(closed)]


def to_another_card(change: AccountChange) -> AccountChange:
    return replace(change, counter_account_no="6217000000000009999")


def with_less(change: AccountChange) -> AccountChange:
    return replace(change, amount_fen=SHORT)


def test_an_order_that_was_never_booked_goes_back_to_the_member(
    days: ClosingWorld, case: Application, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """Accepted on Monday, on neither day's statement: on Wednesday two people end it, and both days close at zero."""
    monday = days.today
    end_days(days)
    assert days.world.balance(member) == (OPENING - PAID, PAID)
    close_break(anna, boris, the_break(days).break_id, "unpaid")
    assert days.world.state(case) == RETURNED
    assert days.world.balance(member) == (OPENING, 0)
    assert (on(days, "219"), on_101(days, PAID), told(days)) == (0, 0, 1)
    assert days.run() == [monday.replace(day=monday.day + 1)]
    assert carried(days) == [0, 0]
    days.world.run_jobs(member.account_id)
    assert [one.template for one in days.world.channels["sms"].sent] == ["settlement_returned"]
    assert sent(days, member).state == "approved"  # the money may be asked for again


def test_who_did_it_stands_in_both_audit_chains(
    days: ClosingWorld, case: Application, anna: Colleague, boris: Colleague
) -> None:
    end_days(days)
    close_break(anna, boris, the_break(days).break_id, "unpaid")
    audit = "SELECT action, actor, detail FROM audit_entry WHERE action IN ('break.confirm', 'withdrawal.returned')"
    entries = {row.action: row for row in days.rows(audit)}
    assert {row.actor for row in entries.values()} == {f"staff:{boris.login}"}
    assert entries["break.confirm"].detail["resolution"] == "unpaid"
    taken = days.rows(
        "SELECT event, actor, note FROM transition WHERE application_id = :id ORDER BY version DESC LIMIT 1",
        id=case.application_id,
    )
    assert tuple(taken[0]) == ("unpaid", "两位工作人员", "two_people")
    assert "确认未付" in anna.client.get(f"/breaks/{days.breaks()[0].break_id}").get_data(as_text=True)


@pytest.mark.parametrize("first", ["the money", "the order"])
@pytest.mark.parametrize(
    ("spoil", "kind", "fen"), [(to_another_card, "payee_differs", PAID), (with_less, "amount_differs", SHORT)]
)
def test_money_that_went_wrong_is_booked_and_the_order_is_ended_in_either_order(
    days: ClosingWorld,
    case: Application,
    member: Member,
    anna: Colleague,
    boris: Colleague,
    spoil: Callable[[AccountChange], AccountChange],
    kind: str,
    fen: int,
    first: str,
) -> None:
    """Two breaks: what left is owed to us on Monday (Dr 119, Cr 101); what was held is the member's (Dr 219, Cr 201)."""
    monday = days.today
    days.tell(days.bank.book(spoil(movement(ordered(days), day=monday))))
    end_days(days)
    assert days.kinds() == sorted([kind, "status_differs"])
    steps = [(the_break(days, kind), "booked"), (the_break(days), "unpaid")]
    for row, resolution in steps if first == "the money" else steps[::-1]:
        close_break(anna, boris, row.break_id, resolution)
    assert days.run() == [monday, monday.replace(day=monday.day + 1)]
    assert carried(days) == [0, 0]
    assert days.world.state(case) == RETURNED
    assert days.world.balance(member) == (OPENING, 0)
    assert (on_101(days, fen), on(days, "119"), on(days, "219"), on(days, "21903")) == (-fen, fen, 0, 0)
    assert told(days) == 1


def test_an_order_whose_fate_nobody_knows_is_ended_too(
    days: ClosingWorld, member: Member, anna: Colleague, boris: Colleague
) -> None:
    days.world.node.on_pay = lambda order: PayReply("unknown", "time_out", "", None)
    case = sent(days, member)
    assert days.world.state(case) == ("unknown", "unknown")
    end_days(days)
    close_break(anna, boris, the_break(days).break_id, "unpaid")
    assert (days.world.state(case), days.world.balance(member)) == (RETURNED, (OPENING, 0))


def test_a_payment_that_comes_after_all_is_a_break_and_books_nothing_by_itself(
    days: ClosingWorld, case: Application, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """On Wednesday people say unpaid, later the bank pays: nobody is paid twice unseen, and two people book it."""
    end_days(days)
    close_break(anna, boris, the_break(days).break_id, "unpaid")
    days.tell(days.bank.book(movement(ordered(days), day=days.today)))
    assert (days.world.state(case), days.world.balance(member)) == (RETURNED, (OPENING, 0))
    assert (on_101(days, PAID), told(days)) == (0, 1)
    wednesday = days.today
    days.next_day()
    days.run()
    row = the_break(days)
    assert (row.day, row.bank_fen, row.book_fen) == (wednesday, -PAID, 0)
    again = proposed(anna, boris, row.break_id, "unpaid")
    assert (again.status_code, "要在指令自己的差错里确认" in again.get_data(as_text=True)) == (409, True)
    assert anna.post(f"/breaks/{row.break_id}/release").status_code == 303
    close_break(anna, boris, row.break_id, "booked")
    assert days.run() == [wednesday]
    assert (on_101(days, PAID), on(days, "119"), days.world.balance(member)) == (-PAID, PAID, (OPENING, 0))


@pytest.mark.parametrize("outcome", ["failed", "success", "no_record"])
def test_what_the_bank_answers_later_changes_nothing(
    days: ClosingWorld, case: Application, member: Member, anna: Colleague, boris: Colleague, outcome: Any
) -> None:
    end_days(days)
    close_break(anna, boris, the_break(days).break_id, "unpaid")
    journals = days.journals()
    days.world.node.on_query = QueryReply(outcome, "H1", "1", "")
    instruction = days.rows("SELECT instruction_id FROM payment_instruction")[0].instruction_id
    with transaction(days.world.sessions) as session:
        settlement = days.product.settlement
        settlement.record_query(session, member.account_id, instruction, days.world.node.on_query)
        settlement.give_up_after_cutoff(session, member.account_id, instruction)
    days.product.settlement_jobs.follow_up(str(member.account_id), str(instruction))
    assert (days.world.state(case), days.journals(), told(days)) == (RETURNED, journals, 1)


def test_a_break_about_money_is_not_the_place_to_say_so(
    days: ClosingWorld, case: Application, anna: Colleague, boris: Colleague
) -> None:
    """It would leave what the bank moved without a booking for ever; the page does not offer it there."""
    days.tell(days.bank.book(to_another_card(movement(ordered(days)))))
    end_days(days)
    wrong = the_break(days, "payee_differs")
    refused = proposed(anna, boris, wrong.break_id, "unpaid")
    page = refused.get_data(as_text=True)
    assert (refused.status_code, "要在指令自己的差错里确认" in page) == (409, True)
    assert 'value="unpaid"' not in page
    own = the_break(days)
    assert anna.post(f"/breaks/{own.break_id}/take").status_code == 303
    page = anna.client.get(f"/breaks/{own.break_id}").get_data(as_text=True)
    assert 'value="unpaid"' in page
    assert "退回职工账户" in page
    assert days.world.state(case) == ("accepted", "accepted")


def test_it_is_refused_when_the_money_came_between_proposal_and_confirmation(
    days: ClosingWorld, case: Application, member: Member, anna: Colleague, boris: Colleague
) -> None:
    end_days(days)
    row = the_break(days)
    assert proposed(anna, boris, row.break_id, "unpaid").status_code == 303
    days.tell(days.bank.book(movement(ordered(days), day=days.today)))
    refused = boris.post(f"/breaks/{row.break_id}/decision", outcome="confirm")
    assert (refused.status_code, "指令已经不在等结果" in refused.get_data(as_text=True)) == (409, True)
    assert (days.world.state(case), days.world.balance(member)) == (("paid", "paid"), (OPENING - PAID, 0))
    assert told(days) == 0


def test_it_is_refused_while_a_statement_is_doubtful(
    days: ClosingWorld, case: Application, anna: Colleague, boris: Colleague
) -> None:
    """Tuesday's statement lacks 123.45: the payment may be what it lacks. When it is believed, people may."""
    days.next_day()
    days.run()
    lost = days.bank.book(of_somebody(days.today))
    days.bank.spoilt[days.today] = [one for one in days.bank.statement(days.today) if one is not lost]
    days.next_day()
    days.run()
    assert days.kinds() == ["control_differs", "status_differs"]
    row = the_break(days)
    refused = proposed(anna, boris, row.break_id, "unpaid")
    assert (refused.status_code, "流水还没有到齐" in refused.get_data(as_text=True)) == (409, True)
    close_break(anna, boris, the_break(days, "control_differs").break_id)
    days.run()
    assert anna.post(f"/breaks/{row.break_id}/release").status_code == 303
    close_break(anna, boris, row.break_id, "unpaid")
    assert days.world.state(case) == RETURNED


def test_it_is_refused_for_an_order_that_went_out_again(
    days: ClosingWorld, case: Application, anna: Colleague, boris: Colleague
) -> None:
    """It never left on Monday and was sent on Wednesday: its day is not over."""
    end_days(days)
    row = the_break(days)
    with transaction(days.world.sessions) as session:
        session.execute(text("UPDATE payment_instruction SET sent_on = :d"), {"d": days.today})
    refused = proposed(anna, boris, row.break_id, "unpaid")
    assert (refused.status_code, "流水还没有到齐" in refused.get_data(as_text=True)) == (409, True)
    assert days.world.state(case) == ("accepted", "accepted")


def test_it_is_refused_when_the_bank_has_told_of_just_this_payment(
    days: ClosingWorld, case: Application, anna: Colleague, boris: Colleague
) -> None:
    """Told while the order waited to be sent again: it paid nothing here, and the bank did pay."""
    set_state = "UPDATE payment_instruction SET state = :s"
    with transaction(days.world.sessions) as session:
        session.execute(text(set_state), {"s": "ready"})
    days.tell(days.bank.book(movement(ordered(days))))
    with transaction(days.world.sessions) as session:
        session.execute(text(set_state), {"s": "accepted"})
    end_days(days)
    (row,) = [one for one in days.breaks() if one.ref.startswith("order:")]
    refused = proposed(anna, boris, row.break_id, "unpaid")
    assert (refused.status_code, "银行报过这笔钱" in refused.get_data(as_text=True)) == (409, True)
    assert days.world.state(case) == ("accepted", "accepted")


def test_nobody_says_it_alone(
    days: ClosingWorld, case: Application, anna: Colleague, boris: Colleague
) -> None:
    end_days(days)
    row = the_break(days)
    assert proposed(anna, boris, row.break_id, "unpaid").status_code == 303
    assert anna.post(f"/breaks/{row.break_id}/decision", outcome="confirm").status_code == 403
    assert days.world.state(case) == ("accepted", "accepted")
    assert boris.post(f"/breaks/{row.break_id}/decision", outcome="send_back", note="请附回单").status_code == 303
    assert days.world.state(case) == ("accepted", "accepted")


def test_one_that_was_explained_and_is_still_open_is_found_again(
    days: ClosingWorld, case: Application, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """Explained on Wednesday: Tuesday closes, Wednesday too; Thursday's statement has nothing either, so people look again."""
    end_days(days)
    close_break(anna, boris, the_break(days).break_id)
    assert len(days.run()) == 1
    assert days.run() == []
    days.next_day()
    assert len(days.run()) == 1  # Wednesday, in the course of which it was explained
    days.next_day()
    assert days.run() == []
    again = the_break(days)
    assert again.ref == f"order:{case.case_no}:{again.day}"
    days.run()
    assert len(days.breaks()) == 2
    close_break(anna, boris, again.break_id, "unpaid")
    assert (days.world.state(case), days.world.balance(member)) == (RETURNED, (OPENING, 0))
    assert len(days.run()) == 1
    days.next_day()
    assert len(days.run()) == 1
    assert len(days.breaks()) == 2


def test_the_database_takes_it_for_no_other_break(
    days: ClosingWorld,
    case: Application,
    anna: Colleague,
    boris: Colleague,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By whatever mistake it is confirmed of money that moved: nothing of it stays."""
    days.tell(days.bank.book(to_another_card(movement(ordered(days)))))
    end_days(days)
    row = the_break(days, "payee_differs")
    monkeypatch.setattr("services.reconciliation.breaks.refuse_unpaid", lambda session, row: None)
    assert proposed(anna, boris, row.break_id, "unpaid").status_code == 303
    assert boris.post(f"/breaks/{row.break_id}/decision", outcome="confirm").status_code == 500
    assert the_break(days, "payee_differs").state == "proposed"
    assert days.world.state(case) == ("accepted", "accepted")


def test_a_deduction_that_the_bank_never_made_is_ended_too(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """Accepted on Monday, on no statement: the case ends without it; collected all the same, it is money of a break."""
    member, _ = borrower(days.world)
    confirmed(days.world, member, apply(days.world, member, "partial-prepayment", PREPAY))
    days.world.run_jobs(member.account_id, "settlement.deduct", rounds=1)
    states = "SELECT d.state, a.state AS cased FROM deduction d JOIN application a USING (account_id, application_id)"
    assert tuple(days.rows(states)[0]) == ("accepted", "collecting")
    end_days(days)
    close_break(anna, boris, the_break(days).break_id, "unpaid")
    assert tuple(days.rows(states)[0]) == ("rejected", "uncollected")
    days.tell(days.bank.book(replace(collected(days.world.node.deducted[-1]), day=days.today)))
    assert tuple(days.rows(states)[0]) == ("rejected", "uncollected")
    assert on_101(days, TAKEN) == 0
    days.next_day()
    days.run()
    assert the_break(days, "late_return").bank_fen == TAKEN


def test_what_the_fund_added_to_a_deduction_goes_back(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """55,999.99 of the fund are held for settling a loan of which the card is to pay the rest: back to the fen."""
    member = days.world.member()
    lend(days.world, member, **VECTOR)
    confirmed(days.world, member, apply(days.world, member, "loan-settlement", {"source": "both"}))
    days.world.run_jobs(member.account_id, "settlement.deduct", rounds=1)
    assert days.world.balance(member) == (1, OPENING - 1)
    end_days(days)
    close_break(anna, boris, the_break(days).break_id, "unpaid")
    assert days.world.balance(member) == (OPENING, 0)
    assert on(days, "219") == 0
