"""The fault run's judge: what the bank has booked says where a case must stand, and nothing else does."""

from __future__ import annotations

from uuid import uuid4

import pytest

from bench.faults.judging import Booked, Ours, Verdict, judge
from bench.faults.people import AMOUNT_FEN, Case

OPENING_FEN = 3_600_000
LEFT_FEN = OPENING_FEN - AMOUNT_FEN
NO = "202611220000001"
CASE = Case(0, uuid4(), uuid4(), uuid4(), uuid4(), NO, OPENING_FEN)
PAID = Ours("paid", LEFT_FEN, 0, ("hold", "settle"))
RETURNED = Ours("returned", OPENING_FEN, 0, ("hold", "reverse"))
CAME_BACK = Ours("returned", OPENING_FEN, 0, ("hold", "settle", "return"))
ONCE, RETURN, TWICE = Booked(1, 0, AMOUNT_FEN), Booked(1, 1, 0), Booked(2, 0, 2 * AMOUNT_FEN)


def found(bank: Booked | None, ours: Ours | None, *, acknowledged: bool = True) -> Verdict:
    books = {} if bank is None else {NO: bank}
    mine = {} if ours is None else {NO: ours}
    return judge([CASE], {NO} if acknowledged else set(), books, mine)


@pytest.mark.parametrize(("bank", "ours"), [(ONCE, PAID), (None, RETURNED), (RETURN, CAME_BACK)])
def test_books_that_agree(bank: Booked | None, ours: Ours) -> None:
    assert found(bank, ours).clean


@pytest.mark.parametrize(
    ("bank", "ours"),
    [
        (ONCE, RETURNED),  # paid at the bank, given back here
        (None, PAID),  # paid here alone
        (ONCE, Ours("paid", LEFT_FEN, AMOUNT_FEN, ("hold", "settle"))),  # the hold was not let go
        (ONCE, Ours("paid", OPENING_FEN, 0, ("hold", "settle"))),
        (ONCE, Ours("paid", LEFT_FEN - AMOUNT_FEN, 0, ("hold", "settle", "settle"))),
        (RETURN, PAID),
        (Booked(1, 0, AMOUNT_FEN - 1), PAID),
        (None, Ours("verifying", OPENING_FEN, 0, ())),  # acknowledged, and not there
        (None, None),
    ],
)
def test_books_that_do_not(bank: Booked | None, ours: Ours | None) -> None:
    verdict = found(bank, ours)
    assert verdict.summary()["lost"] == 1
    assert not verdict.clean


def test_paid_twice() -> None:
    assert found(TWICE, PAID).summary()["doubled"] == 1


def test_money_that_left_for_a_case_of_nobody() -> None:
    verdict = judge([CASE], {NO}, {NO: ONCE, "202611220000009": ONCE}, {NO: PAID})
    assert verdict.summary()["doubled"] == 1


def test_what_is_open_is_told() -> None:
    verdict = found(None, Ours("unknown", LEFT_FEN, AMOUNT_FEN, ("hold",)))
    assert (verdict.summary()["unknown"], verdict.summary()["lost"]) == (1, 0)
    assert not verdict.clean


@pytest.mark.parametrize(
    ("bank", "ours"),
    [
        (ONCE, Ours("unknown", LEFT_FEN, AMOUNT_FEN, ("hold",))),  # the bank has paid, and we do not know
        (None, Ours("unknown", LEFT_FEN, 0, ("hold",))),  # nobody holds the money
    ],
)
def test_what_is_open_and_should_not_be(bank: Booked | None, ours: Ours) -> None:
    assert found(bank, ours).summary()["lost"] == 1
