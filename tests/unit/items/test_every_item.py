"""What holds for every item 事项, whichever comes next."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from config.settings import ROOT
from services.items.declaration import Approval, Example, Item, Verification
from services.items.facts import (
    SHARED,
    AccountFacts,
    ClosingFacts,
    ContributionFacts,
    Fact,
    Facts,
    KeyUsage,
    LoanFacts,
    PhoneFacts,
    SourceNote,
    UsageFacts,
    facts_from_json,
)
from services.items.fund_loans import EXAMPLE_LOAN
from services.items.judging import judge
from services.items.outside import (
    CardCheckFacts,
    Deed,
    DeedFacts,
    ElevatorFacts,
    ElevatorFiling,
    HomeLoan,
    HomeLoanFacts,
    House,
    HouseholdFacts,
    MarriageFacts,
    PropertyBill,
    PropertyBillFacts,
    PropertyFacts,
    Purchase,
    PurchaseFacts,
    SocialFacts,
)
from services.items.registry import load_registry
from services.policies.rules import Policy, policy_on
from services.policies.service import shipped_figures

ITEMS = list(load_registry())
WITHDRAWALS = [item for item in ITEMS if item.kind == "withdrawal"]
EXAMPLES = [(item, example) for item in ITEMS for example in item.examples]


WIDGETS = ("amount", "card", "choice", "date", "phone-code", "text", "yuan", "hidden")
FIGURES = shipped_figures(ROOT / "config" / "policies")


def policy(day: date) -> Policy:
    """The shipped figures of a day."""
    return policy_on(day, FIGURES)


def by_code(item: Item) -> str:
    """Name of a test."""
    return item.code


def chinese(text: str) -> bool:
    """Whether a text is for members."""
    return any("\u4e00" <= char <= "\u9fff" for char in text)


@pytest.mark.parametrize(
    ("item", "example"), EXAMPLES, ids=[f"{item.code}: {example.title}" for item, example in EXAMPLES]
)
def test_an_example_is_decided_as_it_says(item: Item, example: Example) -> None:
    quote = judge(item, example.facts, item.form.model_validate(example.form), policy(example.facts.today))
    assert quote.allowed is example.allowed
    if example.max_fen is not None:
        assert quote.amount is not None
        assert quote.amount.max_fen == example.max_fen
    if example.refusal is not None:
        assert example.refusal in [refusal.code for refusal in quote.refusals]
    if example.approval is not None:
        assert quote.approval is example.approval


@pytest.mark.parametrize(
    ("item", "example"),
    [(item, example) for item, example in EXAMPLES if not example.allowed],
    ids=[f"{item.code}: {example.title}" for item, example in EXAMPLES if not example.allowed],
)
def test_a_refusal_explains_itself(item: Item, example: Example) -> None:
    """Rule, article, the fact used and its source, what would change it, and where to turn."""
    form = item.form.model_validate(example.form)
    for refusal in judge(item, example.facts, form, policy(example.facts.today)).refusals:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", refusal.code)
        shown = refusal.to_json()
        for field in ("rule", "article", "fact", "source", "change", "text", "turn_to"):
            assert chinese(shown[field]), field
        assert "12329" in refusal.turn_to
        assert refusal.next_on is None or refusal.next_on > example.facts.today
        json.dumps(shown)


MONEY = st.integers(0, 10**11) | st.sampled_from([0, 1, 9_999, 10_000, 10_001, 1_800_000])
MONTH = st.none() | st.sampled_from(["2020-03", "2026-10", "2026-11"])
DAYS = st.dates(date(2022, 4, 1), date(2036, 12, 31))
ISO = DAYS.map(date.isoformat)
KEYS = st.sampled_from(["h1", "h2", "l1"])
LABEL = st.just("天元区示例路*号")
CITY = st.just("430200")


def several(one: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """At most two, in a tuple."""
    return st.lists(one, max_size=2).map(tuple)


def notes(status: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[SourceNote, ...]]:
    """Whether the departments answered."""
    each = [
        st.builds(
            SourceNote, st.just(fact.value), st.just("来源"), st.just("2026-11-23T09:00:00+08:00"), status
        )
        for fact in sorted(SHARED)
    ]
    return st.tuples(*each)


PURCHASES = st.builds(
    Purchase,
    KEYS,
    LABEL,
    st.sampled_from(["new", "second_hand"]),
    CITY,
    ISO,
    MONEY,
    MONEY,
    MONEY,
    st.integers(0, 100),
    st.booleans(),
    st.integers(0, 4),
)
FILINGS = st.builds(ElevatorFiling, KEYS, LABEL, st.none() | ISO, MONEY, MONEY, st.integers(0, 12_000))
HOME_LOANS = st.builds(
    HomeLoan,
    KEYS,
    LABEL,
    st.sampled_from(["commercial", "combined", "fund"]),
    st.booleans(),
    st.booleans(),
    MONEY,
    MONEY,
)
SHARED_LOAN = replace(EXAMPLE_LOAN, loan_id="shared", role="co_borrower")
LATE_LOAN = replace(EXAMPLE_LOAN, loan_id="late", state="overdue", overdue_principal_fen=112_000)
USAGE = st.builds(
    UsageFacts,
    MONEY,
    st.integers(0, 400),
    st.integers(0, 40),
    MONEY,
    st.booleans(),
    spouse_year_fen=MONEY,
    last_on=st.none() | ISO,
    last_by_item=st.dictionaries(st.sampled_from([item.code for item in ITEMS]), ISO, max_size=2),
    keyed=several(st.builds(KeyUsage, KEYS, MONEY, st.integers(0, 2), MONEY, MONEY, MONEY)),
)
FACTS = st.builds(
    Facts,
    today=DAYS,
    account=st.builds(
        AccountFacts,
        state=st.sampled_from(["01", "02", "03", "06", "99"]),
        state_text=st.just("正常"),
        balance_fen=MONEY,
        frozen_fen=MONEY,
        held_fen=MONEY,
        account_no=st.just("9920030100001"),
        employer=st.just("单位"),
        opened_on=st.just("2020-03-01"),
        contribution_base_fen=MONEY,
        monthly_contribution_fen=MONEY,
        sealed_on=st.none() | ISO,
    ),
    contributions=st.builds(ContributionFacts, st.integers(0, 600), MONTH, MONTH),
    usage=USAGE,
    loans=st.sampled_from([(), (EXAMPLE_LOAN,), (SHARED_LOAN, LATE_LOAN)]).map(LoanFacts),
    closing=st.builds(ClosingFacts, ISO, MONEY),
    phone=st.none() | st.builds(PhoneFacts, st.just("0001"), st.booleans(), st.booleans()),
    marriage=st.none()
    | st.builds(MarriageFacts, st.sampled_from(["10", "20", "21", "90", "", "x"]), st.integers(0, 3)),
    property=st.none()
    | several(st.builds(House, KEYS, LABEL, CITY, st.integers(0, 100))).map(
        lambda owned: PropertyFacts(len(owned), owned)
    ),
    card_check=st.none()
    | st.builds(
        CardCheckFacts,
        st.booleans(),
        st.none() | st.sampled_from(["holder_mismatch", "card_frozen", "something_new", ""]),
        st.just("105000"),
        st.just("建设银行"),
    ),
    purchase=st.none() | st.builds(PurchaseFacts, several(PURCHASES)),
    deed=st.none() | st.builds(DeedFacts, several(st.builds(Deed, KEYS, LABEL, CITY, ISO, MONEY))),
    social=st.none()
    | st.builds(
        SocialFacts, st.sampled_from(["employed", "unemployed", "retired"]), st.none() | ISO, st.booleans()
    ),
    elevator=st.none() | st.builds(ElevatorFacts, several(FILINGS)),
    home_loan=st.none() | st.builds(HomeLoanFacts, several(HOME_LOANS)),
    property_bill=st.none()
    | st.builds(
        PropertyBillFacts,
        several(st.builds(PropertyBill, KEYS, LABEL, st.integers(2022, 2036), MONEY, ISO)),
    ),
    household=st.none() | st.builds(HouseholdFacts, st.booleans()),
    sources=notes(st.sampled_from(["ok", "not_found", "unavailable"])),
)


def on_a_day_it_exists(item: Item, facts: Facts) -> Facts:
    """The same facts on a day the item is there; its figures begin with it."""
    day = facts.today if item.exists_on(facts.today) else item.effective_from or facts.today
    return replace(facts, today=day)


few = tuned(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def complete_form(item: Item) -> Any:
    """The form of the item's first example."""
    return item.form.model_validate(item.examples[0].form)


