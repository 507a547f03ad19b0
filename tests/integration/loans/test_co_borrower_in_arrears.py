"""A co-borrower's fund settles a loan in arrears: figures worked out by hand.

100,000.00 at 2.10 % for 12 months: M = 8,428.43. Drawn on 20 September 2026; what fell due on 20 October (175.00 of
interest, 8,253.43 of principal) and on 20 November (91,746.57 × 2.1 % / 12 = 160.56; 8,267.87) is unpaid.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.core.scope import see_member, see_no_more, see_nobody
from services.loans.booking import Payer
from services.loans.rules import Payoff
from services.loans.service import Order, settle
from tests.contract.api.reading import problem
from tests.integration.loans.test_fund_loan_items import apply, lines, owed, quote
from tests.support.domain.loans import lend
from tests.support.domain.world import START, Member, World

FUND_FEN = 56_000_000
TERMS = {"principal_fen": 10_000_000, "months": 12}
LATE_FEN = 1_688_341
"""16,521.30 of principal, 335.56 of interest, and penalty at one and a half times the rate: 8,428.43 × 2.1 % / 360 ×
1.5 × 33 days = 24.3371, × 3 days = 2.2125."""
ALL_FEN = 8_347_870 + 1_461 + LATE_FEN
"""With 83,478.70 that is not due yet and three days of it: 14.6088. 100,376.72."""


@pytest.fixture
def spouse(world: World) -> Member:
    """560,000.00, so that the fund covers everything."""
    return world.member(base_fen=10_000_000)


@pytest.fixture
def late(world: World, member: Member, spouse: Member) -> UUID:
    """The borrower's loan, two instalments late."""
    loan_id = lend(world, member, spouse.person, drawn_on="2026-09-20", unpaid=2, **TERMS)
    assert owed(world, spouse, loan_id) == ("overdue", 10_000_000)
    return loan_id


def pay(world: World, member: Member, spouse: Member, loan_id: UUID, at: datetime) -> Payoff:
    """Everything, from the co-borrower's fund."""
    order = Order("209911230000001", Payer("fund", spouse.account_id))
    with transaction(world.sessions) as session:
        return settle(session, member.account_id, loan_id, order, at)


def ended(world: World, member: Member, spouse: Member, loan_id: UUID, paid_fen: int) -> dict[str, int]:
    """The loan of both is at its end, one fund has paid, the other is as before; the journal."""
    assert owed(world, member, loan_id) == ("settled", 0)
    assert world.balance(spouse) == (FUND_FEN - paid_fen, 0)
    assert world.balance(member) == (5_600_000, 0)
    assert world.new_violations() == {}
    return lines(world, spouse, f"loan:{loan_id}:settle:209911230000001")


@pytest.mark.parametrize("zone", ["staff", "member"])
def test_two_instalments_late_with_penalty(
    world: World, member: Member, spouse: Member, late: UUID, zone: str
) -> None:
    """As a worker or the desk books it, and with the rights of the co-borrower's own request."""
    if zone == "member":
        see_nobody()
        see_member(spouse.account_id)
    try:
        due = pay(world, member, spouse, late, START)
    finally:
        see_no_more()
    assert (due.principal_fen, due.interest_fen) == (8_347_870, 1_461)
    assert (due.overdue_principal_fen, due.overdue_interest_fen, due.penalty_fen) == (
        1_652_130,
        33_556,
        2_655,
    )
    assert ended(world, member, spouse, late, ALL_FEN) == {
        "201": ALL_FEN,
        "121": -8_347_870,
        "122": -1_652_130,
        "401": -(1_461 + 33_556 + 2_655),
    }
    row = world.one("SELECT * FROM loan WHERE loan_id = :id", id=late)
    assert (row.repaid_principal_fen, row.repaid_interest_fen, row.repaid_penalty_fen) == (
        10_000_000,
        35_017,
        2_655,
    )


def test_one_that_nobody_has_moved_to_overdue_yet(world: World, member: Member, spouse: Member) -> None:
    """A minute into 21 December: the settlement itself moves it, in the borrower's books.

    91,746.57 ahead and a day of it (5.3519); 8,253.43 late with 175.00 and a day's penalty of 0.7375: 100,181.09.
    """
    loan_id = lend(world, member, spouse.person, drawn_on="2026-11-20", **TERMS)
    pay(world, member, spouse, loan_id, datetime(2026, 12, 21, 0, 1, tzinfo=SHANGHAI))
    assert ended(world, member, spouse, loan_id, 10_018_109) == {
        "201": 10_018_109,
        "121": -9_174_657,
        "122": -825_343,
        "401": -(535 + 17_500 + 74),
    }
    assert lines(world, member, f"loan:{loan_id}:overdue:1") == {"122": 825_343, "121": -825_343}


def test_on_the_phone_the_arrears_come_first_and_are_named(world: World, spouse: Member, late: UUID) -> None:
    """Item 2 asks for a loan in order, also where the fund would cover all of it."""
    form = {"way": "offset", "amount_fen": ALL_FEN}
    (refusal,) = quote(world, spouse, "fund-loan-withdrawal", form)["refusals"]
    assert (refusal["code"], "16,883.41 元" in refusal["text"]) == ("fund_loan.overdue", True)
    problem(apply(world, spouse, "fund-loan-withdrawal", form), 409, "item.refused")
    assert world.balance(spouse) == (FUND_FEN, 0)
