"""What people book by hand and what orders book themselves: the same money never twice, whoever comes first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from services.core.db import transaction
from services.settlement.ports import AccountChange, PaymentOrder, QueryReply
from tests.integration.loans.test_fund_loan_items import apply, borrower, confirmed
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.deductions import PREPAY
from tests.support.domain.desk import Colleague
from tests.support.domain.fakes import collected, movement
from tests.support.domain.transfers import asked, line, office, transfer, write
from tests.support.domain.world import Member, World

PAID, TAKEN, SENT = 300_000, 10_002_167, 1_203_456


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


def on_101(days: ClosingWorld, fen: int) -> int:
    """What movements of this sum have left on 101."""
    statement = "SELECT coalesce(sum(fen), 0) AS fen FROM posting WHERE gl_code = '101' AND abs(fen) = :fen"
    return int(days.rows(statement, fen=fen)[0].fen)


def on(days: ClosingWorld, code: str) -> int:
    return int(
        days.rows("SELECT coalesce(sum(fen), 0) AS fen FROM posting WHERE gl_code = :c", c=code)[0].fen
    )


def proposed(anna: Colleague, boris: Colleague, break_id: Any, resolution: str) -> Any:
    """Anna takes it and says how it is to be closed."""
    anna.sign_in()
    boris.sign_in()
    assert anna.post(f"/breaks/{break_id}/take").status_code == 303
    return anna.post(f"/breaks/{break_id}/proposal", resolution=resolution, note="已和银行核对")


def sent(days: ClosingWorld, member: Member) -> PaymentOrder:
    days.world.approved(member)
    days.world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    return days.world.node.sent[-1]


def returned_first(days: ClosingWorld, order: PaymentOrder) -> Any:
    """A return stands on the day's statement, its payment on none yet."""
    days.tell(days.bank.book(replace(of_somebody(days.today, PAID), summary=order.instruction_no)))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    assert row.kind == "late_return"
    return row


