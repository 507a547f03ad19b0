"""Payees 收款人: the part of a card that an application shows."""

from __future__ import annotations

from typing import Any

from services.accounts.models import PayeeCard


def payee_shown(card: PayeeCard) -> dict[str, Any]:
    """Bank and last four digits; the number itself lies sealed beside it."""
    return {
        "card_id": str(card.card_id),
        "bank_code": card.bank_code,
        "bank_name": card.bank_name,
        "tail4": card.tail4,
    }
