"""What was asked for 所办之事: the digest a proof is bound to, and what the audit chain keeps of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.accounts.models import PayeeCard
from services.applications.models import Application
from services.applications.operations import digest_of


def operation_digest(
    account_id: UUID, item_code: str, amount_fen: int | None, card: PayeeCard | None, private: dict[str, Any]
) -> bytes:
    """SHA-256 that binds a face session to member, item, amount, card and private fields."""
    card_id, card_no_mac = (card.card_id, card.card_no_mac) if card else (None, None)
    return digest_of(account_id, item_code, amount_fen, card_id, card_no_mac, private)


def what_was_asked(application: Application, card: PayeeCard | None) -> dict[str, Any]:
    """What the proof is bound to, for the audit chain: evidence of a case is checked against it."""
    return {
        "operation": application.operation_digest.hex(),
        "amount_fen": application.amount_fen,
        "card_id": str(card.card_id) if card else None,
        "card_digest": card.card_no_mac.hex() if card else None,
        "private": application.private_sealed is not None,
    }
