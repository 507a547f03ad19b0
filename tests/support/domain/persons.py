"""Made-up people: numbers right by their own standards, unique in a run, worked out without the product."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from datetime import date, timedelta

_numbers = itertools.count(os.getpid() % 1000 * 1000 + 1)
FIRST_BIRTH = date(1970, 1, 1)


def id_number(birth: date, sequence: int, area: str = "659999") -> str:
    """A citizen ID number by GB 11643: ISO 7064 MOD 11-2 over 17 digits."""
    body = f"{area}{birth:%Y%m%d}{sequence:03d}"
    remainder = 0
    for digit in body:  # Horner's form of MOD 11-2, not the table of weights
        remainder = (remainder + int(digit)) * 2 % 11
    check = (12 - remainder) % 11
    return body + ("X" if check == 10 else str(check))


def card_number(number: int) -> str:
    """A debit card number of 19 digits, starting with 6217, right by Luhn."""
    body = f"6217{number:014d}"
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in body[::-2])
    plain = sum(int(digit) for digit in body[-2::-2])
    return body + str(-(doubled + plain) % 10)


@dataclass(frozen=True)
class Person:
    """Somebody with an account at the centre."""

    name: str = "赵安居"
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def id_no(self) -> str:
        """Unique by birth date and sequence."""
        return id_number(FIRST_BIRTH + timedelta(days=self.number // 500 % 9000), self.number % 500)

    @property
    def phone(self) -> str:
        """138 and a number."""
        return f"138{self.number:08d}"

    @property
    def card_no(self) -> str:
        """A card of the paying bank."""
        return card_number(self.number)

    @property
    def openid(self) -> str:
        """28 characters, as WeChat makes them."""
        return f"o{self.number:027d}"

    def record(self, *, months: int, base_fen: int, bank_code: str = "105000") -> dict[str, object]:
        """The centre's record of this person, as the command line takes it over."""
        return {
            "name": self.name,
            "id_no": self.id_no,
            "phone": self.phone,
            "employer": "株洲示例单位",
            "account_no": f"99{self.number:011d}",
            "opened_on": "2015-01-01",
            "base_fen": base_fen,
            "rate_percent": 10,
            "months": months,
            "cards": [{"bank_code": bank_code, "bank_name": "建设银行", "card_no": self.card_no}],
        }
