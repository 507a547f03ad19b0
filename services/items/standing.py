"""What risk is judged by 风险判定的对象: the payment of a case, or what an agreement will pay by itself each month."""

from __future__ import annotations

from typing import Any

from services.applications.models import Application
from services.items.agreeing import chosen_bank
from services.items.declaration import Item, KeepAgreement
from services.items.facts import facts_from_json
from services.policies.rules import Policy
from services.withdrawals.risk_desk import Asked, card_of


def asked_of(item: Item, application: Application, policy: Policy) -> Asked:
    """An agreement on a bank's loan moves no money now, but it is a payment each month to the card of its form."""
    plain = Asked(application.amount_fen or 0, card_of(application))
    if not isinstance(item.effect, KeepAgreement) or application.form["action"] == "end":
        return plain
    form: Any = item.form.model_validate(application.form)
    bank = chosen_bank(facts_from_json(application.facts), form, policy)
    return Asked(bank.monthly_fen, form.card_id, standing=True) if bank else plain
