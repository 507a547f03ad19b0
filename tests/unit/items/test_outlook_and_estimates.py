"""Why an item cannot be used today by our own books, and what it might bring by what the member supposes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import ROOT
from services.items.declaration import Item
from services.items.estimating import Estimate, Supposed, estimate
from services.items.facts import SHARED, Facts, UsageFacts
from services.items.outlook import OPEN, outlook
from services.items.registry import load_registry
from services.policies.rules import policy_on
from services.policies.service import shipped_figures

REGISTRY = load_registry()
FIGURES = shipped_figures(ROOT / "config" / "policies")
WITH_AMOUNT = [item for item in REGISTRY if item.amount is not None]
DRAWN = [item for item in WITH_AMOUNT if item.group == "money"]
NOTHING = Supposed()


def own(item: Item, **account: Any) -> Facts:
    """The member's own facts of an accepted example: nothing from outside, nothing noted as missing."""
    facts = next(example.facts for example in item.examples if example.allowed)
    bare = replace(facts, **{fact.value: None for fact in SHARED}, sources=())
    return replace(bare, account=replace(bare.account, **account))


def guess(code: str, facts: Facts | None = None, supposed: Supposed = NOTHING, **figures: int) -> Estimate:
    """An estimate of one item."""
    item = REGISTRY.get(code)
    facts = facts or own(item)
    return estimate(
        item, facts, supposed, REGISTRY.partial_form(item)(**figures), policy_on(facts.today, FIGURES)
    )


@pytest.mark.parametrize("item", list(REGISTRY), ids=lambda item: item.code)
def test_what_nobody_was_asked_about_never_closes_an_item(item: Item) -> None:
    """With own facts that were accepted, an item is open: what departments would say is not held against it."""
    facts = own(item)
    assert outlook(item, facts, REGISTRY.partial_form(item)(), policy_on(facts.today, FIGURES)) == OPEN


@pytest.mark.parametrize("item", WITH_AMOUNT, ids=lambda item: item.code)
def test_the_member_s_own_record_closes_it(item: Item) -> None:
    """A closed account is the member's own fact, whatever departments would say."""
    facts = own(item, state="05", state_text="提取销户")
    found = outlook(item, facts, REGISTRY.partial_form(item)(), policy_on(facts.today, FIGURES))
    assert not found.usable
    assert found.why == "您的账户现在是“提取销户”状态，不能提取"
    assert found.next_on is None


def test_a_dated_no_says_from_when() -> None:
    """Rent, drawn this month already: the first day of the next month."""
    item = REGISTRY.get("rent-withdrawal")
    facts = replace(own(item), usage=UsageFacts(300_000, 1, 1, 0, False))
    found = outlook(item, facts, REGISTRY.partial_form(item)(), policy_on(facts.today, FIGURES))
    assert (found.why, found.next_on) == ("本月已经提过一次", date(2026, 12, 1))


def test_rent_supposed_single_without_a_home() -> None:
    """F5 of §3.2: min(56,000 − 100, 18,000) = 18,000, next on the first of the next month."""
    found = guess("rent-withdrawal")
    assert found.amount is not None
    assert (found.outcome, found.amount.max_fen, found.next_on) == ("yes", 1_800_000, date(2026, 12, 1))


def test_rent_with_a_supposed_home_is_a_no_that_says_it_was_supposed() -> None:
    found = guess("rent-withdrawal", supposed=Supposed(homes=1))
    assert [(no.refusal.code, no.supposed) for no in found.noes] == [("rent.owns_home", True)]
    assert (found.outcome, found.amount) == ("no", None)


def test_an_own_fact_is_not_called_supposed() -> None:
    """Too few months is in our own books; the supposed home is not."""
    facts = own(REGISTRY.get("rent-withdrawal"))
    assert facts.contributions is not None
    short = replace(facts, contributions=replace(facts.contributions, continuous_months=2))
    found = guess("rent-withdrawal", short, Supposed(homes=1))
    assert {no.refusal.code: no.supposed for no in found.noes} == {
        "rent.months_short": False,
        "rent.owns_home": True,
    }
    assert found.next_on is None  # the home has no date


def test_a_figure_only_the_member_knows_is_asked_for_and_used() -> None:
    """Purchase: without the sum paid a ceiling; with 30,000.00 paid, 30,000.00 of the 32,000.00 there are."""
    asked = guess("purchase-withdrawal")
    assert (asked.outcome, asked.asks) == ("ask", ("price_fen",))
    given_sum = guess("purchase-withdrawal", price_fen=3_000_000)
    assert given_sum.amount is not None
    assert (given_sum.outcome, given_sum.amount.max_fen) == ("yes", 3_000_000)


def test_property_fee_needs_a_supposed_home_and_the_bill() -> None:
    """F9: min(bill 2,160, 3,000 a household and year)."""
    assert guess("property-fee-withdrawal").outcome == "no"
    found = guess("property-fee-withdrawal", supposed=Supposed(homes=1), bill_fen=216_000)
    assert found.amount is not None
    assert (found.outcome, found.amount.max_fen) == ("yes", 216_000)
    capped = guess("property-fee-withdrawal", supposed=Supposed(homes=1), bill_fen=500_000)
    assert capped.amount is not None
    assert capped.amount.max_fen == 300_000


def test_retirement_pays_all_with_interest_once_supposed() -> None:
    """F6: 32,000.00 + 194.67."""
    assert guess("retirement-withdrawal").outcome == "no"
    found = guess("retirement-withdrawal", supposed=Supposed(work="retired"))
    assert found.amount is not None
    assert (found.outcome, found.amount.max_fen) == ("yes", 3_219_467)


@settings(max_examples=40)
@given(
    married=st.booleans(),
    homes=st.integers(0, 3),
    work=st.sampled_from(["employed", "unemployed", "retired"]),
    local=st.booleans(),
    balance_fen=st.integers(0, 10**9),
)
def test_no_supposition_brings_more_than_there_is(
    married: bool, homes: int, work: Any, local: bool, balance_fen: int
) -> None:
    """What leaves the account is never more than the balance and the interest of a closing; a no has no amount."""
    for item in DRAWN:
        facts = own(item, balance_fen=balance_fen)
        found = guess(item.code, facts, Supposed(married, homes, work, local))
        interest = facts.closing.interest_fen if facts.closing else 0
        assert (found.amount is None) == (found.outcome == "no")
        assert found.amount is None or 0 <= found.amount.max_fen <= balance_fen + interest
