"""A statement that tells a line once more, or lacks one, and does not add up: nobody books what the bank may still mend."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.core.db import transaction
from services.reconciliation.correcting import refuse_correction
from services.reconciliation.models import BankBreak, BankStatement
from tests.integration.closing.test_booked_once import on, proposed
from tests.integration.closing.test_doubtful_statements import booked_101, row_of
from tests.integration.closing.test_suspense_told_twice import list_again, open_breaks
from tests.support.domain.bank_days import OPENING_FEN, ClosingWorld, close_break
from tests.support.domain.desk import Colleague
from tests.support.domain.world import World

FUND, PAID = 5_600_000, 300_000


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose first day is closed: 3,000.00 of 56,000.00 were paid."""
    made = ClosingWorld(world)
    made.paid()
    made.next_day()
    assert len(made.run()) == 1
    return made


def doubtful(days: ClosingWorld, *times: int) -> None:
    """Two payments of 3,000.00 each, told of; the statement has the one and the other so many times."""
    day = days.today
    lines = [days.paid()[1] for _ in times]
    days.bank.spoilt[day] = [line for line, many in zip(lines, times, strict=True) for _ in range(many)]
    days.next_day()
    assert days.run() == []


@pytest.fixture
def repeated(days: ClosingWorld) -> Any:
    """The break of a line that stands twice though its money left once."""
    doubtful(days, 1, 2)
    assert days.kinds() == ["control_differs", "duplicate_line"]
    row = row_of(days, "duplicate_line")
    assert (row.bank_fen, row.book_fen) == (-PAID, 0)
    return row


@pytest.fixture
def lacking(days: ClosingWorld) -> Any:
    """The break of a payment that was told of and that the statement lacks."""
    doubtful(days, 1, 0)
    assert days.kinds() == ["control_differs", "ours_only"]
    row = row_of(days, "ours_only")
    assert (row.bank_fen, row.book_fen) == (0, -PAID)
    return row


@pytest.fixture(params=["repeated", "lacking"])
def doubted(request: pytest.FixtureRequest) -> Any:
    """Either."""
    return request.getfixturevalue(request.param)


def refused(days: ClosingWorld, anna: Colleague, boris: Colleague, row: Any, words: str) -> None:
    """By the service; the page does not offer it, and says why. Nothing is on 119 or 21903."""
    answer = proposed(anna, boris, row.break_id, "booked")
    assert (answer.status_code, words in answer.get_data(as_text=True)) == (409, True)
    page = anna.client.get(f"/breaks/{row.break_id}").get_data(as_text=True)
    offered = [f'value="{code}"' in page for code in ("explained", "booked")]
    assert (offered, words in page) == ([True, False], True)
    assert anna.post(f"/breaks/{row.break_id}/release").status_code == 303
    assert (booked_101(days), on(days, "119"), on(days, "21903")) == (-3 * PAID, 0, 0)


def closes_clean(days: ClosingWorld, day: Any) -> None:
    """Three members of 56,000.00, 3,000.00 paid to each: bank and books agree, nothing carried."""
    assert days.run() == [day]
    last = days.rows("SELECT * FROM business_day WHERE day = :day", day=day)[0]
    assert (last.bank_closing_fen, last.book_closing_fen) == (OPENING_FEN - 3 * PAID, 3 * (FUND - PAID))
    assert (last.carried_fen, last.gap_fen) == (0, OPENING_FEN - 3 * FUND)
    assert (booked_101(days), on(days, "119"), on(days, "21903")) == (-3 * PAID, 0, 0)


def test_it_is_not_booked_before_the_bank_mends_its_statement(
    days: ClosingWorld, doubted: Any, anna: Colleague, boris: Colleague
) -> None:
    """Asked for first, mended then: the books stay as they are."""
    refused(days, anna, boris, doubted, "流水还没有采信")
    del days.bank.spoilt[doubted.day]
    assert days.run() == []
    for row in days.breaks():
        close_break(anna, boris, row.break_id)
    closes_clean(days, doubted.day)


def test_it_is_not_booked_after_the_bank_has_mended_its_statement(
    days: ClosingWorld, doubted: Any, anna: Colleague, boris: Colleague
) -> None:
    """Mended first, asked for then: the break is still open, and the statement says otherwise."""
    del days.bank.spoilt[doubted.day]
    assert days.run() == []
    refused(days, anna, boris, doubted, "流水没有证实")
    for row in days.breaks():
        close_break(anna, boris, row.break_id)
    closes_clean(days, doubted.day)


def test_nor_when_two_people_believe_the_statement_all_the_same(
    days: ClosingWorld, doubted: Any, anna: Colleague, boris: Colleague
) -> None:
    """Its lines are believed, but the bank may still mend it, and does."""
    close_break(anna, boris, row_of(days, "control_differs").break_id)
    assert days.run() == []
    refused(days, anna, boris, doubted, "流水没有证实")
    del days.bank.spoilt[doubted.day]
    assert days.run() == []
    close_break(anna, boris, doubted.break_id)
    closes_clean(days, doubted.day)


def test_a_proposal_of_before_is_not_confirmed(
    days: ClosingWorld, doubted: Any, anna: Colleague, boris: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits since a time when it was allowed; it can be sent back."""
    with monkeypatch.context() as patch:
        patch.setattr("services.reconciliation.breaks.refuse_correction", lambda session, row: None)
        assert proposed(anna, boris, doubted.break_id, "booked").status_code == 303
    path = f"/breaks/{doubted.break_id}/decision"
    for words in ("流水还没有采信", "流水没有证实"):
        answer = boris.post(path, outcome="confirm")
        assert (answer.status_code, words in answer.get_data(as_text=True)) == (409, True)
        days.bank.spoilt.pop(doubted.day, None)
        assert days.run() == []
    assert boris.post(path, outcome="send_back", note="银行改正了流水").status_code == 303
    assert (booked_101(days), on(days, "119"), on(days, "21903")) == (-3 * PAID, 0, 0)


def test_what_left_twice_by_lines_and_balances_is_booked(
    days: ClosingWorld, anna: Colleague, boris: Colleague
) -> None:
    """3,000.00 more on 119: the statement adds up with the line twice."""
    day = days.today
    days.paid()
    list_again(days)
    twice = open_breaks(days)
    assert list(twice) == ["duplicate_line"]
    close_break(anna, boris, twice["duplicate_line"], "booked")
    assert days.run() == [day]
    assert (booked_101(days), on(days, "119")) == (-3 * PAID, PAID)


def test_while_it_is_booked_nobody_replaces_the_statement(days: ClosingWorld) -> None:
    """What its word was taken for is committed first."""
    day = days.today
    days.paid()
    list_again(days)
    found = open_breaks(days)["duplicate_line"]
    sessions = days.world.sessions
    with transaction(sessions) as session:
        refuse_correction(session, session.get_one(BankBreak, found))
        with transaction(sessions) as other:
            other.execute(text("SET LOCAL lock_timeout = '100ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                other.get(BankStatement, day, with_for_update=True)
