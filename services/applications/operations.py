"""Operation 操作: what exactly a member proves themselves for, as one digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID


def digest_of(
    account_id: UUID,
    item_code: str,
    amount_fen: int | None,
    card_id: UUID | None,
    card_no_mac: bytes | None,
    private: dict[str, Any],
) -> bytes:
    """SHA-256 over member, item, amount, card and private fields."""
    parts = [
        str(account_id),
        item_code,
        amount_fen,
        str(card_id) if card_id is not None else None,
        card_no_mac.hex() if card_no_mac is not None else None,
        private,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).digest()
