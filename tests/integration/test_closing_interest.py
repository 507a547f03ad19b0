"""Interest to the day an account closes: the two journals, once, and only what has grown since the last."""

from __future__ import annotations

from sqlalchemy import text

from services.accounts.settlement_interest import closing_interest, post_closing_interest
from services.core.clock import shanghai_day
from services.core.db import transaction
from tests.support.domain.world import Member, World


def booked(world: World, member: Member) -> list[tuple[str, str, int]]:
    """Interest lines of the member's books: reference, account, fen."""
    statement = text(
        "SELECT business_ref, gl_code, fen FROM journal JOIN posting USING (account_id, journal_id)"
        " WHERE account_id = :a AND business_ref LIKE 'interest:%' ORDER BY 1, line_no"
    )
    with transaction(world.sessions) as session:
        return [tuple(row) for row in session.execute(statement, {"a": member.account_id})]  # type: ignore[misc]


def post(world: World, member: Member) -> int:
    """Book it now."""
    with transaction(world.sessions) as session:
        found = post_closing_interest(session, world.product.policies, member.account_id, world.clock.now())
        return found.interest_fen


def test_the_journals(world: World, member: Member) -> None:
    """Dr 411, Cr 211; Dr 211, Cr 201. 320.25 on 2026-11-23 as worked out by hand:

    24 months of 2,000.00 since 2026-06-30, 146 days: 48,000 × 146 = 7,008,000; and 2,000 × (131 + 100 + 69 + 39) =
    678,000 yuan·days; 7,686,000 × 1.5 % / 360 = 320.25.
    """
    assert post(world, member) == 32_025
    assert booked(world, member) == [
        ("interest:2026-11-23:accrue", "411", 32_025),
        ("interest:2026-11-23:accrue", "211", -32_025),
        ("interest:2026-11-23:credit", "211", 32_025),
        ("interest:2026-11-23:credit", "201", -32_025),
    ]
    assert world.balance(member) == (5_632_025, 0)


def test_again_on_the_same_day_there_is_nothing_left(world: World, member: Member) -> None:
    post(world, member)
    assert post(world, member) == 0
    assert len(booked(world, member)) == 4


def test_later_only_what_has_grown_since(world: World, member: Member) -> None:
    """Ten more days on 56,320.25: × 10 × 1.5 % / 360 = 23.4668 → 23.47."""
    post(world, member)
    world.later(days=10)
    assert post(world, member) == 2_347


def test_asking_books_nothing(world: World, member: Member) -> None:
    with transaction(world.sessions) as session:
        found = closing_interest(
            session, world.product.policies, member.account_id, shanghai_day(world.clock.now())
        )
    assert (found.from_on.isoformat(), found.interest_fen) == ("2026-06-30", 32_025)
    assert found.fen_days == 768_600_000
    assert booked(world, member) == []
