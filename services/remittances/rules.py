"""Rules of a month's contribution 汇缴规则: shares of employer and member, and the sums that guard a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

CONTROL_MODULUS = 10**12


@dataclass(frozen=True, slots=True)
class Limits:
    """Dated figures of a month: bases, ratios, and how a share is rounded."""

    base_least_fen: int
    base_most_fen: int
    percent_least: int
    percent_most: int
    month_most_fen: int
    """Both sides together."""
    unit_fen: int
    """A share is whole multiples of it."""
    half_up: bool

    @property
    def divisor(self) -> int:
        """What base times percent times two is divided by, to count units."""
        return 200 * self.unit_fen

    @property
    def bias(self) -> int:
        """Added before the division: half of it where a share is rounded half up."""
        return 100 * self.unit_fen if self.half_up else 0


def share_fen(base_fen: int, percent: int, limits: Limits) -> int:
    """One side's share of a month: base times ratio in whole units, at most half of the month's ceiling."""
    share = (2 * base_fen * percent + limits.bias) // limits.divisor * limits.unit_fen
    return min(share, limits.month_most_fen // 2)


def control_sum(account_nos: Iterable[str]) -> int:
    """账号校验和: the account numbers added up, the last twelve digits; finds a number that was typed over."""
    return sum(map(int, account_nos)) % CONTROL_MODULUS


def month_text(month: date) -> str:
    """2026-11."""
    return f"{month:%Y-%m}"
