"""Judging 裁量: every rule of an item over facts, form and figures; pure, so that a decision can be replayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.applications.models import Application
from services.core.errors import Invalid
from services.items.declaration import Amount, Approval, Item, Refusal, Verification
from services.items.facts import Facts, facts_from_json
from services.items.own_controls import within_own_limit
from services.items.rules import household_unknown, over_instant_limits
from services.policies.rules import NotedValues, Policy


@dataclass(frozen=True, slots=True)
class Quote:
    """The answer to "may I, and how much": every refusal, or the amount and why just that.

    `figures` are the policy figures it rests on, kept with the decision so that it can be replayed for ever.
    """

    item: Item
    allowed: bool
    refusals: tuple[Refusal, ...]
    amount: Amount | None
    approval: Approval
    facts: Facts
    policy: Policy
    figures: Mapping[str, Any]
    verification: Verification

    def to_json(self) -> dict[str, Any]:
        """What is stored with the application."""
        return {
            "item_name": self.item.name_zh,
            "allowed": self.allowed,
            "refusals": [refusal.to_json() for refusal in self.refusals],
            "max_fen": self.amount.max_fen if self.amount else None,
            "approval": self.approval.value,
            "figures": dict(self.figures),
        }


def judge(item: Item, facts: Facts, form: Any, policy: Policy) -> Quote:
    """Run every rule of an item; pure, so that a stored decision can be replayed."""
    values = NotedValues(policy.values)
    figures = Policy(policy.on, values, policy.version)
    refusals = tuple(
        refusal for rule in item.eligibility if (refusal := rule(facts, form, figures)) is not None
    )
    most = item.amount(facts, form, figures) if item.amount else None
    amount, over_limit = within_own_limit(item, facts, form, most)
    refusals = (*refusals, over_limit) if over_limit is not None else refusals
    approval = _approval(item, facts, form, figures, amount)
    proof = _verification(item, figures)
    return Quote(item, not refusals, refusals, amount, approval, facts, policy, values.used, proof)


def _verification(item: Item, policy: Policy) -> Verification:
    """A dated figure may ask for a face where the declaration does not; never the other way round (docs/adr/0020)."""
    wanted = policy.values.get(f"item.{item.code}.verification")
    return Verification.FACE if wanted == Verification.FACE.value else item.verification


def _approval(item: Item, facts: Facts, form: Any, policy: Policy, amount: Amount | None) -> Approval:
    """A person looks where a department did not answer, the sum is over the limits, or a figure says so."""
    if any(facts.missing(fact) for fact in item.needs) or not policy.values.get(
        f"item.{item.code}.instant", True
    ):
        return Approval.REVIEW
    if facts.usage is not None and facts.usage.unnamed_count:
        return Approval.REVIEW  # by the member or the spouse, and perhaps on this very house or loan
    if household_unknown(facts):
        return Approval.REVIEW
    # The limits are for money that leaves; a repayment of the member's own loan stays inside.
    leaves = amount is not None and not item.repays(form)
    if amount is not None and leaves and over_instant_limits(facts, form, policy, amount.max_fen):
        return Approval.REVIEW
    return item.approval(facts, form, policy)


def replay(item: Item, stored: Application, form: Any) -> Quote:
    """Judge a stored application again by the facts and figures it was decided on."""
    facts = facts_from_json(stored.facts)
    return judge(item, facts, form, Policy(facts.today, stored.quote["figures"], stored.policy_version))


def refuse_unanswered(quote: Quote, form: Any) -> None:
    """Raises Invalid for a field that the facts leave open and the form does too, or a choice nobody offered."""
    offered = quote.item.offered(quote.facts, quote.policy)
    for name in sorted(quote.item.asked(quote.facts, form, quote.policy) | offered.keys()):
        value, title = getattr(form, name, None), quote.item.form.model_fields[name].title
        choices = [choice.value for choice in offered.get(name, ())]
        if value is None and (len(choices) > 1 or name not in offered):
            raise Invalid(f"请填写“{title}”。", code="field.missing", field=name)
        if value is not None and choices and str(value) not in choices:
            raise Invalid(f"请重新选择“{title}”。", code="field.invalid", field=name)
