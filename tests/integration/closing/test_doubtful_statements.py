"""A line of a statement that does not add up: no one books it by hand before it is believed, for then it books itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.closing.test_booked_once import on, proposed
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.world import World

PAID, LOST = 300_000, 45_600


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


def spoil(days: ClosingWorld) -> None:
    """456.00 that the balances have and the lines of the day have not."""
    lost = days.bank.book(of_somebody(days.today, LOST))
    days.bank.spoilt[days.today] = [line for line in days.bank.statement(days.today) if line is not lost]


def row_of(days: ClosingWorld, kind: str):  # type: ignore[no-untyped-def]
    (row,) = [one for one in days.breaks() if one.kind == kind]
    return row


def booked_101(days: ClosingWorld) -> int:
    """What was posted on the bank's account for bank movements or by two people."""
    statement = (
        "SELECT coalesce(sum(fen), 0) AS fen FROM posting JOIN journal USING (account_id, journal_id)"
        " WHERE gl_code = '101' AND (proof IS NOT NULL OR kind = 'bank_break')"
    )
    return int(days.rows(statement)[0].fen)


def test_a_payment_on_it_is_booked_once(days: ClosingWorld, anna: Colleague, boris: Colleague) -> None:
    """Paid, its notice lost, its statement 456.00 short: first the statement, then 3,000.00 leave the books, once."""
    day = days.today
    order, _ = days.paid(told=False)
    spoil(days)
    days.next_day()
    assert days.run() == []
    assert days.kinds() == ["bank_only", "control_differs"]
    row = row_of(days, "bank_only")
    assert (row.instruction_no, row.bank_fen, row.book_fen) == (order.instruction_no, -PAID, 0)
    refused = proposed(anna, boris, row.break_id, "booked")
    assert (refused.status_code, "流水还没有采信" in refused.get_data(as_text=True)) == (409, True)
    assert booked_101(days) == 0
    close_break(anna, boris, row_of(days, "control_differs").break_id)
    days.run()
    assert booked_101(days) == -PAID
    again = anna.post(f"/breaks/{row.break_id}/proposal", resolution="booked", note="已和银行核对")
    assert (again.status_code, "已经入账" in again.get_data(as_text=True)) == (409, True)
    assert anna.post(f"/breaks/{row.break_id}/release").status_code == 303
    close_break(anna, boris, row.break_id)
    assert days.run() == [day]
    assert (booked_101(days), on(days, "119")) == (-PAID, 0)


def test_the_page_offers_only_what_may_be_done(days: ClosingWorld, anna: Colleague, boris: Colleague) -> None:
    """Money of nobody on it is neither booked nor claimed; when it is believed, both are offered."""
    order, _ = days.paid()
    days.bank.book(replace(of_somebody(days.today, PAID), host_seq_no="C-other"))
    spoil(days)
    days.next_day()
    days.run()
    row = row_of(days, "bank_only")
    anna.sign_in()
    assert anna.post(f"/breaks/{row.break_id}/take").status_code == 303
    form = {"resolution": "belongs", "note": "已和银行核对", "belongs_to": order.instruction_no}
    claimed = anna.post(f"/breaks/{row.break_id}/proposal", **form)
    assert (claimed.status_code, "流水还没有采信" in claimed.get_data(as_text=True)) == (409, True)
    page = anna.client.get(f"/breaks/{row.break_id}").get_data(as_text=True)
    assert [f'value="{code}"' in page for code in ("explained", "booked", "belongs")] == [True, False, False]
    assert "还没有采信" in page
    close_break(anna, boris, row_of(days, "control_differs").break_id)
    days.run()
    page = anna.client.get(f"/breaks/{row.break_id}").get_data(as_text=True)
    assert [f'value="{code}"' in page for code in ("explained", "booked", "belongs")] == [True, True, True]
    assert "还没有采信" not in page
    assert anna.post(f"/breaks/{row.break_id}/release").status_code == 303
    close_break(anna, boris, row.break_id, "booked")
    assert on(days, "21903") == -PAID
