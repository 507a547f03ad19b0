"""The same application on two dates, and a stored decision judged again: figures and articles are those of the day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.applications.models import Application
from services.items.catalog import (
    commercial_loan_withdrawal,
    leaving_withdrawal,
    property_fee_withdrawal,
    purchase_withdrawal,
    rent_withdrawal,
    retirement_withdrawal,
)
from services.items.declaration import Item
from services.items.example_facts import with_account, with_usage
from services.items.facts import Facts
from services.items.judging import Quote, judge, replay
from services.items.outside import HouseholdFacts
from services.policies.rules import Figure, policy_on
from tests.unit.items.test_every_item import FIGURES, policy

LEAVING = leaving_withdrawal.ITEM.form.model_validate(leaving_withdrawal._FORM)


def judged(item: Item, facts: Facts, form: dict[str, Any], on: date) -> Quote:
    """The decision of a day."""
    return judge(item, replace(facts, today=on), item.form.model_validate(form), policy(on))


@pytest.mark.parametrize(
    ("on", "most_fen"),
    [
        (date(2022, 4, 1), 1_500_000),
        (date(2026, 4, 30), 1_500_000),
        (date(2026, 5, 1), 1_800_000),
        (date(2026, 11, 23), 1_800_000),
    ],
)
def test_the_rent_cap_rose_on_the_first_of_may(on: date, most_fen: int) -> None:
    quote = judged(rent_withdrawal.ITEM, rent_withdrawal._FACTS, rent_withdrawal._FORM, on)
    assert quote.amount is not None
    assert quote.amount.max_fen == most_fen


REFUSED = [
    (
        retirement_withdrawal,
        replace(retirement_withdrawal._FACTS, social=leaving_withdrawal._FACTS.social),
        "第二十四条第一款第（二）项",
    ),
    (purchase_withdrawal, purchase_withdrawal._filed(paid_fen=0), "第二十四条第一款第（一）项"),
    (
        commercial_loan_withdrawal,
        commercial_loan_withdrawal._with_loan(own_home=False),
        "第二十四条第一款第（五）项",
    ),
]


@pytest.mark.parametrize(("module", "facts", "old"), REFUSED)
def test_refusals_quote_the_regulations_of_the_day(module: Any, facts: Facts, old: str) -> None:
    """Decree 844 of the State Council is in force from 2026-09-20."""
    before = judged(module.ITEM, facts, module._FORM, date(2026, 9, 19)).refusals[0]
    after = judged(module.ITEM, facts, module._FORM, date(2026, 9, 20)).refusals[0]
    assert before.code == after.code
    assert old in before.article
    assert "844" not in before.article
    assert "国务院令第844号" in after.article
    assert "第二十四条" not in after.article


@pytest.mark.parametrize(
    "module", [rent_withdrawal, purchase_withdrawal, commercial_loan_withdrawal, retirement_withdrawal]
)
def test_the_page_shows_the_regulations_of_the_day(module: Any) -> None:
    def articles(on: date) -> str:
        return " ".join(basis.article for basis in module.ITEM.legal_basis if basis.holds_on(on))

    assert "第二十四条" in articles(date(2026, 9, 19))
    assert "844" not in articles(date(2026, 9, 19))
    assert "844" in articles(date(2026, 9, 20))
    assert "第二十四条" not in articles(date(2026, 9, 20))


@pytest.mark.parametrize(
    ("on", "there"),
    [
        (date(2026, 4, 30), False),
        (date(2026, 5, 1), True),
        (date(2028, 4, 30), True),
        (date(2028, 5, 1), False),
    ],
)
def test_property_fees_are_there_for_two_years(on: date, there: bool) -> None:
    assert property_fee_withdrawal.ITEM.exists_on(on) is there


def stored(quote: Quote, form: dict[str, Any]) -> Application:
    """The decision as its row holds it, through JSON."""
    return Application(
        facts=json.loads(json.dumps(quote.facts.to_json())),
        quote=json.loads(json.dumps(quote.to_json())),
        policy_version=quote.policy.version,
        form=form,
    )


def test_a_decision_of_2022_replays_the_same_and_today_gives_today_s() -> None:
    on, form = date(2022, 4, 20), rent_withdrawal._FORM
    facts = with_usage(rent_withdrawal._FACTS, year_fen=1_500_000, year_count=5)
    then = judged(rent_withdrawal.ITEM, facts, form, on)
    assert [refusal.code for refusal in then.refusals] == ["rent.cap_used"]
    row = stored(then, form)
    again = replay(rent_withdrawal.ITEM, row, rent_withdrawal.ITEM.form.model_validate(form))
    assert again.to_json() == then.to_json()
    assert again.policy.version == row.policy_version
    now = judge(
        rent_withdrawal.ITEM,
        again.facts,
        rent_withdrawal.ITEM.form.model_validate(form),
        policy(date(2026, 11, 23)),
    )
    assert now.allowed
    assert now.amount is not None
    assert now.amount.max_fen == 300_000  # 18,000.00 − 15,000.00


def test_a_replay_does_not_need_the_table_of_figures() -> None:
    """Figures of that day may be corrected or added to later; what was decided then rests on what was known then."""
    form = purchase_withdrawal._FORM
    then = judged(purchase_withdrawal.ITEM, purchase_withdrawal._FACTS, form, date(2026, 11, 23))
    corrected = [*FIGURES, Figure("purchase.gap_months", date(2026, 11, 1), 99)]
    assert policy_on(date(2026, 11, 23), corrected).version != then.policy.version
    again = replay(
        purchase_withdrawal.ITEM, stored(then, form), purchase_withdrawal.ITEM.form.model_validate(form)
    )
    assert again.to_json() == then.to_json()
    assert again.figures == then.figures


@pytest.mark.parametrize(
    ("local", "sealed_on", "allowed"),
    [
        (True, "2024-11-23", True),
        (True, "2024-11-24", False),
        (False, "2026-05-23", True),
        (False, "2026-05-24", False),
    ],
)
def test_who_leaves_waits_as_long_as_their_household_register_says(
    local: bool, sealed_on: str, allowed: bool
) -> None:
    """With 24 months for locals and 6 for others, as in some cities; a parameter of each."""
    figures = policy_on(
        date(2026, 11, 23), [*FIGURES, Figure("leaving.wait_months_local", date(2026, 11, 1), 24)]
    )
    facts = replace(leaving_withdrawal._FACTS, household=HouseholdFacts(local))
    quote = judge(
        leaving_withdrawal.ITEM,
        with_account(facts, sealed_on=sealed_on),
        LEAVING,
        figures,
    )
    assert quote.allowed is allowed
    assert leaving_withdrawal.spares(facts, LEAVING, figures) == frozenset()


def test_the_household_register_is_left_alone_while_the_wait_is_the_same() -> None:
    figures = policy(date(2026, 11, 23))
    assert leaving_withdrawal.spares(leaving_withdrawal._FACTS, LEAVING, figures) == frozenset({"household"})
