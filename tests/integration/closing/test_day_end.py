"""The end of a day: statement, comparison, balances; what closes it and what holds it open. Figures by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.closing.days import cut_over, open_day
from services.closing.telling import InterestTelling
from services.core.db import transaction
from services.settlement.ports import NodeUnavailable
from tests.support.domain.bank_days import OPENING_FEN, ClosingWorld, of_somebody
from tests.support.domain.fakes import movement
from tests.support.domain.world import World

FUND, PAID = 5_600_000, 300_000


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


def test_a_day_that_agrees_closes_and_says_by_what(days: ClosingWorld) -> None:
    """56,000.00 taken over and 3,000.00 paid: books 53,000.00, bank 9,997,000.00, gap 9,944,000.00."""
    day = days.today
    days.paid()
    days.next_day()
    assert days.run() == [day]
    assert set(days.steps(day).values()) == {"done"}
    found = days.rows("SELECT * FROM business_day WHERE day = :day", day=day)[0]
    assert (found.bank_closing_fen, found.book_closing_fen) == (OPENING_FEN - PAID, FUND - PAID)
    assert (found.gap_fen, found.carried_fen) == (994_400_000, 0)
    kept = days.rows("SELECT gl_code, movement_fen, closing_fen FROM ledger_day WHERE day = :day", day=day)
    assert {row.gl_code: (row.movement_fen, row.closing_fen) for row in kept} == {
        "101": (-PAID, FUND - PAID),
        "201": (PAID, PAID - FUND),
        "219": (0, 0),
    }
    assert days.breaks() == []


def test_the_gap_moves_only_by_what_was_taken_over(days: ClosingWorld) -> None:
    """A second member is taken over with 56,000.00 of earlier days: the gap is smaller by just that."""
    days.paid()
    days.next_day()
    assert len(days.run()) == 1
    days.paid()
    days.next_day()
    assert len(days.run()) == 1
    first, second, _ = days.rows("SELECT gap_fen, bank_closing_fen FROM business_day ORDER BY day")
    assert second.gap_fen == first.gap_fen - FUND
    assert second.bank_closing_fen == OPENING_FEN - 2 * PAID


def test_a_lost_notice_is_taken_from_the_statement_and_told_of(days: ClosingWorld) -> None:
    """Booked on the next day: until then the bank has less than the books, and the day says so."""
    day = days.today
    order, _ = days.paid(told=False)
    days.next_day()
    assert days.run() == [day]
    state = days.rows(
        "SELECT state FROM payment_instruction WHERE instruction_no = :n", n=order.instruction_no
    )
    assert state[0].state == "paid"
    found = days.rows("SELECT * FROM business_day WHERE day = :day", day=day)[0]
    assert (found.book_closing_fen, found.carried_fen) == (FUND, -PAID)
    days.next_day()
    assert days.run() == [day + timedelta(days=1)]
    after = days.rows("SELECT * FROM business_day WHERE day = :day", day=day + timedelta(days=1))[0]
    assert (after.book_closing_fen, after.carried_fen, after.gap_fen) == (FUND - PAID, 0, found.gap_fen)


def test_a_day_waits_for_the_bank_and_is_closed_for_good(
    days: ClosingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the bank's cut-off nothing closes, after 09:00 somebody is told; closed, the books take nothing more."""
    day = days.today
    days.next_day()
    days.bank.day = day
    assert days.run() == []
    assert days.steps(day)["statement"] == "waits bank.day_not_over"
    days.world.later(hours=10)
    assert days.run() == []
    assert days.steps(day)["statement"] == "failed late:bank.day_not_over"
    days.bank.day = day + timedelta(days=1)

    def away(_day: date) -> object:
        raise NodeUnavailable("statement.count")

    with monkeypatch.context() as patch:
        patch.setattr(days.bank, "statement", away)
        assert days.run() == []
    assert "waits" in days.steps(day)["match"]
    assert days.run() == [day]
    statement = (
        "INSERT INTO journal (account_id, journal_id, business_ref, kind, summary, accounting_on, created_at)"
        " SELECT gen_random_uuid(), gen_random_uuid(), 'x', 'x', '', :day, now()"
    )
    with pytest.raises(DBAPIError, match="closed"), transaction(days.world.sessions) as session:
        session.execute(text(statement), {"day": day})
    with pytest.raises(DBAPIError, match="open to closing"), transaction(days.world.sessions) as session:
        session.execute(
            text("UPDATE business_day SET state = 'closing', closed_at = NULL WHERE day = :d"), {"d": day}
        )


