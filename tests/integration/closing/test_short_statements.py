"""What a statement lacks is booked by nobody: the line that comes later books itself, and the day closes on that."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.db import transaction
from services.reconciliation.errors import NothingToBook
from services.staff.service import known_staff
from tests.integration.closing.test_booked_once import on, proposed
from tests.integration.closing.test_doubtful_statements import booked_101, row_of
from tests.support.domain.bank_days import OPENING_FEN, ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.world import World

FUND, PAID, STRAY = 5_600_000, 300_000, 45_600


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose first day is closed: 3,000.00 of 56,000.00 were paid."""
    made = ClosingWorld(world)
    made.paid()
    made.next_day()
    assert len(made.run()) == 1
    return made


@pytest.fixture
def short(days: ClosingWorld) -> Any:
    """Another 3,000.00 paid, neither told nor on the statement; 456.00 of nobody are on it. The statement's break."""
    day = days.today
    _, lost = days.paid(told=False)
    days.bank.book(of_somebody(day, STRAY))
    days.bank.spoilt[day] = [line for line in days.bank.statement(day) if line is not lost]
    days.next_day()
    assert days.run() == []
    assert days.kinds() == ["bank_only", "control_differs"]
    row = row_of(days, "control_differs")
    assert (row.bank_fen, row.book_fen) == (-PAID, 0)
    return row


def propose(days: ClosingWorld, colleague: Colleague, break_id: Any) -> None:
    """Past the form."""
    with transaction(days.world.sessions) as session:
        staff = known_staff(session, colleague.login)
        days.product.breaks.propose(session, staff, break_id, "booked", "已和银行核对")


def test_it_is_neither_offered_nor_booked(
    days: ClosingWorld, short: Any, anna: Colleague, boris: Colleague
) -> None:
    """By the form, by the service; the page leaves the explaining."""
    refused = proposed(anna, boris, short.break_id, "booked")
    assert (refused.status_code, "请向银行要完整的流水" in refused.get_data(as_text=True)) == (409, True)
    with pytest.raises(NothingToBook) as fault:
        propose(days, anna, short.break_id)
    assert (fault.value.code, fault.value.status) == ("break.nothing_to_book", 409)
    page = anna.client.get(f"/breaks/{short.break_id}").get_data(as_text=True)
    offered = [f'value="{code}"' in page for code in ("explained", "booked", "belongs", "unpaid")]
    assert offered == [True, False, False, False]
    assert (booked_101(days), on(days, "119")) == (-PAID, 0)


def test_a_proposal_of_before_is_not_confirmed(
    days: ClosingWorld, short: Any, anna: Colleague, boris: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits since a time when it was allowed; it can be sent back."""
    with monkeypatch.context() as patch:
        patch.setattr("services.reconciliation.breaks.refuse_correction", lambda session, row: None)
        assert proposed(anna, boris, short.break_id, "booked").status_code == 303
    path = f"/breaks/{short.break_id}/decision"
    refused = boris.post(path, outcome="confirm")
    assert (refused.status_code, "请向银行要完整的流水" in refused.get_data(as_text=True)) == (409, True)
    assert (booked_101(days), on(days, "119")) == (-PAID, 0)
    assert boris.post(path, outcome="send_back", note="等完整的流水").status_code == 303


def test_explained_it_is_cured_by_the_whole_statement(
    days: ClosingWorld, short: Any, anna: Colleague, boris: Colleague
) -> None:
    """The line comes while the 456.00 hold the day: 3,000.00 leave the books once, and bank and books agree.

    Two members were taken over with 56,000.00 each: the gap is 10,000,000.00 less both, as if nothing had been short.
    """
    close_break(anna, boris, short.break_id)
    assert days.run() == []
    assert booked_101(days) == -PAID
    del days.bank.spoilt[short.day]
    assert days.run() == []
    assert (booked_101(days), days.kinds()) == (-2 * PAID, ["bank_only"])
    close_break(anna, boris, row_of(days, "bank_only").break_id, "booked")
    assert days.run() == [short.day]
    following = days.today
    days.next_day()
    assert days.run() == [following]
    last = days.rows("SELECT * FROM business_day WHERE day = :day", day=following)[0]
    moved = STRAY - 2 * PAID
    assert (last.bank_closing_fen, last.book_closing_fen) == (OPENING_FEN + moved, 2 * FUND + moved)
    assert (last.carried_fen, last.gap_fen) == (0, OPENING_FEN - 2 * FUND)
    assert (on(days, "119"), on(days, "21903")) == (0, -STRAY)