@pytest.mark.parametrize("item", ITEMS, ids=by_code)
@given(facts=FACTS)
@few
def test_no_facts_break_a_rule(item: Item, facts: Facts) -> None:
    """Whatever is true of a member, the item answers; and the answer is stored and replayed the same."""
    facts = on_a_day_it_exists(item, facts)
    quote = judge(item, facts, complete_form(item), policy(facts.today))
    assert quote.allowed is (not quote.refusals)
    stored = json.loads(json.dumps(facts.to_json()))
    again = facts_from_json(stored)
    assert again == facts
    replayed = judge(item, again, complete_form(item), policy(facts.today))
    assert json.dumps(replayed.to_json()) == json.dumps(quote.to_json())


@pytest.mark.parametrize("item", WITHDRAWALS, ids=by_code)
@given(facts=FACTS)
@few
def test_never_more_than_there_is_and_than_the_rules_leave(item: Item, facts: Facts) -> None:
    """0 ≤ amount ≤ balance − frozen − kept (with the interest where all is paid); parts and headline in words."""
    facts = on_a_day_it_exists(item, facts)
    figures = policy(facts.today)
    assert item.amount is not None
    assert item.keep_fen is not None
    amount = item.amount(facts, complete_form(item), figures)
    interest = facts.closing.interest_fen if facts.closing and Fact.CLOSING in item.needs else 0
    there = facts.account.balance_fen + interest - facts.account.frozen_fen - item.keep_fen(figures)
    assert 0 <= amount.max_fen <= max(0, there)
    assert amount.max_fen % figures.integer("withdrawal.precision_fen") == 0
    assert type(amount.max_fen) is int
    assert chinese(amount.headline)
    assert all(part.label and part.text and part.source for part in amount.parts)


