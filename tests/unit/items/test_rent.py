"""租房提取 by 株金管委〔2026〕4号 and the national rule; every expected amount worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.items.catalog.rent_withdrawal import _FACTS, _FORM, ITEM
from services.items.facts import ContributionFacts, Facts, UsageFacts
from services.items.judging import judge
from tests.unit.items.test_every_item import policy


def with_account(facts: Facts, **changes: object) -> Facts:
    """Other account figures."""
    return replace(facts, account=replace(facts.account, **changes))  # type: ignore[arg-type]


def used(year_fen: int = 0, year: int = 0, month: int = 0, today_fen: int = 0) -> UsageFacts:
    """What was drawn."""
    return UsageFacts(year_fen, year, month, today_fen, in_flight=False)


def most(facts: Facts) -> int:
    """The quote's amount."""
    amount = judge(ITEM, facts, ITEM.form.model_validate(_FORM), policy(facts.today)).amount
    assert amount is not None
    return amount.max_fen


def refusals(facts: Facts) -> list[str]:
    """Codes."""
    quote = judge(ITEM, facts, ITEM.form.model_validate(_FORM), policy(facts.today))
    return [refusal.code for refusal in quote.refusals]


@pytest.mark.parametrize(
    ("facts", "fen"),
    [
        (_FACTS, 1_800_000),  # 56,000.00 there, the year's 18,000.00 decide
        (replace(_FACTS, today=date(2026, 4, 30)), 1_500_000),  # the old cap
        (with_account(_FACTS, balance_fen=500_000), 490_000),  # 5,000.00 − 100.00
        (with_account(_FACTS, balance_fen=1_810_001), 1_800_000),
        (with_account(_FACTS, balance_fen=1_810_000), 1_800_000),
        (with_account(_FACTS, balance_fen=1_809_999), 1_799_999),
        (with_account(_FACTS, balance_fen=500_000, frozen_fen=200_000), 290_000),
        (with_account(_FACTS, balance_fen=10_000), 0),
        (with_account(_FACTS, balance_fen=10_001), 1),
        (with_account(_FACTS, balance_fen=500_000, frozen_fen=600_000), 0),
        (replace(_FACTS, usage=used(year_fen=1_500_000)), 300_000),
        (replace(_FACTS, usage=used(year_fen=1_799_999)), 1),
        (replace(_FACTS, usage=used(year_fen=2_000_000)), 0),
        (replace(_FACTS, usage=used(today_fen=9_900_000)), 100_000),  # 100,000.00 a day
        (with_account(_FACTS, held_fen=300_000), 1_800_000),  # holds are off the balance already
    ],
)
def test_how_much(facts: Facts, fen: int) -> None:
    assert most(facts) == fen


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (_FACTS, []),
        (replace(_FACTS, contributions=ContributionFacts(3, "2026-08", "2026-10")), []),
        (replace(_FACTS, contributions=ContributionFacts(2, "2026-09", "2026-10")), ["rent.months_short"]),
        (replace(_FACTS, usage=used(month=1)), ["rent.month_used"]),
        (replace(_FACTS, usage=used(year=12)), ["rent.times_used"]),
        (replace(_FACTS, usage=used(year=11)), []),
        (replace(_FACTS, usage=used(year_fen=1_800_000)), ["rent.cap_used"]),
        (replace(_FACTS, usage=used(today_fen=10_000_000)), ["withdrawal.day_limit_used"]),
        (with_account(_FACTS, balance_fen=10_000), ["withdrawal.nothing_available"]),
        (with_account(_FACTS, state="06", state_text="冻结"), ["account.not_usable"]),
        (with_account(_FACTS, state="02", state_text="封存"), []),
        (
            replace(with_account(_FACTS, balance_fen=0), usage=used(month=1, year=12, year_fen=1_800_000)),
            ["rent.month_used", "rent.times_used", "rent.cap_used", "withdrawal.nothing_available"],
        ),
    ],
)
def test_every_reason_is_named_at_once(facts: Facts, codes: list[str]) -> None:
    assert refusals(facts) == codes


@pytest.mark.parametrize(
    ("today", "months", "next_on"),
    [
        (date(2026, 11, 23), 2, date(2026, 12, 1)),
        (date(2026, 11, 23), 0, date(2027, 2, 1)),
        (date(2026, 12, 31), 2, date(2027, 1, 1)),
    ],
)
def test_it_says_when_the_months_will_be_enough(today: date, months: int, next_on: date) -> None:
    facts = replace(_FACTS, today=today, contributions=ContributionFacts(months, None, None))
    quote = judge(ITEM, facts, ITEM.form.model_validate(_FORM), policy(today))
    assert [refusal.next_on for refusal in quote.refusals] == [next_on]


@pytest.mark.parametrize(
    ("today", "next_on"), [(date(2026, 11, 30), date(2026, 12, 1)), (date(2026, 12, 1), date(2027, 1, 1))]
)
def test_the_next_month_begins_on_its_first(today: date, next_on: date) -> None:
    facts = replace(_FACTS, today=today, usage=used(month=1))
    quote = judge(ITEM, facts, ITEM.form.model_validate(_FORM), policy(today))
    assert [refusal.next_on for refusal in quote.refusals] == [next_on]
    assert f"{next_on.month} 月 1 日" in quote.refusals[0].text
