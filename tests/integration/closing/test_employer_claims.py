"""Money of an employer's that came from an account nobody knows: two people say whose it is, and it goes its way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.closing.test_booked_once import on, on_101
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.desk import Colleague
from tests.support.domain.remittances import Unit
from tests.support.domain.world import World

WHOLE = 600_000
"""Three people of 2,000.00."""


@pytest.fixture
def days(world: World) -> ClosingWorld:
    """A world whose days end."""
    return ClosingWorld(world)


@pytest.fixture
def unit(days: ClosingWorld) -> Unit:
    """An employer of three."""
    return Unit(days.world)


def unnamed(days: ClosingWorld, fen: int = WHOLE) -> str:
    """The break of what came without a number, from an account that no employer pays from."""
    days.bank.book(replace(of_somebody(days.today, fen), summary="十一月公积金"))
    days.next_day()
    assert days.run() == []
    (row,) = [one for one in days.breaks() if one.state != "closed"]
    return str(row.break_id)


@pytest.mark.parametrize("named", ["batch", "employer"])
def test_it_pays_the_batch(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague, named: str
) -> None:
    """6,000.00 lie on 21902 until three lines of 2,000.00 are posted; the day closes and nothing is left between."""
    day, before, filed = days.today, unit.funds(), unit.file()
    number = filed.batch_no if named == "batch" else unit.employer_no
    close_break(anna, boris, unnamed(days), "belongs", belongs_to=number)
    assert (on_101(days, WHOLE), on(days, "21902"), on(days, "21903")) == (WHOLE, -WHOLE, 0)
    assert unit.post(filed.batch_id) == "posted"
    assert [now - was for now, was in zip(unit.funds(), before, strict=True)] == [200_000] * 3
    assert (on(days, "21902"), days.run()) == (0, [day])


def test_without_a_batch_it_waits_for_one(
    days: ClosingWorld, unit: Unit, anna: Colleague, boris: Colleague
) -> None:
    """Said to be the employer's before its file is there: the file takes it."""
    close_break(anna, boris, unnamed(days), "belongs", belongs_to=unit.employer_no)
    assert on(days, "21902") == -WHOLE
    assert unit.post(unit.file().batch_id) == "posted"
    assert on(days, "21902") == 0


def test_a_number_of_nobody_s_is_refused(days: ClosingWorld, unit: Unit, anna: Colleague) -> None:
    path = f"/breaks/{unnamed(days)}"
    anna.sign_in()
    assert anna.post(f"{path}/take").status_code == 303
    form = {"resolution": "belongs", "note": "单位来电确认"}
    for number in ("", "97" + unit.employer_no[2:], "2" * 20):
        assert anna.post(f"{path}/proposal", **form, belongs_to=number).status_code == 409
    assert on_101(days, WHOLE) == 0