@pytest.mark.parametrize("item", WITHDRAWALS, ids=by_code)
@given(facts=FACTS, amount_fen=st.integers(1, 10**9))
@few
def test_over_the_limits_of_a_case_or_a_day_a_person_looks(item: Item, facts: Facts, amount_fen: int) -> None:
    """单笔和单日限额, of money that leaves: a repayment of the member's own loan stays inside."""
    facts = on_a_day_it_exists(item, facts)
    figures = policy(facts.today)
    assert facts.usage is not None
    form = complete_form(item)
    if "amount_fen" in item.form.model_fields:
        form = form.model_copy(update={"amount_fen": amount_fen})
    quote = judge(item, facts, form, figures)
    assert quote.amount is not None
    asked = getattr(form, "amount_fen", quote.amount.max_fen)
    if not item.repays(form) and (asked > 5_000_000 or facts.usage.today_fen + asked > 10_000_000):
        assert quote.approval is Approval.REVIEW


@pytest.mark.parametrize("item", WITHDRAWALS, ids=by_code)
@given(facts=FACTS, more=st.integers(1, 10**9))
@few
def test_a_higher_balance_never_gives_less(item: Item, facts: Facts, more: int) -> None:
    assert item.amount is not None
    facts = on_a_day_it_exists(item, facts)
    figures, form = policy(facts.today), complete_form(item)
    richer = replace(facts, account=replace(facts.account, balance_fen=facts.account.balance_fen + more))
    frozen = replace(facts, account=replace(facts.account, frozen_fen=facts.account.frozen_fen + more))
    now = item.amount(facts, form, figures).max_fen
    assert item.amount(richer, form, figures).max_fen >= now
    assert item.amount(frozen, form, figures).max_fen <= now


@pytest.mark.parametrize("item", WITHDRAWALS, ids=by_code)
@given(facts=FACTS)
@few
def test_whoever_may_draw_has_something_to_draw(item: Item, facts: Facts) -> None:
    """An allowed quote of nothing would be a riddle."""
    facts = on_a_day_it_exists(item, facts)
    quote = judge(item, facts, complete_form(item), policy(facts.today))
    assert quote.amount is not None
    assert not quote.allowed or quote.amount.max_fen > 0


@pytest.mark.parametrize("item", ITEMS, ids=by_code)
@given(facts=FACTS)
@few
def test_missing_facts_are_never_decided_at_once(item: Item, facts: Facts) -> None:
    """Where a department did not answer, money waits for a person, and nothing else happens by itself."""
    facts = on_a_day_it_exists(item, facts)
    asked = {note.fact for note in facts.sources if note.status != "ok"} & {need.value for need in item.needs}
    quote = judge(item, facts, complete_form(item), policy(facts.today))
    if asked:
        assert not quote.allowed or quote.approval is Approval.REVIEW


@pytest.mark.parametrize("item", ITEMS, ids=by_code)
def test_the_form_can_be_shown_to_a_member(item: Item) -> None:
    schema = item.form.model_json_schema()
    assert schema["additionalProperties"] is False
    for name, field in schema["properties"].items():
        assert chinese(field["title"]), name
        assert field["x-widget"] in WIDGETS, name
        if field["x-widget"] == "choice" and "enum" in field:
            assert set(field["x-labels"]) == set(field["enum"])
    json.dumps(schema)


@pytest.mark.parametrize("item", ITEMS, ids=by_code)
def test_a_form_survives_being_stored(item: Item) -> None:
    form = complete_form(item)
    assert item.form.model_validate_json(form.model_dump_json()) == form


@pytest.mark.parametrize("item", ITEMS, ids=by_code)
def test_the_declaration_is_complete(item: Item) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", item.code)
    assert re.fullmatch(r"[0-9]{2}", item.module)
    for text in (item.name_zh, item.summary, item.sla_text, item.allowed_text):
        assert chinese(text)
    assert item.legal_basis
    assert all(chinese(basis.title) and basis.article and chinese(basis.text) for basis in item.legal_basis)
    if item.kind == "withdrawal":
        assert item.verification is Verification.FACE
    titles = [example.title for example in item.examples]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", ["code", "module", "name_zh"])
def test_items_can_be_told_apart(name: str) -> None:
    values: list[Callable[..., Any]] = [getattr(item, name) for item in ITEMS]
    assert len(set(values)) == len(values)
