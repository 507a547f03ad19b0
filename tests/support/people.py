"""Made-up people for tests: right check digits, an area code of nobody, cards that pass Luhn."""

from __future__ import annotations

import random
from typing import Any

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(seed: int) -> str:
    """An ID number of area 659999 with the check digit of GB 11643."""
    source = random.Random(seed)
    body = f"659999{source.randint(1960, 1999)}{source.randint(1, 12):02d}{source.randint(1, 28):02d}{source.randrange(1000):03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def card_number(seed: int) -> str:
    """A 19-digit debit card number with its Luhn digit."""
    body = f"621700{random.Random(seed).randrange(10**12):012d}"
    total = 0
    for place, char in enumerate(reversed(body)):
        digit = int(char) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return f"{body}{(10 - total % 10) % 10}"


def person(seed: int, **changes: Any) -> dict[str, Any]:
    """A member as `POST /control/members` takes one: single, no home, 28 months of contributions."""
    return {
        "key": f"p{seed}",
        "name": "陈小明",
        "id_no": id_number(seed),
        "phone": f"139{seed % 10**8:08d}",
        "portrait": "obama",
        "marital_status": "10",
        "houses": [],
        "base_fen": 1_000_000,
        "rate_percent": 10,
        "months": 28,
        "cards": [
            {"bank_code": "105000", "bank_name": "建设银行", "card_no": card_number(seed), "class": "1"}
        ],
        **changes,
    }
