"""A letter's money told of by a notice and again by the statement, in other words or on another day: taken once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.core.db import transaction
from services.settlement.ports import AccountChange
from tests.support.domain.transfers import asked, line, office, transfer, write
from tests.support.domain.world import Member, World

OPENING, WHOLE, HALF = 5_600_000, 1_203_456, 601_728
"""12,034.56 are promised, in two parts of 6,017.28."""
DAY = date(2026, 11, 23)
OTHERWISE: dict[str, dict[str, Any]] = {
    "other words": {"counter_name": "长沙住房公积金 （中心）"},
    "the next day": {"day": DAY + timedelta(days=1)},
    "three days before": {"day": DAY - timedelta(days=3)},
    "another account": {"counter_account_no": "", "counter_name": "", "pen_no": "7"},
}
ANOTHER: dict[str, dict[str, Any]] = {
    "another number of the bank's": {"host_seq_no": "C-other"},
    "four days later": {"day": DAY + timedelta(days=4)},
    "no number of the bank's": {"host_seq_no": "", "pen_no": "2"},
}


@pytest.fixture
def no(world: World, member: Member) -> str:
    """The number of a letter that is with the other centre."""
    office(world)
    return transfer(world, member, asked(world, member)).letter_no


def bank(world: World, change: AccountChange) -> str:
    with transaction(world.sessions) as session:
        return world.product.settlement_jobs._settlement.record_change(session, change)


def held(world: World, member: Member) -> int:
    """What lies on 21901 for the member."""
    statement = (
        "SELECT coalesce(-sum(fen), 0) AS fen FROM posting WHERE gl_code = '21901' AND account_id = :a"
    )
    return int(world.one(statement, a=member.account_id).fen)


def taken_in(world: World, member: Member) -> int:
    statement = "SELECT count(*) AS n FROM transfer_money WHERE account_id = :a"
    return int(world.one(statement, a=member.account_id).n)


@pytest.mark.parametrize("how", OTHERWISE)
def test_a_part_told_twice_is_not_the_whole(world: World, member: Member, no: str, how: str) -> None:
    """6,017.28 came once and lie on 21901 once; the other 6,017.28 complete the 12,034.56."""
    write(world, no)
    told = line(no, HALF)
    assert bank(world, told) == "transfer_part"
    assert bank(world, replace(told, **OTHERWISE[how])) == "break"
    assert (world.balance(member), held(world, member), taken_in(world, member)) == ((OPENING, 0), HALF, 1)
    assert world.new_violations() == {}
    assert bank(world, line(no, HALF)) == "transfer_credited"
    assert (world.balance(member), held(world, member)) == ((OPENING + WHOLE, 0), 0)


@pytest.mark.parametrize("how", ANOTHER)
def test_another_part_of_the_same_sum_completes_it(world: World, member: Member, no: str, how: str) -> None:
    write(world, no)
    told = replace(line(no, HALF), **({"host_seq_no": ""} if how.startswith("no number") else {}))
    assert bank(world, told) == "transfer_part"
    assert bank(world, replace(told, **ANOTHER[how])) == "transfer_credited"
    assert world.balance(member) == (OPENING + WHOLE, 0)


def test_told_twice_before_the_letter_it_is_a_part(world: World, member: Member, no: str) -> None:
    """The letter of 12,034.56 finds 6,017.28, and waits."""
    told = line(no, HALF)
    assert bank(world, told) == "transfer_waits"
    assert bank(world, replace(told, counter_name="另一种写法")) == "break"
    write(world, no)
    assert (world.balance(member), held(world, member)) == ((OPENING, 0), HALF)


def test_the_whole_told_again_is_no_second_payment(world: World, member: Member, no: str) -> None:
    """Nothing goes to 21901, and nobody is asked to send it back."""
    write(world, no)
    told = line(no)
    assert bank(world, told) == "transfer_credited"
    assert bank(world, replace(told, counter_name="另一种写法")) == "break"
    assert (world.balance(member), held(world, member)) == ((OPENING + WHOLE, 0), 0)
    left = world.one("SELECT count(*) AS n FROM transfer_break WHERE account_id = :a", a=member.account_id)
    assert left.n == 0


@pytest.mark.parametrize("sign", [{"direction": "debit"}, {"direction": "credit", "reversal": True}])
def test_taken_back_in_two_spellings_it_goes_once(
    world: World, member: Member, no: str, sign: dict[str, Any]
) -> None:
    """The first 6,017.28 went back, told of twice; what the sender pays next is two parts, and both are kept."""
    write(world, no)
    back = line(no, HALF, **sign)
    assert bank(world, line(no, HALF)) == "transfer_part"
    assert bank(world, back) == "transfer_taken_back"
    assert bank(world, replace(back, counter_name="另一种写法")) == "break"
    assert world.new_violations() == {}
    assert bank(world, line(no, HALF)) == "transfer_part"
    assert bank(world, line(no, HALF)) == "transfer_credited"
    assert world.balance(member) == (OPENING + WHOLE, 0)


def test_a_return_told_twice_before_its_money_takes_it_once(world: World, member: Member, no: str) -> None:
    write(world, no)
    back = line(no, direction="debit")
    assert [bank(world, one) for one in (back, replace(back, counter_name="另一种写法"))] == ["break"] * 2
    assert bank(world, line(no)) == "transfer_taken_back"
    assert bank(world, line(no)) == "transfer_credited"
    assert world.balance(member) == (OPENING + WHOLE, 0)


def test_a_reversal_under_the_number_of_its_money_is_not_the_money_again(
    world: World, member: Member, no: str
) -> None:
    told = line(no, HALF)
    assert bank(world, told) == "transfer_waits"
    assert bank(world, replace(told, direction="debit")) == "transfer_taken_back"
    assert held(world, member) == 0


def test_a_line_of_no_money_is_nobody_s(world: World, member: Member, no: str) -> None:
    """0.00 under a letter's number: kept for a person, and no transfer's."""
    assert bank(world, line(no, 0)) == "unmatched"
    assert (taken_in(world, member), world.new_violations()) == (0, {})


@pytest.mark.parametrize(("number", "seen"), [("C-other", 1), (None, 0)])
def test_money_of_a_letter_that_nobody_took_in_is_still_found(
    world: World, no: str, number: str | None, seen: int
) -> None:
    """A notice that is left to a person: i43 lets it be only where it repeats what was taken in."""
    told = line(no, HALF)
    assert bank(world, told) == "transfer_waits"
    copy = text(
        "INSERT INTO bank_notice (notice_key, host_seq_no, direction, amount_fen, day, raw_sealed, outcome,"
        " instruction_no, received_at) SELECT sha256(notice_key), coalesce(:number, host_seq_no), direction, amount_fen,"
        " day, raw_sealed, 'break', instruction_no, received_at FROM bank_notice WHERE host_seq_no = :no"
    )
    with transaction(world.sessions) as session:
        session.execute(copy, {"no": told.host_seq_no, "number": number})
        found = session.execute(text("SELECT 1 FROM invariant_i43_transfer_money_is_on_the_statement"))
        assert len(found.all()) == seen
        session.rollback()
