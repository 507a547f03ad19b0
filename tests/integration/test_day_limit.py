"""The day's limit counts what leaves for a card, on the day its money is held: one count for all who ask."""

from __future__ import annotations

from services.core.db import transaction
from services.items.facts import UsageFacts
from tests.integration.loans.test_fund_loan_items import apply, borrower, confirmed, quote
from tests.support.domain.world import Member, World

RENT = "rent-withdrawal"


def usage(world: World, member: Member) -> UsageFacts:
    """What rules are told was drawn."""
    world.consent(member)
    prepared = world.prepare(member, {"amount_fen": 100_000, "card_id": str(member.card_id)})
    with transaction(world.sessions) as session:
        found = world.product.engine.quote(session, member.account_id, prepared).facts.usage
    assert found is not None
    return found


def test_a_repayment_of_the_own_loan_is_not_drawn_today(world: World) -> None:
    """100,021.67 from the fund into the loan: none of the 100,000.00 a day may leave by is used."""
    member, _ = borrower(world)
    world.consent(member)
    form = {"amount_fen": 10_002_167, "change": "term"}
    confirmed(world, member, apply(world, member, "partial-prepayment", form))
    assert usage(world, member).today_fen == 0
    found = quote(world, member, RENT)
    assert "withdrawal.day_limit_used" not in [refusal["code"] for refusal in found["refusals"]]
    assert found["max_fen"] == 1_800_000


def test_what_is_held_today_is_drawn_today(world: World, member: Member) -> None:
    """Asked for on the 23rd at 23:50, confirmed on the 24th at 00:05: it is the 24th's 3,000.00, and not the 25th's."""
    world.later(hours=13, minutes=50)
    asked = world.submit(member)
    assert usage(world, member).today_fen == 300_000
    world.later(minutes=15)
    assert usage(world, member).today_fen == 0
    world.confirm(member, asked)
    assert usage(world, member).today_fen == 300_000
    with transaction(world.sessions) as session:
        rent = world.product.engine.registry.get(RENT)
        own = world.product.engine.local(session, member.account_id).facts(rent).usage
    assert own is not None
    assert own.today_fen == 300_000
    world.later(days=1)
    assert usage(world, member).today_fen == 0


def test_what_was_called_off_is_not_drawn(world: World, member: Member) -> None:
    asked = world.submit(member)
    assert usage(world, member).today_fen == 300_000
    with transaction(world.sessions) as session:
        world.product.engine.cancel(session, member.account_id, asked.application_id)
    assert usage(world, member).today_fen == 0