def test_a_return_before_its_payment_is_left_to_its_order(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """Monday the return, Tuesday the payment: people explain it, the order books both, 3,000.00 once in and once out."""
    member = days.world.member()
    order, day = sent(days, member), days.today
    row = returned_first(days, order)
    refused = proposed(anna, boris, row.break_id, "booked")
    assert (refused.status_code, "会自己入账" in refused.get_data(as_text=True)) == (409, True)
    assert anna.post(f"/breaks/{row.break_id}/release").status_code == 303
    close_break(anna, boris, row.break_id)
    assert days.run() == [day]
    days.tell(days.bank.book(movement(order, day=days.today)))
    days.next_day()
    assert days.run() == [day.replace(day=day.day + 1)]
    assert (on_101(days, PAID), days.world.balance(member)) == (0, (5_600_000, 0))


def test_a_proposal_that_its_order_overtook_books_nothing(
    days: ClosingWorld, anna: Colleague, boris: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proposed to be booked by whatever mistake; then the payment is told and takes its return; then confirmed."""
    member = days.world.member()
    order = sent(days, member)
    row = returned_first(days, order)
    with monkeypatch.context() as patch:
        patch.setattr("services.reconciliation.breaks.refuse_correction", lambda session, row: None)
        assert proposed(anna, boris, row.break_id, "booked").status_code == 303
    days.tell(days.bank.book(movement(order, day=days.today)))
    assert days.world.balance(member) == (5_600_000, 0)
    refused = boris.post(f"/breaks/{row.break_id}/decision", outcome="confirm")
    assert (refused.status_code, "已经入账" in refused.get_data(as_text=True)) == (409, True)
    assert on_101(days, PAID) == 0


def test_a_return_of_what_was_never_paid_is_booked_by_two(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """The order is refused for good: nothing will ever take this money, so people book it."""
    member = days.world.member()
    order = sent(days, member)
    days.world.node.on_query = QueryReply("failed", None, "1", "")
    instruction = days.rows("SELECT instruction_id FROM payment_instruction")[0].instruction_id
    with transaction(days.world.sessions) as session:
        settlement = days.product.settlement_jobs._settlement
        settlement.record_query(session, member.account_id, instruction, days.world.node.on_query)
    row = returned_first(days, order)
    close_break(anna, boris, row.break_id, "booked")
    assert (on_101(days, PAID), on(days, "21903")) == (PAID, -PAID)


def stranded(days: ClosingWorld) -> Any:
    """100,021.67 collected from a card while the loan's plan is not what it was; the day's break."""
    member, _ = borrower(days.world)
    confirmed(days.world, member, apply(days.world, member, "partial-prepayment", PREPAY))
    days.world.run_jobs(member.account_id, "settlement.deduct", rounds=1)
    settle(days, "settled", "2026-11-23", 0, 52_946_865)
    days.tell(days.bank.book(collected(days.world.node.deducted[-1])))
    assert "i52_nothing_collected_waits_for_the_books" in days.world.new_violations()
    days.next_day()
    days.run()
    (row,) = [one for one in days.breaks() if one.kind == "unbooked"]
    return row


def settle(days: ClosingWorld, state: str, on: str | None, owed_fen: int, repaid_fen: int) -> None:
    sql = "UPDATE loan SET state = :s, settled_on = :on, balance_fen = :b, repaid_principal_fen = :r"
    with transaction(days.world.sessions) as session:
        session.execute(text(sql), {"s": state, "on": on, "b": owed_fen, "r": repaid_fen})


def book_again(days: ClosingWorld) -> None:
    settle(days, "normal", None, 52_946_865, 0)
    days.world.later(minutes=11)
    days.product.deduction_jobs.take_up()
    assert days.rows("SELECT state FROM deduction")[0].state == "collected"


def test_what_a_card_paid_and_could_not_be_booked_is_left_to_its_order(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """Tried again every ten minutes until the loan takes it: by hand it would stand on 101 twice."""
    row = stranded(days)
    refused = proposed(anna, boris, row.break_id, "booked")
    assert (refused.status_code, "会自己入账" in refused.get_data(as_text=True)) == (409, True)
    assert on_101(days, TAKEN) == 0
    book_again(days)
    assert on_101(days, TAKEN) == TAKEN
    refused = anna.post(f"/breaks/{row.break_id}/proposal", resolution="booked", note="已和银行核对")
    assert (refused.status_code, "已经入账" in refused.get_data(as_text=True)) == (409, True)
    assert (on_101(days, TAKEN), on(days, "21903")) == (TAKEN, 0)
    days.world.new_violations()


def test_a_deduction_given_up_and_announced_later_is_found(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """No word of it before the cut-off nor after it: given up. The bank tells of it a day later: on 21903, by two."""
    member, _ = borrower(days.world)
    confirmed(days.world, member, apply(days.world, member, "partial-prepayment", PREPAY))
    days.world.run_jobs(member.account_id, "settlement.deduct", rounds=1)
    deduction = days.rows("SELECT deduction_id FROM deduction")[0].deduction_id
    with transaction(days.world.sessions) as session:
        session.execute(text("UPDATE deduction SET state = 'unknown'"))
    with transaction(days.world.sessions) as session:
        days.product.deduction_jobs._deductions.give_up_after_cutoff(session, member.account_id, deduction)
    days.next_day()
    days.run()
    days.bank.book(replace(collected(days.world.node.deducted[-1]), day=days.today))
    days.next_day()
    days.run()
    (row,) = [one for one in days.breaks() if one.bank_fen == TAKEN]
    assert (row.kind, row.book_fen, row.member_account_id) == ("late_return", 0, member.account_id)
    close_break(anna, boris, row.break_id, "booked")
    assert (on_101(days, TAKEN), on(days, "21903")) == (TAKEN, -TAKEN)


def test_money_of_a_transfer_that_went_back_before_it_came_is_undone_once(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """Two people book the return (Dr 119, Cr 101); then its money comes: 101, 119 and 21901 end as they began."""
    office(days.world)
    member = days.world.member()
    row = transfer(days.world, member, asked(days.world, member))
    days.tell(days.bank.book(line(row.money_no, SENT, direction="debit")))
    days.next_day()
    assert days.run() == []
    (found,) = days.breaks()
    close_break(anna, boris, found.break_id, "booked")
    assert (on_101(days, SENT), on(days, "119")) == (-SENT, SENT)
    days.tell(days.bank.book(late(line(row.money_no, SENT), days)))
    assert (on_101(days, SENT), on(days, "119"), on(days, "21901")) == (0, 0, 0)
    write(days.world, row.letter_no)
    assert days.world.balance(member) == (5_600_000, 0)


def late(change: AccountChange, days: ClosingWorld) -> AccountChange:
    return replace(change, day=days.today)
