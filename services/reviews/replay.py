"""Replaying a decision 规则复算: what each rule said of a case, by the facts and the figures of its own day."""

from __future__ import annotations

from dataclasses import dataclass

from services.applications.models import Application
from services.items.declaration import Amount, Refusal
from services.items.engine import Engine
from services.items.facts import Facts, facts_from_json
from services.items.run_rules import RULES, Run, run_amount
from services.policies.rules import Policy


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule by its Chinese description, and its refusal if it refuses."""

    name: str
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Replay:
    """All rules of a case, and the most that could be drawn."""

    facts: Facts
    rules: tuple[RuleResult, ...]
    amount: Amount | None
    is_run: bool = False
    """A run of an agreement: nobody filled in a form for it, and its own rules decided it."""


def replay(engine: Engine, case: Application) -> Replay:
    """Judge the case again by the facts and figures it was submitted under."""
    item = engine.registry.get(case.item_code)
    facts, form = facts_from_json(case.facts), engine.stored_form(case)
    policy = Policy(case.submitted_on, case.quote["figures"], case.policy_version)
    if "months" in case.result.get("agreement", {}):
        return _replay_run(Run(facts, policy, case.result["agreement"]["months"]))
    rules = tuple(
        RuleResult((rule.__doc__ or rule.__name__).splitlines()[0].rstrip("."), rule(facts, form, policy))
        for rule in item.eligibility
    )
    return Replay(facts, rules, item.amount(facts, form, policy) if item.amount else None)


def _replay_run(run: Run) -> Replay:
    rules = tuple(RuleResult((rule.__doc__ or "").rstrip("."), rule(run)) for rule in RULES)
    return Replay(run.facts, rules, run_amount(run), is_run=True)
