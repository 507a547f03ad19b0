"""Facts 事实: what a decision rests on, each with its source and time; stored with the application and replayable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, get_args, get_type_hints

from services.items.outside import (
    CardCheckFacts,
    DeedFacts,
    ElevatorFacts,
    HomeLoanFacts,
    HouseholdFacts,
    MarriageFacts,
    PropertyBillFacts,
    PropertyFacts,
    PurchaseFacts,
    SocialFacts,
)
from services.loans.facts import LoanFacts

__all__ = [
    "OWN",
    "SHARED",
    "AccountFacts",
    "AgreementFacts",
    "CardCheckFacts",
    "ClosingFacts",
    "ContributionFacts",
    "Fact",
    "Facts",
    "KeyUsage",
    "LoanFacts",
    "MarriageFacts",
    "PhoneFacts",
    "PropertyFacts",
    "SourceNote",
    "TransferFacts",
    "UsageFacts",
    "facts_from_json",
]


class Fact(StrEnum):
    """Kinds of facts an item can ask for; only these are fetched."""

    ACCOUNT = "account"
    CONTRIBUTIONS = "contributions"
    USAGE = "usage"
    LOANS = "loans"
    CLOSING = "closing"
    AGREEMENT = "agreement"
    PHONE = "phone"
    TRANSFERS = "transfers"
    MARRIAGE = "marriage"
    PROPERTY = "property"
    CARD_CHECK = "card_check"
    PURCHASE = "purchase"
    DEED = "deed"
    SOCIAL = "social"
    ELEVATOR = "elevator"
    HOME_LOAN = "home_loan"
    PROPERTY_BILL = "property_bill"
    HOUSEHOLD = "household"


OWN = frozenset(
    {
        Fact.ACCOUNT,
        Fact.CONTRIBUTIONS,
        Fact.USAGE,
        Fact.LOANS,
        Fact.CLOSING,
        Fact.AGREEMENT,
        Fact.PHONE,
        Fact.TRANSFERS,
    }
)
"""Facts of the centre's own tables."""
SHARED = frozenset(Fact) - OWN
"""Facts that come from other departments and need the member's consent."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """State (A.6), fund 201 after holds, frozen and held, in fen; the member's own lock and daily limit.

    `left_today_fen` is what has left for a card today; it is counted only where there is a limit.
    """

    state: str
    state_text: str
    balance_fen: int
    frozen_fen: int
    held_fen: int
    account_no: str
    employer: str
    opened_on: str
    contribution_base_fen: int
    monthly_contribution_fen: int
    sealed_on: str | None = None
    locked_since: str | None = None
    unlocks_at: str | None = None
    own_limit_fen: int | None = None
    left_today_fen: int = 0


@dataclass(frozen=True, slots=True)
class ContributionFacts:
    """Months without a gap, first and last month contributed (YYYY-MM).

    `transferred_months` of them were paid at another centre, by its letter.
    """

    continuous_months: int
    first_month: str | None
    last_month: str | None
    transferred_months: int = 0


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """Transfers from other centres: the one under way, by the centre's name, and where accounts came from before."""

    under_way: str = ""
    arrived_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """What was drawn on one house or one loan by the item asked for, paid and pending: by the member, and by all.

    `year_fen` is this calendar year, `rolling_fen` the last twelve months, both by all.
    """

    key: str
    own_fen: int
    own_count: int
    all_fen: int
    year_fen: int
    rolling_fen: int


@dataclass(frozen=True, slots=True)
class UsageFacts:
    """What was drawn, paid and pending alike: this item this calendar year and month; `today_fen` is what
    left for a card today by any item, counted as for the member's own limit.

    `spouse_year_fen` is the spouse's part of this item this year; `last_on` the day of this item's last withdrawal,
    `last_by_item` that of each item; `keyed` what was drawn on houses and loans that the facts name;
    `unnamed_count` how often member or spouse drew, by the items of its cap, on one that no register knew then.
    """

    year_fen: int
    year_count: int
    month_count: int
    today_fen: int
    in_flight: bool
    spouse_year_fen: int = 0
    last_on: str | None = None
    last_by_item: Mapping[str, str] = field(default_factory=dict)
    keyed: tuple[KeyUsage, ...] = ()
    unnamed_count: int = 0

    def of(self, key: str) -> KeyUsage:
        """What was drawn on one house or loan."""
        return next((usage for usage in self.keyed if usage.key == key), KeyUsage(key, 0, 0, 0, 0, 0))


@dataclass(frozen=True, slots=True)
class ClosingFacts:
    """Interest to the day an account is closed: from when it runs, and how much it is."""

    interest_from: str
    interest_fen: int


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """The agreement in force; an empty kind means none."""

    kind: str = ""
    loan_ref: str = ""
    label: str = ""
    signed_on: str = ""


@dataclass(frozen=True, slots=True)
class PhoneFacts:
    """The number on the record by its last four digits, whether the form names the same, whether money is under way."""

    tail4: str
    same: bool
    money_under_way: bool


@dataclass(frozen=True, slots=True)
class SourceNote:
    """Where a kind of fact came from, as of when, and whether it came at all."""

    fact: str
    source: str
    as_of: str
    status: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known for one decision on one Shanghai day; what was not asked for, or not had, is None."""

    today: date
    account: AccountFacts
    contributions: ContributionFacts | None = None
    usage: UsageFacts | None = None
    marriage: MarriageFacts | None = None
    property: PropertyFacts | None = None
    card_check: CardCheckFacts | None = None
    loans: LoanFacts | None = None
    closing: ClosingFacts | None = None
    agreement: AgreementFacts | None = None
    phone: PhoneFacts | None = None
    purchase: PurchaseFacts | None = None
    deed: DeedFacts | None = None
    social: SocialFacts | None = None
    elevator: ElevatorFacts | None = None
    home_loan: HomeLoanFacts | None = None
    property_bill: PropertyBillFacts | None = None
    household: HouseholdFacts | None = None
    transfers: TransferFacts | None = None
    sources: tuple[SourceNote, ...] = field(default=())
    city_code: str = ""
    """The centre's city."""

    def missing(self, fact: Fact) -> bool:
        """Whether a fact was asked for and could not be had (source down, or "not found")."""
        return any(note.fact == fact.value and note.status != "ok" for note in self.sources)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, without personal data, for the application row."""
        return asdict(self) | {"today": self.today.isoformat()}


def facts_from_json(data: Mapping[str, Any]) -> Facts:
    """Facts as they were stored, to replay a decision."""
    kinds = {name: get_args(hint)[0] if get_args(hint) else hint for name, hint in _hints(Facts).items()}
    parts = {
        fact.value: _built(kinds[fact.value], data[fact.value])
        for fact in Fact
        if data.get(fact.value) is not None
    }
    notes = tuple(SourceNote(**note) for note in data["sources"])
    today, city_code = date.fromisoformat(data["today"]), data.get("city_code", "")
    return Facts(today=today, sources=notes, city_code=city_code, **parts)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _built(kind: type, data: Mapping[str, Any]) -> Any:
    return kind(**{name: _value(_hints(kind)[name], value) for name, value in data.items()})


def _value(hint: Any, value: Any) -> Any:
    """A stored value; lists of parts become parts again."""
    inner = next(iter(get_args(hint)), None)
    if isinstance(value, list | tuple) and inner is not None and is_dataclass(inner):
        return tuple(_built(inner, one) for one in value)  # type: ignore[arg-type]
    return value
