"""Money under the number of a batch that does not wait for it: taken back by the bank, it pays for nothing any more."""

from __future__ import annotations

from dataclasses import replace

from services.remittances.service import Filed
from tests.support.domain.remittances import Unit
from tests.support.domain.world import World

BEFORE, AFTER = 400_000, 600_000
STRANGER = "659999199003070014"


def taken_back(unit: Unit, amount_fen: int, words: str = "") -> str:
    """The bank reverses a sum; how that was classified."""
    return unit.pay(amount_fen, words, direction="debit", reversal=True)


def posted_twice_paid(unit: Unit) -> Filed:
    """November, posted; its 6,000.00 came once more under the same number."""
    filed = unit.file()
    assert unit.pay(600_000, filed.batch_no) == "remittance_paid"
    assert unit.post(filed.batch_id) == "posted"
    unit.world.later(seconds=1)
    assert unit.pay(600_000, filed.batch_no) == "remittance_open"
    return filed


def test_of_two_payments_under_one_number_the_one_that_waits_is_undone(world: World, unit: Unit) -> None:
    """November stays posted, nothing waits, December is not paid with it; a second reversal is for a person."""
    before = unit.clearing_fen()
    filed = posted_twice_paid(unit)
    assert unit.clearing_fen() - before == 600_000
    assert taken_back(unit, 600_000, filed.batch_no) == "remittance_back"
    assert (unit.clearing_fen(), unit.state(filed.batch_id)) == (before, "posted")
    assert unit.funds() == [AFTER] * 3
    world.later(days=10)
    december = unit.file(month="2026-12")
    assert (december.state, december.received_fen) == ("waiting", 0)
    assert taken_back(unit, 600_000, filed.batch_no) == "break"
    assert (unit.state(filed.batch_id), world.new_violations()) == ("posted", {})


def test_the_second_payment_is_taken_back_from_the_batch_it_went_to(world: World, unit: Unit) -> None:
    """It waits no more but pays for December, which is not posted yet: December waits again, November stays."""
    filed = posted_twice_paid(unit)
    world.later(days=10)
    december = unit.file(month="2026-12")
    assert (december.state, december.received_fen) == ("funded", 600_000)
    assert taken_back(unit, 600_000, filed.batch_no) == "remittance_back"
    assert (unit.state(filed.batch_id), unit.state(december.batch_id)) == ("posted", "waiting")
    assert unit.post(december.batch_id) == "waiting"
    assert (unit.funds(), world.new_violations()) == ([AFTER] * 3, {})


def test_money_for_a_refused_file_is_taken_back_from_the_right_one(world: World, unit: Unit) -> None:
    """Paid under the number of the refused file, it is taken back under it too, though the right file has it now."""
    before, right = unit.clearing_fen(), unit.entries[1]
    unit.entries[1] = replace(right, id_no=STRANGER)
    refused = unit.file()
    assert refused.state == "refused"
    assert unit.pay(600_000, refused.batch_no) == "remittance_open"
    unit.entries[1] = right
    again = unit.file()
    assert again.state == "funded"
    assert taken_back(unit, 600_000, refused.batch_no) == "remittance_back"
    assert unit.post(again.batch_id) == "waiting"
    assert (unit.funds(), unit.clearing_fen()) == ([BEFORE] * 3, before)
    assert world.new_violations() == {}


def test_what_came_for_nothing_is_not_taken_for_a_batch_it_did_not_name(world: World, unit: Unit) -> None:
    """6,000.00 without a number wait: a reversal under November's number, posted long ago, is not of them."""
    filed = unit.file()
    unit.pay(600_000, filed.batch_no)
    assert unit.post(filed.batch_id) == "posted"
    assert unit.pay(600_000) == "remittance_open"
    assert taken_back(unit, 600_000, filed.batch_no) == "break"
    world.later(days=10)
    assert unit.file(month="2026-12").state == "funded"
