"""Outlook 能不能办: what our own books say of each item before anybody outside is asked; pure.

A refusal counts only when it stands both with nothing known from outside and with the outside facts of an accepted
example of the item: then it comes from the member's own record, and no department could change it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.items.declaration import Form, Item, Refusal
from services.items.facts import SHARED, Facts
from services.items.local import LocalFacts
from services.policies.rules import Policy


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether an item can be used today as far as our own books know; if not, why, and the first day it can."""

    usable: bool
    why: str = ""
    next_on: date | None = None


OPEN = Outlook(True)


def outlook(item: Item, own: Facts, blank: Form, policy: Policy) -> Outlook:
    """One item. `blank` is its form with nothing filled in."""
    refusals = own_refusals(item, own, blank, policy)
    if not refusals:
        return OPEN
    return Outlook(False, _first_sentence(refusals[0].text), over_on(refusals))


def outlooks(items: Iterable[Item], local: LocalFacts, blank: Any, policy: Policy) -> dict[str, Outlook]:
    """Every item by its code; `blank` gives an item's empty form."""
    return {
        item.code: outlook(item, local.facts(item, interest=False), blank(item)(), policy) for item in items
    }


def own_refusals(item: Item, own: Facts, form: Any, policy: Policy) -> tuple[Refusal, ...]:
    """Refusals that rest on the member's own record alone."""
    found = refusals_of(item, own, form, policy)
    if not found or not item.needs & SHARED:
        return found
    anyway = {refusal.code for refusal in refusals_of(item, _at_best(item, own), form, policy)}
    return tuple(refusal for refusal in found if refusal.code in anyway)


def refusals_of(item: Item, facts: Facts, form: Any, policy: Policy) -> tuple[Refusal, ...]:
    """What the rules say no to, without working out amounts or trying anything out, which lists have no use for."""
    found = (rule(facts, form, policy) for rule in item.eligibility)
    return tuple(refusal for refusal in found if refusal is not None)


def _at_best(item: Item, own: Facts) -> Facts:
    """The member's own facts with what other departments say in an accepted example."""
    best = next(example.facts for example in item.examples if example.allowed)
    said = {fact.value: getattr(best, fact.value) for fact in SHARED}
    return replace(own, **said)


def _first_sentence(text: str) -> str:
    return text.split("。", 1)[0]


def over_on(refusals: Iterable[Refusal]) -> date | None:
    """The day by which every refusal is over; None when one of them has no date."""
    days = [refusal.next_on for refusal in refusals]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None
