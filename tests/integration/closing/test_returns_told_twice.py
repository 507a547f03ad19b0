"""Days on which the bank tells of a return to an employer twice: booked once, no difference, and they close."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.settlement.ports import AccountChange
from tests.integration.closing.test_booked_once import on, on_101
from tests.integration.closing.test_employer_claims import days, unit
from tests.integration.closing.test_other_words import told_otherwise
from tests.integration.closing.test_suspense_told_twice import asked_for, paid_out
from tests.integration.remittances.test_surplus import OVER, decided
from tests.support.domain.bank_days import ClosingWorld, close_break
from tests.support.domain.desk import Colleague
from tests.support.domain.remittances import Unit

__all__ = ["days", "unit"]


@pytest.fixture
def paid(days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague) -> AccountChange:
    """The line of 20.00 that two people have agreed to give back."""
    number = asked_for(days, unit, anna)
    decided(days.world, number, boris)
    return paid_out(days, unit, number)


def back(paid: AccountChange) -> AccountChange:
    return replace(paid, direction="credit", host_seq_no="R1")


def test_put_back_and_paid_again_it_is_not_owed_by_the_statement(
    days: ClosingWorld, paid: AccountChange
) -> None:
    """20.00 out, back under two spellings, and out: the employer has them, nothing is owed, nothing is left to people."""
    day = days.today
    days.tell(days.bank.book(paid))
    told_otherwise(days, back(paid))
    days.tell(days.bank.book(replace(paid, host_seq_no="X2")))
    days.next_day()
    assert (days.run(), days.breaks()) == ([day], [])
    assert (on(days, "21904"), on_101(days, OVER)) == (0, -OVER)


def test_put_back_it_is_not_paid_out_by_the_statement(days: ClosingWorld, paid: AccountChange) -> None:
    """20.00 out under two spellings and back: they are owed still."""
    day = days.today
    told_otherwise(days, paid)
    days.tell(days.bank.book(back(paid)))
    days.next_day()
    assert (days.run(), days.breaks()) == ([day], [])
    assert (on(days, "21904"), on_101(days, OVER)) == (-OVER, 0)


def test_put_back_and_listed_a_day_later_it_is_named_on_both(
    days: ClosingWorld, paid: AccountChange, anna: Colleague, boris: Colleague
) -> None:
    """Told of on Monday, on Tuesday's statement when 20.00 are out again: two breaks that make nothing together."""
    monday, came = days.today, back(paid)
    days.tell(days.bank.book(paid))
    days.tell(came)
    days.tell(days.bank.book(replace(paid, host_seq_no="X2")))
    days.next_day()
    assert days.run() == []
    close_break(anna, boris, days.breaks()[0].break_id)
    assert days.run() == [monday]
    days.bank.book(replace(came, day=days.today))
    days.next_day()
    assert days.run() == []
    kinds = sorted((row.kind, row.bank_fen, row.book_fen) for row in days.breaks())
    assert kinds == [("ours_only", 0, OVER), ("shifted_day", OVER, 0)]
    close_break(anna, boris, days.breaks()[1].break_id)
    assert days.run() == [monday + timedelta(days=1)]
    assert (on(days, "21904"), on_101(days, OVER)) == (0, -OVER)
