"""Trials over HTTP: nothing outside is asked, nothing is kept, and bad input is refused by name."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.core.db import transaction
from tests.contract.api.reading import problem
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

API = "/api/v1"


def post(world: World, member: Member, path: str, **form: Any) -> Any:
    """The answer of a trial."""
    return world.client().post(API + path, json=form, headers=member.bearer)


def get(world: World, member: Member, path: str) -> Any:
    """The answer of a path that is there."""
    answer = world.client().get(API + path, headers=member.bearer)
    assert answer.status_code == 200, answer.json
    return answer.json


def rows_written(world: World, member: Member) -> int:
    """Applications, consents and audit entries of the member."""
    count = "SELECT (SELECT count(*) FROM {0} WHERE account_id = :a)"
    total = 0
    with transaction(world.sessions) as session:
        for table in ("application", "consent", "audit_entry"):
            total += session.scalar(text(count.format(table)), {"a": member.account_id})
    return total


def test_what_could_i_draw_without_asking_anybody(world: World, member: Member) -> None:
    """56,000.00 there, single, no home: rent 18,000.00 (F5); no consent, no question outside, no row written."""
    before = rows_written(world, member)
    answer = post(world, member, "/trial/withdrawals").json
    found = {one["code"]: one for one in answer["estimates"]}
    rent = found["rent-withdrawal"]
    assert (rent["outcome"], rent["max_fen"], rent["next_on"]) == ("yes", 1_800_000, "2026-12-01")
    assert rent["supposed"] == ["单身", "本市没有住房"]
    assert [part["source"] for part in answer["supposed"]] == [
        "民政部门",
        "不动产登记",
        "人社部门",
        "公安户籍",
    ]
    assert found["purchase-withdrawal"]["outcome"] == "ask"
    assert found["purchase-withdrawal"]["asks"] == [
        {"name": "price_fen", "label": "您已经付的购房款", "value_fen": None}
    ]
    outcomes = [one["outcome"] for one in answer["estimates"]]
    assert outcomes == sorted(outcomes, key=["yes", "ask", "no"].index)
    assert {one["group"] for one in answer["estimates"]} == {"money"}
    assert world.sharing.asked == []
    assert rows_written(world, member) == before


def test_suppositions_and_figures_are_used(world: World, member: Member) -> None:
    """A home supposed: no rent, and the words do not speak for the register; 2,160.00 of property fee (F9)."""
    figures = {"property-fee-withdrawal": {"bill_fen": 216_000}}
    answer = post(world, member, "/trial/withdrawals", homes=1, figures=figures).json
    found = {one["code"]: one for one in answer["estimates"]}
    (reason,) = found["rent-withdrawal"]["reasons"]
    assert (reason["code"], reason["supposed"]) == ("rent.owns_home", True)
    assert reason["text"].startswith("按您选的情况")
    assert "不动产登记显示" not in reason["text"]
    fee = found["property-fee-withdrawal"]
    assert (fee["outcome"], fee["max_fen"]) == ("yes", 216_000)


@pytest.mark.parametrize(
    ("form", "status", "code", "field"),
    [
        ({"homes": -1}, 422, "field.invalid", "homes"),
        ({"homes": 10}, 422, "field.invalid", "homes"),
        ({"homes": "1"}, 400, "field.type", "homes"),
        ({"homes": 1.0}, 400, "field.type", "homes"),
        ({"married": "yes"}, 400, "field.type", "married"),
        ({"married": 1}, 400, "field.type", "married"),
        ({"work": "rich"}, 422, "field.invalid", "work"),
        ({"figures": {"no-such-item": {}}}, 422, "field.invalid", "figures"),
        ({"figures": {"contribution-certificate": {}}}, 422, "field.invalid", "figures"),
        ({"figures": {"rent-withdrawal": {"amount_fen": 1}}}, 422, "field.invalid", "figures"),
        ({"figures": {"purchase-withdrawal": {"price_fen": 0}}}, 422, "field.invalid", "figures"),
        ({"figures": {"purchase-withdrawal": {"price_fen": -1}}}, 422, "field.invalid", "figures"),
        ({"figures": {"purchase-withdrawal": {"price_fen": 10**15}}}, 422, "field.invalid", "figures"),
        ({"salary": 1}, 400, "field.unknown", "salary"),
    ],
)
def test_bad_suppositions(
    world: World, member: Member, form: dict[str, Any], status: int, code: str, field: str
) -> None:
    assert problem(post(world, member, "/trial/withdrawals", **form), status, code)["field"] == field


def test_figures_of_another_type_are_refused(world: World, member: Member) -> None:
    for value in (1.5, "100", True, None, [1]):
        figures = {"purchase-withdrawal": {"price_fen": value}}
        problem(post(world, member, "/trial/withdrawals", figures=figures), 400)


def test_items_say_why_not_today_and_ask_nobody(world: World, member: Member) -> None:
    """After a rent withdrawal in November: not before 1 December; leaving needs a sealed account, which has no date."""
    world.confirm(member, world.submit(member))
    world.sharing.asked.clear()
    found = {one["code"]: one for one in get(world, member, "/items")["items"]}
    rent, leaving = found["rent-withdrawal"], found["leaving-withdrawal"]
    assert not rent["usable"]
    assert rent["why"] == "您有一笔提取还没有办完"
    assert (leaving["usable"], leaving["next_on"]) == (False, None)
    assert leaving["why"]
    assert found["contribution-certificate"] | {"summary": ""} == {
        "code": "contribution-certificate",
        "name_zh": "缴存证明",
        "group": "proof",
        "summary": "",
        "kind": "certificate",
        "usable": True,
        "why": None,
        "next_on": None,
    }
    one = get(world, member, "/items/rent-withdrawal")
    assert (one["usable"], one["why"]) == (False, rent["why"])
    assert world.sharing.asked == []


def test_two_months_are_too_few_until_december(world: World) -> None:
    """Two months up to 2026-10 are one short of three: the first of next month."""
    found = get(world, world.member(months=2), "/items")["items"]
    rent = next(one for one in found if one["code"] == "rent-withdrawal")
    assert (rent["usable"], rent["next_on"]) == (False, "2026-12-01")


def test_terms_of_loans(world: World, member: Member) -> None:
    """Domain facts §4.2 and §4.4."""
    terms = get(world, member, "/trial/loan/terms")
    assert (terms["max_months"], terms["min_months"], terms["paid_months"]) == (360, 6, 28)
    assert [cap["cap_fen"] for cap in terms["caps"]] == [80_000_000, 100_000_000, 120_000_000]
    rates = [(one["from_on"], one["first_short"], one["first_long"]) for one in terms["rates"]]
    assert rates == [
        ("2025-05-08", "2.10%", "2.60%"),
        ("2024-05-18", "2.35%", "2.85%"),
        ("2022-10-01", "2.60%", "3.10%"),
        ("2015-08-26", "2.75%", "3.25%"),
    ]
    assert [one["second_long"] for one in terms["rates"]] == ["3.075%", "3.325%", "3.575%", "3.575%"]
    assert [one["assumed"] for one in terms["rates"]] == [False, False, True, True]


def test_a_year_of_the_trial_and_the_other_way(world: World, member: Member) -> None:
    """§4.3: 500,000 at 2.10 % for 60 months: 8,785.77, interest 27,146.27, last 8,785.84; first interest 875.00."""
    form = {"amount_fen": 50_000_000, "months": 60}
    answer = post(world, member, "/trial/loan", **form, plan_year=5).json
    assert (answer["first_fen"], answer["total_interest_fen"], answer["last_fen"]) == (
        878_577,
        2_714_627,
        878_584,
    )
    assert (answer["rate_text"], answer["rate_from"]) == ("2.10%", "2025-05-08")
    assert [row["no"] for row in answer["instalments"]] == list(range(49, 61))
    assert answer["instalments"][-1]["balance_after_fen"] == 0
    # By equal principal the first is 500,000/60 + 875.00 = 8,333.33 + 875.00.
    assert (answer["other_method"], answer["other_first_fen"]) == ("02", 833_333 + 87_500)
    assert sum(year["interest_fen"] for year in answer["other_years"]) == answer["other_total_interest_fen"]
    assert post(world, member, "/trial/loan", **form, plan_year=6).json["instalments"] == []
    problem(post(world, member, "/trial/loan", **form, plan_year=0), 422, "field.invalid")


def test_the_most_one_could_borrow(world: World, member: Member) -> None:
    """15 % down of 850,000 leaves 722,500, to the thousand 722,000; the part of the income is marked as assumed."""
    form = {"price_fen": 85_000_000, "income_fen": 1_000_000, "months": 240}
    answer = post(world, member, "/trial/borrowing", **form).json
    assert answer["most_fen"] == 72_200_000
    limits = {one["code"]: one for one in answer["limits"]}
    assert [code for code, one in limits.items() if one["decides"]] == ["price"]
    assert (limits["price"]["assumed"], limits["income"]["assumed"]) == (False, True)
    assert answer["waits_text"] is None
    # 800,000 cost 4,278.30 a month (§4.3): 722,000 cost 722/800 of it, 3,861.17.
    assert answer["loan"]["first_fen"] == pytest.approx(386_117, abs=1)
    too_new = world.member(months=2)
    waits = post(world, too_new, "/trial/borrowing", **form).json["waits_text"]
    assert "6 个月" in waits
    assert "2027 年 3 月" in waits


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"price_fen": 0}, 422, "field.invalid"),
        ({"price_fen": "850000"}, 400, "field.type"),
        ({"income_fen": -1}, 422, "field.invalid"),
        ({"months": 361}, 422, "trial.term_over"),
        ({"months": 11}, 422, "field.invalid"),
        ({"household": "king"}, 422, "field.invalid"),
        ({"withdrawn_fen": -1}, 422, "field.invalid"),
        ({"balance_fen": 1}, 400, "field.unknown"),
    ],
)
def test_bad_wishes(world: World, member: Member, change: dict[str, Any], status: int, code: str) -> None:
    form = {"price_fen": 85_000_000, "income_fen": 1_000_000, "months": 240} | change
    problem(post(world, member, "/trial/borrowing", **form), status, code)


def test_a_prepayment_tried_both_ways(world: World, member: Member) -> None:
    """100,000.00 at 2.10 % for a year, drawn on 2026-10-20, one instalment paid; 20,000.00 on 2026-11-23.

    Three days of 2.10 %: 20,000 ÷ (1 + 0.00175 × 3/30) = 19,996.50, interest 3.50. Left 91,746.57 − 19,996.50 = 71,750.07.
    At 8,428.43 a month: 71,750.07 ÷ 8,428.43 > 8, so 9 instalments instead of 11; the lower one for 11 months is about
    8,428.43 × 71,750.07/91,746.57 = 6,591.41.
    """
    loan_id = lend(world, member, drawn_on="2026-10-20", months=12, principal_fen=10_000_000)
    answer = post(world, member, f"/loans/{loan_id}/trial-prepayment", amount_fen=2_000_000).json
    assert (answer["principal_fen"], answer["interest_fen"]) == (1_999_650, 350)
    assert answer["balance_after_fen"] == 7_175_007
    shorter, lower = answer["ways"]
    assert (shorter["change"], shorter["months_before"], shorter["months_after"]) == ("term", 11, 9)
    assert (shorter["instalment_before_fen"], shorter["instalment_after_fen"]) == (842_843, 842_843)
    assert (lower["change"], lower["months_after"], lower["last_due_after"]) == (
        "instalment",
        11,
        "2027-10-20",
    )
    assert lower["instalment_after_fen"] == pytest.approx(659_141, abs=60)
    assert shorter["saved_fen"] > lower["saved_fen"] > 0
    assert get(world, member, f"/loans/{loan_id}")["balance_fen"] == 9_174_657  # nothing has moved


def test_prepayments_that_cannot_be_tried(world: World, member: Member) -> None:
    loan_id = lend(world, member, drawn_on="2026-10-20", months=12, principal_fen=10_000_000)
    path = f"/loans/{loan_id}/trial-prepayment"
    problem(post(world, member, path, amount_fen=999_999), 422, "trial.prepay_under")
    problem(post(world, member, path, amount_fen=9_500_000), 409, "loan.prepayment_settles")
    problem(post(world, member, path, amount_fen=0), 422, "field.invalid")
    problem(post(world, member, path, amount_fen="2000000"), 400, "field.type")
    for stranger_or_none in (loan_id, uuid4(), "x"):
        other = world.member()
        path = f"/loans/{stranger_or_none}/trial-prepayment"
        problem(post(world, other, path, amount_fen=2_000_000), 404, "request.not_found")
