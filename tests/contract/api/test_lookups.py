"""Postings by year and kind, plans by the page, statements by month to the fen of the ledger."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.accounts.settlement_interest import post_closing_interest
from services.contributions.statements import by_month
from services.core.db import transaction
from services.ledger.queries import MonthTotal
from tests.contract.api.reading import problem
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

API = "/api/v1"
KINDS = ["contribution", "interest", "withdrawal_hold", "withdrawal_return", "loan_offset", "opening"]
SUMS = ("contributed_fen", "interest_fen", "withdrawn_fen", "loan_fen", "other_fen")


def get(world: World, member: Member, path: str) -> Any:
    """The answer of a path that is there."""
    answer = world.client().get(API + path, headers=member.bearer)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_postings_of_a_year_and_of_a_kind(world: World, member: Member) -> None:
    """28 months up to 2026-10: ten of 2026, twelve of 2025, six of 2024; and one withdrawal."""
    world.approved(member)

    def count(query: str) -> int:
        return len(get(world, member, f"/account/postings?limit=100&{query}")["postings"])

    assert [count(f"year={year}&kind=contribution") for year in (2023, 2024, 2025, 2026)] == [0, 6, 12, 10]
    assert [
        count(f"kind={kind}") for kind in ("contribution", "withdrawal", "interest", "loan", "other")
    ] == [
        28,
        1,
        0,
        0,
        0,
    ]
    assert [count(f"year={year}") for year in (2025, 2026)] == [12, 11]
    assert count("") == 29


def test_filtered_postings_go_on_where_the_page_ended(world: World, member: Member) -> None:
    world.approved(member)
    first = get(world, member, "/account/postings?year=2025&kind=contribution&limit=5")
    rest = get(
        world, member, f"/account/postings?year=2025&kind=contribution&limit=20&before={first['next_before']}"
    )
    days = [row["on"] for row in first["postings"] + rest["postings"]]
    assert len(days) == len(set(days)) == 12
    assert days == sorted(days, reverse=True)
    assert rest["next_before"] is None


def test_a_plan_of_360_by_the_page(world: World, member: Member) -> None:
    """600,000.00 from 2021-03-20: 68 instalments up to 2026-11-20 are paid, 292 are ahead; 31 calendar years."""
    loan_id = lend(world, member)
    path = f"/loans/{loan_id}/plan"
    page = get(world, member, f"{path}?open=true&limit=12")
    assert [row["no"] for row in page["instalments"]] == list(range(69, 81))
    assert page["next_after"] == 80
    following = get(world, member, f"{path}?open=true&limit=12&after=80")
    assert following["instalments"][0]["no"] == 81
    assert get(world, member, f"{path}?open=true&limit=12&after=348")["next_after"] is None
    whole = get(world, member, path)
    assert (len(whole["instalments"]), whole["next_after"]) == (360, None)
    years = whole["years"]
    assert years == page["years"]
    assert [years[0]["year"], years[-1]["year"], len(years)] == [2021, 2051, 31]
    assert sum(year["principal_fen"] for year in years) == 60_000_000
    paid = [row["amount_fen"] for row in whole["instalments"] if row["state"] == "paid"]
    assert (len(paid), sum(year["paid_fen"] for year in years)) == (68, sum(paid))


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=481", "limit=0", "limit=481", "limit=1e2"])
def test_bad_pages_of_a_plan(world: World, member: Member, query: str) -> None:
    loan_id = lend(world, member, drawn_on="2026-10-20", months=12)
    answer = world.client().get(f"{API}/loans/{loan_id}/plan?{query}", headers=member.bearer)
    problem(answer, 422, "field.invalid")


def ledger_sums(world: World, member: Member, first: str, last: str) -> dict[str, int]:
    """What the member's fund (201) changed by in each month, straight from the postings."""
    statement = text(
        "SELECT to_char(j.accounting_on, 'YYYY-MM') AS month, -sum(p.fen) AS fen FROM posting p JOIN journal j"
        " USING (account_id, journal_id) WHERE p.account_id = :a AND p.gl_code = '201'"
        " AND j.accounting_on BETWEEN :first AND :last GROUP BY 1"
    )
    with transaction(world.sessions) as session:
        rows = session.execute(statement, {"a": member.account_id, "first": first, "last": last})
        return {row.month: int(row.fen) for row in rows}


def test_statements_equal_the_ledger_to_the_fen(world: World, member: Member) -> None:
    """Every year there is one of: each month is what was posted in it, and one year ends where the next begins."""
    world.approved(member)
    with transaction(world.sessions) as session:
        post_closing_interest(session, world.product.policies, member.account_id, world.clock.now())
    years = get(world, member, "/statements")["years"]
    assert years[0] == 2027
    found = [get(world, member, f"/statements/{year}") for year in reversed(years)]
    for one in found:
        posted = ledger_sums(world, member, f"{one['year'] - 1}-07-01", one["to_on"])
        shown = {month["month"]: sum(month[name] for name in SUMS) for month in one["months"]}
        assert {month: fen for month, fen in shown.items() if fen} == posted
        assert all(sum(month[name] for month in one["months"]) == one[name] for name in SUMS)
        assert one["months"][-1]["closing_fen"] == one["closing_fen"]
        assert one["opening_fen"] + sum(one[name] for name in SUMS) == one["closing_fen"]
    assert all(a["closing_fen"] == b["opening_fen"] for a, b in pairwise(found))
    assert found[-1]["closing_fen"] == world.balance(member)[0]
    november = found[-1]["months"][-1]
    assert (november["month"], november["withdrawn_fen"]) == ("2026-11", -300_000)


def test_a_statement_as_a_file(world: World, member: Member) -> None:
    answer = world.client().get(f"{API}/statements/2026/pdf", headers=member.bearer)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert member.person.id_no.encode() not in answer.data
    problem(world.client().get(f"{API}/statements/2014/pdf", headers=member.bearer), 404, "statement.none")
    problem(world.client().get(f"{API}/statements/2026/pdf"), 401)


months = st.dates(date(2025, 7, 1), date(2026, 6, 30)).map(lambda day: day.replace(day=1))
totals = st.lists(
    st.builds(MonthTotal, months, st.sampled_from(KINDS), st.integers(-(10**9), 10**9)), max_size=40
)


@given(opening=st.integers(0, 10**10), moved=totals)
def test_months_lose_nothing_and_name_every_month(opening: int, moved: list[MonthTotal]) -> None:
    """Whatever was posted, the twelve months hold all of it, each in its own month, and the last ends at the sum."""
    rows = by_month(opening, moved, date(2025, 7, 1), date(2026, 6, 30))
    assert [row.month.month for row in rows] == [7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]
    assert rows[-1].closing_fen == opening + sum(total.amount_fen for total in moved)
    for row in rows:
        posted = sum(total.amount_fen for total in moved if total.month == row.month)
        assert sum(getattr(row, name) for name in SUMS) == posted
    assert sum(row.interest_fen for row in rows) == sum(t.amount_fen for t in moved if t.kind == "interest")
