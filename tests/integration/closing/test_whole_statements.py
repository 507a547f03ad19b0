"""A statement that was short, explained as the last open break: the day closes, and what it lacked still comes, once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.reconciliation import short_days
from services.settlement.ports import AccountChange, NodeUnavailable
from tests.integration.closing.test_booked_once import on
from tests.integration.closing.test_doubtful_statements import row_of
from tests.integration.closing.test_short_statements import days
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.remittances import Unit, credit

PAID, WHOLE, STRAY = 300_000, 5_000_000, 45_600


@dataclass
class Short:
    """A closed day whose statement lacks 50,000.00 of an employer and nothing else; the next day is open."""

    days: ClosingWorld
    day: date
    paid: AccountChange
    lost: AccountChange
    colleagues: tuple[Colleague, Colleague]

    def close(self) -> None:
        """Two people say that the lines are to be believed; the only break there is."""
        self.days.next_day()
        assert self.days.run() == []
        assert self.days.kinds() == ["control_differs"]
        close_break(*self.colleagues, row_of(self.days, "control_differs").break_id)
        assert self.days.run() == [self.day]
        assert (self.carried_fen(self.day), on(self.days, "21902")) == (WHOLE, 0)

    def ask(self) -> list[date]:
        """A round, five minutes later."""
        self.days.world.later(minutes=5)
        return self.days.run()

    def carried_fen(self, day: date) -> int:
        """What the day carried on."""
        return int(self.of(day).carried_fen)

    def of(self, day: date) -> Any:
        """The day's row."""
        return self.days.rows("SELECT * FROM business_day WHERE day = :d", d=day)[0]

    def missing_fen(self) -> int:
        """What its statement lacks."""
        return int(self.days.rows("SELECT missing_fen FROM bank_statement WHERE day = :d", d=self.day)[0][0])


@pytest.fixture
def short(days: ClosingWorld, anna: Colleague, boris: Colleague) -> Short:
    """3,000.00 paid and told of are on it."""
    day = days.today
    _, paid = days.paid()
    lost = days.bank.book(replace(credit(Unit(days.world).payer_no, WHOLE), day=day))
    days.bank.spoilt[day] = [paid]
    made = Short(days, day, paid, lost, (anna, boris))
    made.close()
    return made


def test_what_it_lacked_is_booked_once_on_the_open_day(short: Short) -> None:
    """50,000.00 reach 21902 and are carried no more; the closed day stays, and the next one needs nobody."""
    days, following, was = short.days, short.days.today, short.of(short.day)
    assert (short.ask(), on(days, "21902")) == ([], 0)
    del days.bank.spoilt[short.day]
    assert (short.ask(), on(days, "21902"), short.missing_fen()) == ([], -WHOLE, 0)
    booked, asked = days.journals(), len(days.bank.asked)
    assert (short.ask(), days.journals(), len(days.bank.asked)) == ([], booked, asked)
    days.next_day()
    assert days.run() == [following]
    assert (short.carried_fen(following), days.kinds(), on(days, "21902")) == (0, [], -WHOLE)
    assert short.of(short.day) == was
    assert (on(days, "119"), on(days, "21903")) == (0, 0)


def test_by_itself_it_comes_in_the_next_nights_rounds(short: Short) -> None:
    """Asked for when the next day ends: booked on the one after, until whose end it is carried."""
    days, following = short.days, short.days.today
    del days.bank.spoilt[short.day]
    days.next_day()
    assert days.run() == [following]
    assert (short.carried_fen(following), on(days, "21902")) == (WHOLE, -WHOLE)
    last = days.today
    days.next_day()
    assert days.run() == [last]
    assert (short.carried_fen(last), on(days, "21902"), days.kinds()) == (0, -WHOLE, [])


def test_one_that_still_lacks_something_books_nothing(short: Short) -> None:
    """Only 456.00 of what it lacks are told now: it does not add up yet, and is not believed by half."""
    days = short.days
    days.bank.spoilt[short.day] = [short.paid, of_somebody(short.day, STRAY)]
    before = days.journals()
    assert (short.ask(), days.journals(), short.missing_fen()) == ([], before, WHOLE)
    assert days.rows("SELECT count(*) FROM bank_notice WHERE amount_fen = :fen", fen=STRAY)[0][0] == 0


def test_one_that_tells_a_line_otherwise_books_nothing(short: Short) -> None:
    """It adds up, but the 3,000.00 stand on it under another stroke number than the one that was believed."""
    days = short.days
    days.bank.spoilt[short.day] = [replace(short.paid, pen_no="00000099"), short.lost]
    before = days.journals()
    assert (short.ask(), days.journals(), short.missing_fen()) == ([], before, WHOLE)


def test_a_bank_that_does_not_answer_holds_no_other_day(short: Short, monkeypatch: pytest.MonkeyPatch) -> None:
    days, following, tell = short.days, short.days.today, short.days.bank.statement

    def statement(day: date) -> list[AccountChange]:
        if day == short.day:
            raise NodeUnavailable("answer.none")
        return tell(day)

    monkeypatch.setattr(days.bank, "statement", statement)
    days.next_day()
    assert days.run() == [following]
    assert short.missing_fen() == WHOLE


def test_cut_off_between_booking_and_keeping_it_books_nothing_twice(
    short: Short, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Booked, and the lines are not stored: the next round asks again, and only stores them."""
    days, following = short.days, short.days.today
    del days.bank.spoilt[short.day]
    with monkeypatch.context() as patch:
        patch.setattr(days.product.statements, "store", None)
        assert (short.ask(), on(days, "21902"), short.missing_fen()) == ([], -WHOLE, WHOLE)
    assert (short.ask(), on(days, "21902"), short.missing_fen()) == ([], -WHOLE, 0)
    days.next_day()
    assert days.run() == [following]
    assert (short.carried_fen(following), days.kinds()) == (0, [])


def test_it_is_not_asked_for_when_its_time_is_over(short: Short, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_days, "SPAN", timedelta(days=0))
    del short.days.bank.spoilt[short.day]
    asked = len(short.days.bank.asked)
    assert (short.ask(), len(short.days.bank.asked), on(short.days, "21902")) == ([], asked, 0)


def test_money_of_nobody_is_a_break_of_the_open_day(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """456.00 that the statement lacked: they book nothing, so two people do, and they are carried no more."""
    day = days.today
    days.bank.book(of_somebody(day, STRAY))
    days.bank.spoilt[day] = []
    days.next_day()
    assert days.run() == []
    close_break(anna, boris, row_of(days, "control_differs").break_id)
    assert days.run() == [day]
    following = days.today
    del days.bank.spoilt[day]
    days.world.later(minutes=5)
    assert days.run() == []
    days.next_day()
    assert days.run() == []
    row = row_of(days, "bank_only")
    assert (row.day, row.bank_fen, row.book_fen) == (following, STRAY, 0)
    close_break(anna, boris, row.break_id, "booked")
    assert days.run() == [following]
    last = days.rows("SELECT carried_fen FROM business_day WHERE day = :d", d=following)[0]
    assert (last.carried_fen, on(days, "21903"), days.kinds()) == (0, -STRAY, [])


__all__ = ["days"]
