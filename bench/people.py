"""Made-up people 虚构职工: as many as a run needs, in the shape of config/demo/members.toml."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_AREA = "659999"  # assigned to no county
_FIRST_BIRTH = date(1970, 1, 1)
_SURNAMES, _GIVEN = "赵钱孙李周吴郑王冯陈", "一二三四五六七八九十"


def person(
    number: int, *, portrait: str = "obama", months: int = 6, base_fen: int = 3_000_000
) -> dict[str, Any]:
    """The `number`th person (0 to 99,999): single, without a home, with one card on record."""
    return {
        "key": f"p{number:05d}",
        "name": _SURNAMES[number % 10] + _GIVEN[number // 10 % 10] + _GIVEN[number // 100 % 10],
        "id_no": id_number(number),
        "phone": f"139{number:08d}",
        "portrait": portrait,
        "marital_status": "10",
        "houses": [],
        "account_no": f"98{number:011d}",
        "opened_on": "2020-03-01",
        "base_fen": base_fen,
        "rate_percent": 10,
        "months": months,
        "cards": [
            {"bank_code": "105000", "bank_name": "建设银行", "card_no": card_number(number), "class": "1"}
        ],
    }


def id_number(number: int) -> str:
    """A citizen number with the right check digit (GB 11643) of an area that does not exist."""
    born = _FIRST_BIRTH + timedelta(days=number // 900)
    digits = f"{_AREA}{born:%Y%m%d}{number % 900 + 100:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def card_number(number: int) -> str:
    """A card number of 19 digits that passes Luhn."""
    digits = f"621799{number:012d}"
    total = sum(_luhn(int(digit), place) for place, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def _luhn(digit: int, place: int) -> int:
    return digit if place % 2 else sum(divmod(2 * digit, 10))
