"""The most that may be prepaid leaves a rest of two fen, over HTTP: the card pays it, and the loan ends."""

from __future__ import annotations

from services.core.db import transaction
from services.loans.standing import standing_of
from tests.integration.loans.test_agreements import sign_in
from tests.integration.loans.test_card_repayments import WHOLE
from tests.integration.loans.test_fund_loan_items import apply, borrower, confirmed, owed, plan, quote
from tests.support.domain.deductions import look, send, show, tell
from tests.support.domain.world import World


def test_all_that_may_be_prepaid_leaves_what_the_card_can_pay(world: World) -> None:
    """529,583.35 of 529,583.37 leave 0.02: no instalment is less than 0.01, so one in December and one in January."""
    member, loan_id = borrower(world)
    form = {"source": "card", "change": "instalment", "amount_fen": WHOLE - 2}
    assert quote(world, member, "partial-prepayment", form)["max_fen"] == WHOLE - 2
    done = confirmed(world, member, apply(world, member, "partial-prepayment", form))
    send(world, member)
    tell(world)
    assert show(world, member, done)["state"] == "repaid"
    assert owed(world, member, loan_id) == ("normal", 2)
    ahead = plan(world, member, loan_id)
    assert [(row["due_on"], row["amount_fen"]) for row in ahead] == [("2026-12-20", 1), ("2027-01-20", 1)]
    for days, left in ((27, ("normal", 1)), (31, ("settled", 0))):
        world.later(days=days)
        look(world)
        send(world, member)
        order = world.node.deducted[-1]
        assert (order.amount_fen, order.principal_fen) == (1, 1)
        tell(world)
        sign_in(world, member)
        assert owed(world, member, loan_id) == left
    with transaction(world.sessions) as session:
        standing = standing_of(session, member.account_id, loan_id)
    assert [(row.state, row.no) for row in standing.rows] == [("paid", 1), ("paid", 2)]
