"""Facts from other departments 外部事实, in the shape rules read them: no names, no numbers of houses or contracts.

A house or a loan is named by `key`, a keyed hash of its number: it can be compared and counted, and not read back.
`label` is what a member recognises it by.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MarriageFacts:
    """Marital status after GB/T 2261.2: 10 未婚, 20 已婚, 30 丧偶, 40 离婚; `changes` of the last two years.

    `spouse_unnamed`: the register gives no number of a spouse.
    """

    status: str
    changes: int = 0
    spouse_unnamed: bool = False


@dataclass(frozen=True, slots=True)
class House:
    """A home the registry shows for the member; the share in percent."""

    key: str
    label: str
    city_code: str
    share_percent: int


@dataclass(frozen=True, slots=True)
class PropertyFacts:
    """How many homes in the city the registry shows for the member, and which."""

    houses: int
    owned: tuple[House, ...] = ()


@dataclass(frozen=True, slots=True)
class CardCheckFacts:
    """The bank's word on a card: whether holder and kind fit, and why not; `key` names the card asked about."""

    matched: bool
    reason: str | None
    bank_code: str
    bank_name: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A sale on file with the housing authority: price, what is paid by invoice, loans for it, the member's share.

    `strangers`: somebody buys along who is neither spouse nor parent nor child; `trades`: sales of this house in two years.
    """

    key: str
    label: str
    kind: str
    city_code: str
    signed_on: str
    price_fen: int
    paid_fen: int
    loan_fen: int
    share_percent: int
    strangers: bool
    trades: int


@dataclass(frozen=True, slots=True)
class PurchaseFacts:
    """Sales contracts on file for the member."""

    contracts: tuple[Purchase, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """Deed tax paid for a house: price and day."""

    key: str
    label: str
    city_code: str
    paid_on: str
    price_fen: int


@dataclass(frozen=True, slots=True)
class DeedFacts:
    """Deed tax the member paid."""

    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class SocialFacts:
    """Social insurance: employed, unemployed or retired, since when retired, and whether another fund takes deposits."""

    status: str
    retired_on: str | None = None
    fund_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class ElevatorFiling:
    """A lift on file for the member's house: accepted when, cost and subsidy of the lift, this home's part per 10,000."""

    key: str
    label: str
    accepted_on: str | None
    cost_fen: int
    subsidy_fen: int
    share_per_10000: int


@dataclass(frozen=True, slots=True)
class ElevatorFacts:
    """Lifts on file for houses of the member."""

    filings: tuple[ElevatorFiling, ...]


@dataclass(frozen=True, slots=True)
class HomeLoan:
    """A home loan of a bank: repaid principal and interest of the last twelve months, in good order or not.

    `kind`: commercial, combined (the bank's part of 组合贷) or fund.
    """

    key: str
    label: str
    kind: str
    own_home: bool
    normal: bool
    repaid_12m_fen: int
    monthly_fen: int


@dataclass(frozen=True, slots=True)
class HomeLoanFacts:
    """Home loans the credit register shows for the member."""

    loans: tuple[HomeLoan, ...]


@dataclass(frozen=True, slots=True)
class PropertyBill:
    """Property management paid for a home: which year, how much, when."""

    key: str
    label: str
    year: int
    amount_fen: int
    paid_on: str


@dataclass(frozen=True, slots=True)
class PropertyBillFacts:
    """Paid bills the platform of the property companies shows for the member."""

    bills: tuple[PropertyBill, ...]


@dataclass(frozen=True, slots=True)
class HouseholdFacts:
    """Whether the member's household register 户籍 is in this city."""

    local: bool
