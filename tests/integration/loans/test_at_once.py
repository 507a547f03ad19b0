"""Two who act on one loan at once: one after the other, and never twice."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from services.core.db import transaction
from services.core.errors import DomainError
from services.loans.service import Order, Payer, own_card, prepay_part, settle
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World


def together(*acts: Callable[[], object]) -> list[str]:
    """Run all at the same moment; what became of each: "done", or the code of what stopped it."""
    start, ends = threading.Barrier(len(acts)), ["" for _ in acts]

    def run(place: int) -> None:
        start.wait()
        try:
            acts[place]()
            ends[place] = "done"
        except DomainError as fault:
            ends[place] = fault.code

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return ends


def test_a_loan_is_settled_once(world: World, member: Member) -> None:
    loan_id = lend(world, member, drawn_on="2026-11-20", months=12, principal_fen=1_000_000)

    def pay(payer: Payer) -> Callable[[], None]:
        def act() -> None:
            with transaction(world.sessions) as session:
                settle(session, member.account_id, loan_id, Order(payer.source, payer), world.clock.now())

        return act

    ends = together(pay(own_card(member.account_id)), pay(Payer("fund", member.account_id)))
    assert sorted(ends) == ["done", "loan.settled"]


def test_prepayments_at_once_come_one_after_the_other(world: World, member: Member) -> None:
    """Two of 6,000.00 on 10,000.00: the second would settle the loan and is told so."""
    loan_id = lend(world, member, drawn_on="2026-11-20", months=12, principal_fen=1_000_000)

    def prepay(reference: str) -> Callable[[], None]:
        def act() -> None:
            order = Order(reference, own_card(member.account_id))
            with transaction(world.sessions) as session:
                prepay_part(session, member.account_id, loan_id, order, 600_000, "term", world.clock.now())

        return act

    assert sorted(together(prepay("B1"), prepay("B2"))) == ["done", "loan.prepayment_settles"]


def test_a_case_books_its_prepayment_once(world: World, member: Member) -> None:
    loan_id = lend(world, member, drawn_on="2026-11-20", months=12, principal_fen=1_000_000)
    order = Order("C1", own_card(member.account_id))
    with transaction(world.sessions) as session:
        prepay_part(session, member.account_id, loan_id, order, 100_000, "term", world.clock.now())
    with pytest.raises(IntegrityError), transaction(world.sessions) as session:
        prepay_part(session, member.account_id, loan_id, order, 100_000, "term", world.clock.now())
