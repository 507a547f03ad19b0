"""Judging again 再判: the rules of an item for a case that people are about to approve, as things stand now.

What other departments said stays as it was when the case was opened: people have looked at it. The centre's own facts are
read anew. Time alone refuses nothing: terms and caps are those of the day the case was asked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from services.applications.models import Application
from services.items.declaration import Item
from services.items.engine import Engine
from services.items.facts import SHARED, Fact, Facts, facts_from_json
from services.items.fund_loans import chosen
from services.items.judging import Quote, judge
from services.items.loading import SharedFacts


def judge_again(engine: Engine, session: Session, case: Application, *, lock: bool = False) -> Quote:
    """What the item's rules say of a case that moves money now, the case itself not counted.

    With `lock` the caps it shares are held until the transaction ends; the caller has locked the account. The member's own
    lock and limit are not judged here: the payment asks for them itself.
    """
    item = engine.registry.get(case.item_code)
    stored = facts_from_json(case.facts)
    form, shared = _same_loan(item, stored, engine.stored_form(case)), _shared(item, stored)
    if lock:
        engine.loader.lock_shared_caps(session, case.account_id, item, shared)
    facts = engine.loader.complete(session, case.account_id, item, shared, form, case)
    if item.repays(form):
        facts = replace(facts, today=engine.policy(session).on)  # it is booked to the day
    return judge(item, _uncontrolled(facts, stored), form, engine.policies.on(session, facts.today))


def _shared(item: Item, stored: Facts) -> SharedFacts:
    """What other departments said, out of the facts of a case."""
    parts = {fact.value: getattr(stored, fact.value) for fact in sorted(item.needs & SHARED)}
    return SharedFacts(parts, tuple(note for note in stored.sources if note.fact in SHARED))


def _same_loan(item: Item, stored: Facts, form: Any) -> Any:
    """The form with its loan named: where there was one to choose from, there may be two by now."""
    asked_about_own = Fact.LOANS in item.needs and not item.needs & SHARED and hasattr(form, "loan")
    loan = chosen(stored, form) if asked_about_own else None
    return form.model_copy(update={"loan": loan.loan_id}) if loan else form


def _uncontrolled(facts: Facts, stored: Facts) -> Facts:
    """Without the member's own lock and limit; the spouse's part and the day's as they were then."""
    account = replace(facts.account, locked_since=None, own_limit_fen=None)
    if facts.usage is None or stored.usage is None:
        return replace(facts, account=account)
    then = stored.usage
    usage = replace(facts.usage, spouse_year_fen=then.spouse_year_fen, today_fen=then.today_fen)
    return replace(facts, account=account, usage=usage)
