"""Notices that no statement has: of the day itself, and of a day that is closed already. People see each of them once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.settlement.ports import AccountChange, PaymentOrder
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

PAID = 300_000
WHOLE = 5_600_000


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


@pytest.fixture
def member(world: World) -> Member:
    """28 months of 2,000.00: 56,000.00."""
    return world.member()


@pytest.fixture
def order(days: ClosingWorld, member: Member) -> PaymentOrder:
    """3,000.00 of theirs, paid and told of on a day that is closed."""
    order, _ = days.paid(member)
    paid_on = days.today
    days.next_day()
    assert days.run() == [paid_on]
    return order


def back(order: PaymentOrder, days: ClosingWorld, *, days_ago: int = 0) -> AccountChange:
    """退汇 of the payment, dated so many days before the bank's own."""
    on = days.today - timedelta(days=days_ago)
    return movement(order, direction="credit", host_seq_no="BACK", day=on)


def state(days: ClosingWorld, order: PaymentOrder) -> str:
    found = days.rows(
        "SELECT state FROM payment_instruction WHERE instruction_no = :n", n=order.instruction_no
    )
    return str(found[0].state)


def postings(days: ClosingWorld, order: PaymentOrder) -> list[tuple[str, int, date]]:
    """Lines of the return's journal with the day they are of."""
    rows = days.rows(
        "SELECT gl_code, fen, accounting_on FROM posting JOIN journal USING (account_id, journal_id)"
        " WHERE proof = (SELECT notice_key FROM bank_notice WHERE instruction_no = :n AND direction = 'credit')"
        " ORDER BY gl_code",
        n=order.instruction_no,
    )
    return [(row.gl_code, row.fen, row.accounting_on) for row in rows]


def test_a_return_of_a_closed_day_is_of_the_open_day_and_a_break(
    days: ClosingWorld, order: PaymentOrder, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """Told of on Tuesday as of Monday, whose statement is final without it: the member's at once, Tuesday's in the
    books, and Tuesday closes only when two people have looked; Monday stays as it was closed."""
    today = days.today
    monday = days.rows("SELECT * FROM business_day WHERE day < :d", d=today)
    days.tell(back(order, days, days_ago=1))
    days.tell(back(order, days, days_ago=1))
    assert (state(days, order), days.world.balance(member)) == ("returned", (WHOLE, 0))
    assert postings(days, order) == [("101", PAID, today), ("201", -PAID, today)]
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    assert (row.kind, row.day, row.bank_fen, row.book_fen) == ("ours_only", today, 0, PAID)
    assert row.instruction_no == order.instruction_no
    assert days.run() == []
    assert len(days.breaks()) == 1
    close_break(anna, boris, row.break_id)
    assert days.run() == [today]
    assert days.rows("SELECT * FROM business_day WHERE day < :d", d=today) == monday
    closed = days.rows("SELECT carried_fen FROM business_day WHERE day = :d", d=today)[0]
    assert closed.carried_fen == -PAID


def test_its_line_on_the_next_statement_is_no_break(
    days: ClosingWorld, order: PaymentOrder, member: Member
) -> None:
    """The bank puts Monday's return on Tuesday's statement, as of Monday: nothing is left to look at."""
    today = days.today
    line = days.bank.book(back(order, days, days_ago=1))
    days.bank.spoilt[today] = [line]
    days.tell(line)
    days.next_day()
    assert days.run() == [today]
    assert (days.breaks(), days.world.balance(member)) == ([], (WHOLE, 0))


def test_its_line_under_the_next_day_is_the_same_movement(
    days: ClosingWorld, order: PaymentOrder, member: Member
) -> None:
    """The notice says Monday, the statement Tuesday, the books have it on Tuesday, once: they agree."""
    today = days.today
    days.tell(back(order, days, days_ago=1))
    days.bank.book(back(order, days))
    days.next_day()
    assert days.run() == [today]
    assert (days.breaks(), days.world.balance(member)) == ([], (WHOLE, 0))
    assert days.rows("SELECT carried_fen FROM business_day WHERE day = :d", d=today)[0].carried_fen == 0


def test_a_line_a_day_later_is_a_shift_on_both(
    days: ClosingWorld, order: PaymentOrder, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """Told of on Tuesday, on Wednesday's statement: booked once, two breaks that make nothing together."""
    tuesday = days.today
    days.tell(back(order, days))
    days.next_day()
    assert days.run() == []
    (first,) = days.breaks()
    close_break(anna, boris, first.break_id)
    assert days.run() == [tuesday]
    days.bank.book(back(order, days))
    days.next_day()
    assert days.run() == []
    assert [(row.kind, row.bank_fen, row.book_fen) for row in days.breaks()] == [
        ("ours_only", 0, PAID),
        ("shifted_day", PAID, 0),
    ]
    assert days.world.balance(member) == (WHOLE, 0)


def test_money_of_nobody_for_a_closed_day_books_nothing_and_is_a_break(
    days: ClosingWorld, order: PaymentOrder
) -> None:
    today, before = days.today, days.journals()
    days.tell(of_somebody(today - timedelta(days=1)))
    days.next_day()
    assert days.run() == []
    assert days.journals() == before
    assert [(one.kind, one.day, one.bank_fen, one.book_fen) for one in days.breaks()] == [
        ("ours_only", today, 0, 0)
    ]


def test_a_return_of_today_that_the_statement_does_not_have(
    days: ClosingWorld, order: PaymentOrder, member: Member, anna: Colleague, boris: Colleague
) -> None:
    """Only told of: the money is the member's, the books have it, the bank has not; nobody takes it back alone."""
    today = days.today
    days.tell(back(order, days))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    assert (row.kind, row.bank_fen, row.book_fen) == ("ours_only", 0, PAID)
    assert (state(days, order), days.world.balance(member)) == ("returned", (WHOLE, 0))
    close_break(anna, boris, row.break_id, "booked")
    assert days.run() == [today]
    booked = days.rows(
        "SELECT gl_code, fen FROM posting JOIN journal USING (account_id, journal_id)"
        " WHERE kind = 'bank_break' ORDER BY gl_code"
    )
    assert [(one.gl_code, one.fen) for one in booked] == [("101", -PAID), ("119", PAID)]
    closed = days.rows("SELECT carried_fen, book_closing_fen FROM business_day WHERE day = :d", d=today)[0]
    assert (closed.carried_fen, closed.book_closing_fen) == (0, WHOLE - PAID)


def test_a_credit_of_nobody_that_the_statement_does_not_have(days: ClosingWorld) -> None:
    today = days.today
    days.tell(of_somebody(today))
    days.next_day()
    assert days.run() == []
    assert [(one.kind, one.bank_fen, one.book_fen) for one in days.breaks()] == [("ours_only", 0, 0)]
    assert days.journals() == 0
