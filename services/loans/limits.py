"""Most one could borrow 最高可贷额: the least of every limit, by the figures of a day; pure.

loan = round(min(cap, price × (1 − down payment) − withdrawn, multiple × balance, what the income can repay)).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from services.core.money import yuan_text
from services.loans.rules import Method, rate_key
from services.policies.rules import Policy

Household = Literal["ordinary", "family", "talent"]
_CAPS: dict[Household, tuple[str, str]] = {
    "ordinary": ("loan.cap_fen", "一般职工"),
    "family": ("loan.cap_family_fen", "多孩家庭，或毕业五年以内"),
    "talent": ("loan.cap_most_fen", "高层次人才"),
}
_UNIT = 12 * 1_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """A home to be bought: its price, and what is known of those who buy it."""

    price_fen: int
    home: Literal["first", "second"]
    months: int
    method: Method
    household: Household
    income_fen: int
    """Of the household, a month."""
    balance_fen: int
    """In the fund accounts of the household."""
    withdrawn_fen: int = 0
    """Already drawn from the fund for this home."""


@dataclass(frozen=True, slots=True)
class LimitPart:
    """One limit and the figures it rests on."""

    code: Literal["cap", "price", "balance", "income"]
    label: str
    fen: int
    text: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Borrowable:
    """The most that could be borrowed, and every limit; the least of them decides."""

    most_fen: int
    limits: tuple[LimitPart, ...]

    @property
    def deciding(self) -> LimitPart:
        """The limit that decides; the first of equal ones."""
        return min(self.limits, key=lambda limit: limit.fen)


def household_caps(policy: Policy) -> tuple[tuple[Household, str, int, str], ...]:
    """Each kind of household with its words, its cap and the figure's name."""
    return tuple((kind, words, policy.integer(key), key) for kind, (key, words) in _CAPS.items())


def borrowable(wish: Wish, policy: Policy) -> Borrowable:
    """Every limit that applies to the wish."""
    limits = tuple(limit for limit in _limits(wish, policy) if limit is not None)
    precision = policy.integer("loan.borrow_precision_fen")
    return Borrowable(min(limit.fen for limit in limits) // precision * precision, limits)


def _limits(wish: Wish, policy: Policy) -> Iterable[LimitPart | None]:
    yield _cap(wish, policy)
    yield _price(wish, policy)
    yield _balance(wish, policy)
    yield _income(wish, policy)


def _cap(wish: Wish, policy: Policy) -> LimitPart:
    key, words = _CAPS[wish.household]
    return LimitPart("cap", "最高额度", policy.integer(key), f"{words}最多贷这么多", (key,))


def _price(wish: Wish, policy: Policy) -> LimitPart:
    key = f"loan.down_percent.{wish.home}"
    down = policy.integer(key)
    lent = wish.price_fen * (100 - down) // 100 - wish.withdrawn_fen
    drawn = f"，再减去这套房已经提的 {yuan_text(wish.withdrawn_fen)} 元" if wish.withdrawn_fen else ""
    return LimitPart("price", "房价减去首付", max(0, lent), f"首付最低 {down}%{drawn}", (key,))


def _balance(wish: Wish, policy: Policy) -> LimitPart | None:
    """By the balance where a multiple is in force; talents are free of it."""
    multiple = policy.integer("loan.balance_multiple")
    if multiple == 0 or wish.household == "talent":
        return None
    fen = wish.balance_fen * multiple
    return LimitPart("balance", "账户余额的倍数", fen, f"余额的 {multiple} 倍", ("loan.balance_multiple",))


def _income(wish: Wish, policy: Policy) -> LimitPart:
    key = rate_key(wish.home, wish.months)
    percent, ppm = policy.integer("loan.repay_percent"), policy.integer(key)
    monthly = wish.income_fen * percent // 100
    text = f"每月最多还收入的 {percent}%，就是 {yuan_text(monthly)} 元，还 {wish.months // 12} 年"
    fen = affordable_fen(monthly, ppm, wish.months, wish.method)
    return LimitPart("income", "收入还得起", fen, text, ("loan.repay_percent", key))


def affordable_fen(monthly_fen: int, ppm: int, months: int, method: Method) -> int:
    """The largest whole sum whose first instalment is within `monthly_fen`, worked out exactly and rounded down.

    01: P = M·((1+i)^n − 1) / (i·(1+i)^n). 02: the first instalment is P/n + P·i, so P = M·n / (1 + n·i).
    """
    if method == "02":
        return monthly_fen * months * _UNIT // (_UNIT + months * ppm)
    if ppm == 0:
        return monthly_fen * months
    grown, whole_unit = (_UNIT + ppm) ** months, _UNIT**months
    return int(monthly_fen * _UNIT * (grown - whole_unit) // (ppm * grown))
