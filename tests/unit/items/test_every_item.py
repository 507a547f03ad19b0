"""What holds for every item 事项, whichever comes next."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from config.settings import ROOT
from services.items.declaration import Approval, Example, Item, Verification
from services.items.judging import judge
from services.items.facts import (
    AccountFacts,
    CardCheckFacts,
    ContributionFacts,
    Facts,
    MarriageFacts,
    PropertyFacts,
    SourceNote,
    UsageFacts,
    facts_from_json,
)
from services.items.registry import load_registry
from services.policies.rules import Figure, Policy, policy_on

ITEMS = list(load_registry())
WITHDRAWALS = [item for item in ITEMS if item.kind == "withdrawal"]
EXAMPLES = [(item, example) for item in ITEMS for example in item.examples]


def _figures() -> list[Figure]:
    found = []
    for path in sorted(Path(ROOT / "config" / "policies").glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [Figure(f["key"], f.get("from", document["from"]), f["value"]) for f in document["figure"]]
    return found


FIGURES = _figures()


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


def notes(status: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[SourceNote, ...]]:
    """Whether the departments answered."""
    each = [
        st.builds(SourceNote, st.just(fact), st.just("来源"), st.just("2026-11-23T09:00:00+08:00"), status)
        for fact in ("marriage", "property", "card_check")
    ]
    return st.tuples(*each)


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
    ),
    contributions=st.builds(ContributionFacts, st.integers(0, 600), MONTH, MONTH),
    usage=st.builds(UsageFacts, MONEY, st.integers(0, 400), st.integers(0, 40), MONEY, st.booleans()),
    marriage=st.none() | st.builds(MarriageFacts, st.sampled_from(["10", "20", "21", "90", "", "x"])),
    property=st.none() | st.builds(PropertyFacts, st.integers(0, 9)),
    card_check=st.none()
    | st.builds(
        CardCheckFacts,
        st.booleans(),
        st.none() | st.sampled_from(["holder_mismatch", "card_frozen", "something_new", ""]),
        st.just("105000"),
        st.just("建设银行"),
    ),
    sources=notes(st.sampled_from(["ok", "not_found", "unavailable"])),
)
few = tuned(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def complete_form(item: Item) -> Any:
    """The form of the item's first example."""
    return item.form.model_validate(item.examples[0].form)


@pytest.mark.parametrize("item", ITEMS, ids=by_code)
@given(facts=FACTS)
@few
def test_no_facts_break_a_rule(item: Item, facts: Facts) -> None:
    """Whatever is true of a member, the item answers; and the answer is stored and replayed the same."""
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
    """0 ≤ amount ≤ balance − frozen − kept; within the limits of a case and a day; parts and headline in words."""
    figures = policy(facts.today)
    assert item.amount is not None
    assert item.keep_fen is not None
    assert facts.usage is not None
    amount = item.amount(facts, complete_form(item), figures)
    there = facts.account.balance_fen - facts.account.frozen_fen - item.keep_fen(figures)
    assert 0 <= amount.max_fen <= max(0, there)
    assert amount.max_fen <= figures.integer("withdrawal.case_limit_fen")
    assert amount.max_fen <= max(0, figures.integer("withdrawal.day_limit_fen") - facts.usage.today_fen)
    assert amount.max_fen % figures.integer("withdrawal.precision_fen") == 0
    assert type(amount.max_fen) is int
    assert chinese(amount.headline)
    assert all(part.label and part.text and part.source for part in amount.parts)


@pytest.mark.parametrize("item", WITHDRAWALS, ids=by_code)
@given(facts=FACTS, more=st.integers(1, 10**9))
@few
def test_a_higher_balance_never_gives_less(item: Item, facts: Facts, more: int) -> None:
    assert item.amount is not None
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
    quote = judge(item, facts, complete_form(item), policy(facts.today))
    assert quote.amount is not None
    assert not quote.allowed or quote.amount.max_fen > 0


@pytest.mark.parametrize("item", ITEMS, ids=by_code)
@given(facts=FACTS)
@few
def test_missing_facts_are_never_decided_at_once(item: Item, facts: Facts) -> None:
    """Where a department did not answer, money waits for a person, and nothing else happens by itself."""
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
        assert field["x-widget"] in ("amount", "card", "choice", "text", "hidden"), name
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
