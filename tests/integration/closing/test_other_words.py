"""A movement that notice and statement spell differently and nothing was booked for: a break of its own, booked once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.core.db import transaction
from services.settlement.ports import AccountChange, QueryReply
from tests.integration.closing.test_booked_once import PAID, SENT, late, on, on_101, proposed, sent
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.fakes import movement
from tests.support.domain.transfers import asked, line, office, transfer
from tests.support.domain.world import World


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


def told_otherwise(days: ClosingWorld, change: AccountChange) -> None:
    """The bank books it, and its notice spells the name in another way than its statement."""
    days.tell(replace(days.bank.book(change), counter_name="名称 （全称）"))


def test_a_payment_refused_for_good_and_debited_yet_is_named(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """3,000.00 left the bank under two spellings: one break, two people put it on 119, and the days close."""
    member, day = days.world.member(), days.today
    order = sent(days, member)
    refused = QueryReply("failed", None, "1", "")
    instruction = days.rows("SELECT instruction_id FROM payment_instruction")[0].instruction_id
    with transaction(days.world.sessions) as session:
        settlement = days.product.settlement_jobs._settlement
        settlement.record_query(session, member.account_id, instruction, refused)
    told_otherwise(days, movement(order, day=day))
    days.next_day()
    assert days.run() == []
    assert days.steps(day)["match"] == "done"
    (row,) = days.breaks()
    assert (row.kind, row.bank_fen, row.book_fen) == ("status_differs", -PAID, 0)
    assert row.instruction_no == order.instruction_no
    close_break(anna, boris, row.break_id, "booked")
    assert days.run() == [day]
    assert (on_101(days, PAID), on(days, "119")) == (-PAID, PAID)
    days.next_day()
    assert days.run() == [day + timedelta(days=1)]


def test_a_return_that_its_order_took_by_its_notice_is_not_booked_by_its_line(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """The break is of the line, the payment takes the notice: 3,000.00 once in and once out, and no third time."""
    member = days.world.member()
    order = sent(days, member)
    told_otherwise(days, replace(of_somebody(days.today, PAID), summary=order.instruction_no))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    assert (row.kind, row.bank_fen) == ("late_return", PAID)
    days.tell(days.bank.book(movement(order, day=days.today)))
    assert days.world.balance(member) == (5_600_000, 0)
    refused = proposed(anna, boris, row.break_id, "booked")
    assert (refused.status_code, "已经入账" in refused.get_data(as_text=True)) == (409, True)
    assert on_101(days, PAID) == 0


def test_what_two_people_booked_by_its_line_is_not_undone_by_its_notice(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """A letter's money went back before it came; booked by hand, then it comes: 101, 119 and 21901 end as they began."""
    office(days.world)
    member = days.world.member()
    row = transfer(days.world, member, asked(days.world, member))
    told_otherwise(days, line(row.money_no, SENT, direction="debit"))
    days.next_day()
    assert days.run() == []
    (found,) = days.breaks()
    close_break(anna, boris, found.break_id, "booked")
    assert (on_101(days, SENT), on(days, "119")) == (-SENT, SENT)
    days.tell(days.bank.book(late(line(row.money_no, SENT), days)))
    assert (on_101(days, SENT), on(days, "119"), on(days, "21901")) == (0, 0, 0)
