"""Loans, the calculator and the annual statement over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from services.accounts.settlement_interest import post_closing_interest
from services.core.db import transaction
from tests.contract.api.reading import problem
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

API = "/api/v1"


def get(world: World, member: Member, path: str) -> Any:
    """The answer of a path that is there."""
    answer = world.client().get(API + path, headers=member.bearer)
    assert answer.status_code == 200, answer.json
    return answer.json


def trial(world: World, member: Member, **form: Any) -> Any:
    """The calculator's answer."""
    return world.client().post(f"{API}/trial/loan", json=form, headers=member.bearer)


def test_a_loan_with_plan_and_history(world: World, member: Member) -> None:
    """100,000.00 at 2.10 % for a year, drawn on 2026-10-20: the first instalment was paid on 2026-11-20."""
    loan_id = lend(world, member, drawn_on="2026-10-20", months=12, principal_fen=10_000_000)
    (loan,) = get(world, member, "/loans")["loans"]
    assert loan["loan_id"] == str(loan_id)
    # M = 8,428.43, of which 175.00 is interest: 91,746.57 are left. Three days of it: 16.06 (16.0556).
    assert (loan["balance_fen"], loan["instalment_fen"], loan["next_due_on"]) == (
        9_174_657,
        842_843,
        "2026-12-20",
    )
    assert loan["settle_today_fen"] == 9_174_657 + 1_606
    assert (loan["rate_text"], loan["method_text"], loan["state_text"]) == ("2.10%", "等额本息", "正常还款")
    assert (loan["repaid_principal_fen"], loan["repaid_interest_fen"]) == (825_343, 17_500)
    assert get(world, member, f"/loans/{loan_id}") == loan

    plan = get(world, member, f"/loans/{loan_id}/plan")
    assert [row["state"] for row in plan["instalments"]] == ["paid"] + ["planned"] * 11
    assert sum(row["principal_fen"] for row in plan["instalments"]) == 10_000_000
    history = get(world, member, f"/loans/{loan_id}/repayments")["repayments"]
    assert [(row["kind"], row["amount_fen"]) for row in history] == [("02", 842_843), ("01", 10_000_000)]


def test_loans_are_one_s_own(world: World, member: Member) -> None:
    owner = world.member()
    loan_id = lend(world, owner, drawn_on="2026-10-20", months=12)
    assert get(world, member, "/loans") == {"loans": []}
    for path in (f"/loans/{loan_id}", f"/loans/{loan_id}/plan", f"/loans/{loan_id}/repayments"):
        problem(world.client().get(API + path, headers=member.bearer), 404, "request.not_found")
    problem(world.client().get(f"{API}/loans/{uuid4()}", headers=member.bearer), 404, "request.not_found")


def test_trial_calculator(world: World, member: Member) -> None:
    """Domain facts §4.3: 600,000 at 2.60 % for 360 months: 2,402.04, interest 264,733.47, last 2,401.11."""
    answer = trial(world, member, amount_fen=60_000_000, months=360).json
    assert (answer["rate_text"], answer["first_fen"], answer["last_fen"]) == ("2.60%", 240_204, 240_111)
    assert answer["total_interest_fen"] == 26_473_347
    assert (answer["other_first_fen"], answer["other_total_interest_fen"]) == (296_667, 23_464_955)
    assert len(answer["years"]) == 30
    assert answer["years"][4]["balance_after_fen"] == 52_946_865
    second = trial(world, member, amount_fen=100_000_000, months=360, home="second").json
    assert (second["rate_text"], second["first_fen"]) == ("3.075%", 425_660)


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"amount_fen": 120_000_001, "months": 360}, 422, "trial.amount_over"),
        ({"amount_fen": 11, "months": 12}, 422, "trial.amount_under"),
        ({"amount_fen": 60_000_000, "months": 361}, 422, "trial.term_over"),
        ({"amount_fen": 60_000_000, "months": 360, "rate": 1}, 400, "field.unknown"),
    ],
)
def test_trials_beyond_the_rules(
    world: World, member: Member, form: dict[str, Any], status: int, code: str
) -> None:
    problem(trial(world, member, **form), status, code)


def test_annual_statement(world: World, member: Member) -> None:
    """28 months of 2,000.00 up to 2026-10: 12 up to June 2025, 12 in the year to June 2026, 4 since, and the interest.

    Interest from 2026-06-30 to 2026-11-23 (146 days), balance 48,000.00 and +2,000.00 on the 15th of July to October,
    131, 100, 69 and 39 days: 7,008,000 + 678,000 = 7,686,000 yuan·days × 1.5 % / 360 = 320.25.
    """
    with transaction(world.sessions) as session:
        post_closing_interest(session, world.product.policies, member.account_id, world.clock.now())
    full = get(world, member, "/statements/2026")
    assert (full["from_on"], full["to_on"], full["complete"]) == ("2025-07-01", "2026-06-30", True)
    assert (full["opening_fen"], full["contributed_fen"], full["contributed_months"]) == (
        2_400_000,
        2_400_000,
        12,
    )
    assert full["closing_fen"] == 4_800_000
    current = get(world, member, "/statements/2027")
    assert (current["to_on"], current["complete"], current["opening_fen"]) == ("2026-11-23", False, 4_800_000)
    assert (current["contributed_fen"], current["interest_fen"]) == (800_000, 32_025)
    assert current["closing_fen"] == world.balance(member)[0] == 5_632_025
    for year in ("2014", "2028", "0", "99999"):
        answer = world.client().get(f"{API}/statements/{year}", headers=member.bearer)
        problem(answer, 404, "statement.none")