def test_a_second_run_leaves_a_closed_day_as_it_is(
    days: ClosingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job and the command at once: one closes the day between two steps of the other."""
    day, end = days.today, days.closing._end
    days.paid()
    days.next_day()
    closed: list[list[date]] = []

    def meanwhile(on: date, name: str, *result: Any) -> None:
        end(on, name, *result)
        if name == "interest" and not closed:
            closed.append([])
            closed[0] = days.run()

    monkeypatch.setattr(days.closing, "_end", meanwhile)
    assert days.run() == []
    assert closed == [[day]]
    assert set(days.steps(day).values()) == {"done"}


def test_employers_money_that_is_not_what_the_books_say_holds_the_day(days: ClosingWorld) -> None:
    """600.00 noted as come and never booked on 21902."""
    day = days.today
    note = (
        'INSERT INTO remittance_receipt (employer_id, notice_key, direction, amount_fen, "on", state, at)'
        " VALUES (gen_random_uuid(), 'x', 'credit', 60000, :day, 'open', now())"
    )
    with transaction(days.world.sessions) as session:
        session.execute(text(note), {"day": day})
    days.next_day()
    assert days.run() == []
    assert days.steps(day)["control"] == "failed control.differs"
    with transaction(days.world.sessions) as session:
        session.execute(text("UPDATE remittance_receipt SET state = 'taken_back'"))
    assert days.run() == [day]


def test_days_close_in_their_order(days: ClosingWorld) -> None:
    """The first is held by money nobody knows; the second has its statement and its comparison, and waits."""
    first = days.today
    days.bank.book(of_somebody(first))
    days.next_day()
    days.next_day()
    assert days.run() == []
    assert days.kinds() == ["bank_only"]
    assert days.steps(first)["close"] == "waits breaks.open:1"
    assert days.steps(first + timedelta(days=1)) == {"statement": "done", "match": "done"}


def test_after_an_early_cut_over_postings_are_of_the_next_day(days: ClosingWorld) -> None:
    """The business date is ahead of the clock, and the day waits for the calendar."""
    day = days.today
    with transaction(days.world.sessions) as session:
        present = open_day(session, lock=True)
        assert present is not None
        cut_over(session, present, days.world.clock.now())
    days.bank.day += timedelta(days=1)
    days.world.node.day = days.bank.day
    days.paid()
    booked = days.rows("SELECT accounting_on FROM journal WHERE kind = 'withdrawal_settle'")
    assert [row.accounting_on for row in booked] == [day + timedelta(days=1)]
    assert days.run() == []
    assert days.steps(day)["close"] == "waits calendar"
    days.world.later(days=1)
    assert days.run() == [day]


def test_money_back_days_later_is_the_member_s_again_and_holds_nothing(days: ClosingWorld) -> None:
    """退汇 three days on, told of only by the statement of that day."""
    member = days.world.member()
    order, _ = days.paid(member)
    for _ in range(3):
        days.next_day()
    days.bank.book(movement(order, direction="credit", host_seq_no="R1", day=days.today))
    days.next_day()
    assert len(days.run()) == 4
    state = days.rows(
        "SELECT state FROM payment_instruction WHERE instruction_no = :n", n=order.instruction_no
    )
    assert state[0].state == "returned"
    assert days.world.balance(member) == (FUND, 0)
    assert days.breaks() == []


def test_a_year_is_settled_by_the_closing_of_its_day(world: World) -> None:
    """As in test_annual_interest: 831.25, posted on 30 June, before the balances of that day are taken."""
    member = world.member()
    world.later(days=219)
    world.node.day = date(2027, 6, 30)
    days = ClosingWorld(world)
    days.next_day()
    assert days.run() == [date(2027, 6, 30)]
    step = days.rows("SELECT result FROM closing_step WHERE day = '2027-06-30' AND name = 'interest'")[0]
    assert step.result == {"due": True, "accounts": 1, "interest_fen": 83_125}
    kept = days.rows("SELECT gl_code, movement_fen FROM ledger_day WHERE day = '2027-06-30'")
    assert {row.gl_code: row.movement_fen for row in kept if row.movement_fen} == {
        "201": -83_125,
        "411": 83_125,
    }
    assert world.balance(member) == (5_683_125, 0)
    telling = InterestTelling(world.sessions, world.clock, at_once=1)
    assert [telling.take_up() for _ in range(4)] == [1, 0, 0, 0]
    told = days.rows("SELECT payload FROM outbox_event WHERE topic = 'interest.posted'")
    assert [row.payload for row in told] == [{"amount_fen": 83_125, "balance_fen": 5_683_125}]
