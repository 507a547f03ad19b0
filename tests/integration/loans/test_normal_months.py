"""Months repaid in order 正常还款月数: an instalment in grace, or on the business day after a holiday, is in time."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.db import transaction
from services.loans.service import own_card, pay_instalment, pay_overdue
from tests.integration.loans.test_repayment import at, fact
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

TERMS = {"drawn_on": "2026-10-20", "months": 12, "principal_fen": 10_000_000}
"""The instalment of 20 November is paid; the next one's day, 20 December 2026, is a Sunday."""


@pytest.mark.parametrize(
    ("terms", "last_day", "late_day"),
    [
        ({}, "2026-12-20", "2026-12-21"),
        ({"grace_days": 3}, "2026-12-23", "2026-12-24"),
        ({"due_shift": "next"}, "2026-12-21", "2026-12-22"),
        ({"due_shift": "next", "grace_days": 3}, "2026-12-24", "2026-12-25"),
    ],
)
def test_paid_on_the_last_day_it_is_a_normal_month(
    world: World, member: Member, terms: dict[str, Any], last_day: str, late_day: str
) -> None:
    """Until the last day is over the unpaid one leaves November's as it is; a day later there is none."""
    loan_id = lend(world, member, **TERMS, **terms)
    unpaid = [fact(world, member, day) for day in (last_day, late_day)]
    assert [(one.state, one.normal_months) for one in unpaid] == [("normal", 1), ("overdue", 0)]
    with transaction(world.sessions) as session:
        pay_instalment(session, member.account_id, loan_id, own_card(member.account_id), at(last_day))
    assert [fact(world, member, day).normal_months for day in (last_day, late_day)] == [2, 2]


@pytest.mark.parametrize(
    ("terms", "day"),
    [({}, "2026-12-21"), ({"grace_days": 3}, "2026-12-24"), ({"due_shift": "next"}, "2026-12-22")],
)
def test_paid_after_the_last_day_the_count_begins_again(
    world: World, member: Member, terms: dict[str, Any], day: str
) -> None:
    loan_id = lend(world, member, **TERMS, **terms)
    with transaction(world.sessions) as session:
        pay_overdue(session, member.account_id, loan_id, own_card(member.account_id), at(day))
    found = fact(world, member, day)
    assert (found.state, found.normal_months) == ("normal", 0)
