"""Money of another centre that came without its letter's number: two people say whose it is, and it goes its way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.reconciliation.models import BankBreak
from tests.support.domain.bank_days import ClosingWorld, of_somebody
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.transfers import asked, office, transfer, write
from tests.support.domain.world import Member, World

LETTER_FEN = 1_203_456
"""12,000.00 of principal and 34.56 of interest."""


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


def promised(days: ClosingWorld) -> tuple[Member, str]:
    """A transfer that the other centre has agreed to; the money is on its way."""
    office(days.world)
    member = days.world.member()
    application_id = asked(days.world, member)
    write(days.world, transfer(days.world, member, application_id).letter_no)
    return member, application_id


def unnamed(days: ClosingWorld, fen: int) -> BankBreak:
    """Money without a number came in, and the day found it."""
    change = of_somebody(days.today, fen, "长沙住房公积金管理中心")
    days.bank.book(replace(change, summary="转移款"))
    days.next_day()
    assert days.run() == []
    (row,) = days.breaks()
    return row


def propose(who: Colleague, row: BankBreak, number: str) -> int:
    """An answer to a proposal that names a number."""
    form = {"resolution": "belongs", "note": "对方来函核对过", "belongs_to": number}
    return who.post(f"/breaks/{row.break_id}/proposal", **form).status_code


@pytest.mark.parametrize("named", ["letter_no", "case_no"])
def test_it_is_credited_to_the_member(
    days: ClosingWorld, anna: Colleague, boris: Colleague, named: str
) -> None:
    """56,000.00 and 12,034.56 are 68,034.56; the day closes."""
    member, application_id = promised(days)
    day, row = days.today, unnamed(days, LETTER_FEN)
    anna.sign_in()
    boris.sign_in()
    assert anna.post(f"/breaks/{row.break_id}/take").status_code == 303
    assert propose(anna, row, "209912310000001") == 409
    assert propose(anna, row, str(getattr(transfer(days.world, member, application_id), named))) == 303
    assert days.world.balance(member) == (5_600_000, 0)
    assert boris.post(f"/breaks/{row.break_id}/decision", outcome="confirm").status_code == 303
    assert transfer(days.world, member, application_id).state == "credited"
    assert days.world.balance(member) == (6_803_456, 0)
    assert days.run() == [day]
    days.next_day()
    assert len(days.run()) == 1
    assert [one.state for one in days.breaks()] in ([], ["closed"])


def test_a_part_of_it_waits_for_the_rest(days: ClosingWorld, anna: Colleague, boris: Colleague) -> None:
    """12,000.00 without a number lie on 21901 until the 34.56 are there."""
    member, application_id = promised(days)
    row = unnamed(days, 1_200_000)
    anna.sign_in()
    boris.sign_in()
    anna.post(f"/breaks/{row.break_id}/take")
    assert propose(anna, row, transfer(days.world, member, application_id).letter_no) == 303
    assert boris.post(f"/breaks/{row.break_id}/decision", outcome="confirm").status_code == 303
    assert transfer(days.world, member, application_id).state == "promised"
    held = days.rows("SELECT sum(-fen) AS fen FROM posting WHERE gl_code = '21901'")
    assert int(held[0].fen) == 1_200_000
    assert days.world.balance(member) == (5_600_000, 0)


def test_money_is_not_given_to_a_letter_without_an_answer_nor_to_oneself(
    days: ClosingWorld, desk: DeskWorld, anna: Colleague
) -> None:
    office(days.world)
    member = days.world.member()
    application_id = asked(days.world, member)
    letter_no = transfer(days.world, member, application_id).letter_no
    row = unnamed(days, LETTER_FEN)
    anna.sign_in()
    anna.post(f"/breaks/{row.break_id}/take")
    assert propose(anna, row, letter_no) == 409
    write(days.world, letter_no)
    anna.post(f"/breaks/{row.break_id}/release")
    own = desk.colleague(id_no=member.person.id_no).sign_in()
    own.post(f"/breaks/{row.break_id}/take")
    assert propose(own, row, letter_no) == 403
