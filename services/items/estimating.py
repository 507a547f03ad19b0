"""Estimating 估算: what could I draw, by our own books and what the member supposes of the rest; nothing is asked or kept.

The rules and the amounts are those of the quote. What another department would have to say is supposed by the member,
and every no that follows from a supposition says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from services.items.declaration import Amount, Item, Refusal
from services.items.facts import Fact, Facts
from services.items.judging import judge
from services.items.outlook import over_on, refusals_of
from services.items.outside import HouseholdFacts, MarriageFacts, PropertyFacts, SocialFacts
from services.policies.rules import Policy

Work = Literal["employed", "unemployed", "retired"]
Outcome = Literal["yes", "no", "ask"]


@dataclass(frozen=True, slots=True)
class Supposed:
    """What the member supposes that departments would say."""

    married: bool = False
    homes: int = 0
    work: Work = "employed"
    local: bool = True

    def parts(self) -> dict[Fact, Any]:
        """The same as facts."""
        return {
            Fact.MARRIAGE: MarriageFacts("20" if self.married else "10"),
            Fact.PROPERTY: PropertyFacts(self.homes),
            Fact.SOCIAL: SocialFacts(self.work),
            Fact.HOUSEHOLD: HouseholdFacts(self.local),
        }


@dataclass(frozen=True, slots=True)
class No:
    """A refusal, and whether it follows from what was supposed."""

    refusal: Refusal
    supposed: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """One item: yes with an amount, no with reasons, or ask: a figure only the member knows is missing.

    `next_on` is the first day it can be had; after a yes, the first day it could be had again.
    """

    item: Item
    outcome: Outcome
    amount: Amount | None
    noes: tuple[No, ...]
    asks: tuple[str, ...]
    supposed: tuple[Fact, ...]
    next_on: date | None


def estimate(item: Item, own: Facts, supposed: Supposed, form: Any, policy: Policy) -> Estimate:
    """Judge an item that has an amount by the member's own facts and what they suppose."""
    parts = {fact: part for fact, part in supposed.parts().items() if fact in item.needs}
    facts = replace(own, **{fact.value: part for fact, part in parts.items()})
    quote = judge(item, facts, form, policy)
    known = {refusal.code for refusal in refusals_of(item, own, form, policy)}
    noes = tuple(No(refusal, refusal.code not in known) for refusal in quote.refusals)
    asks = _asks(item, facts, form, policy)
    open_asks = any(getattr(form, name) is None for name in asks)
    spared = item.spares(own, form, policy) if item.spares else frozenset()
    return Estimate(
        item=item,
        outcome="no" if noes else "ask" if open_asks else "yes",
        amount=None if noes else quote.amount,
        noes=noes,
        asks=() if noes else asks,
        supposed=tuple(fact for fact in parts if fact not in spared),
        next_on=over_on(quote.refusals) if noes else item.next_on(facts, policy) if item.next_on else None,
    )


def _asks(item: Item, facts: Facts, form: Any, policy: Policy) -> tuple[str, ...]:
    """Sums the member knows and no register tells here."""
    asked = item.asked(facts, form, policy)
    return tuple(name for name in money_fields(item) if name in asked)


def money_fields(item: Item) -> Mapping[str, str]:
    """Sums a form asks for beside the amount itself, with their titles."""
    found = {}
    for name, field in item.form.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("x-widget") == "yuan":
            found[name] = str(field.title)
    return found
