"""Facts 事实: what a decision rests on, each with its source and time; stored with the application and replayable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from services.loans.facts import LoanFacts


class Fact(StrEnum):
    """Kinds of facts an item can ask for; only these are fetched."""

    ACCOUNT = "account"
    CONTRIBUTIONS = "contributions"
    USAGE = "usage"
    LOANS = "loans"
    MARRIAGE = "marriage"
    PROPERTY = "property"
    CARD_CHECK = "card_check"


SHARED = frozenset({Fact.MARRIAGE, Fact.PROPERTY, Fact.CARD_CHECK})
"""Facts that come from other departments and need the member's consent."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """State (A.6), fund 201 after holds, frozen and held, in fen."""

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


@dataclass(frozen=True, slots=True)
class ContributionFacts:
    """Months without a gap, first and last month contributed (YYYY-MM)."""

    continuous_months: int
    first_month: str | None
    last_month: str | None


@dataclass(frozen=True, slots=True)
class UsageFacts:
    """What the member drew: this item this calendar year and month, all items today; paid and pending alike."""

    year_fen: int
    year_count: int
    month_count: int
    today_fen: int
    in_flight: bool


@dataclass(frozen=True, slots=True)
class MarriageFacts:
    """Marital status after GB/T 2261.2: 10 未婚, 20 已婚, 30 丧偶, 40 离婚."""

    status: str


@dataclass(frozen=True, slots=True)
class PropertyFacts:
    """How many homes in the city the registry shows for the member."""

    houses: int


@dataclass(frozen=True, slots=True)
class CardCheckFacts:
    """The bank's word on a card: whether holder and kind fit, and why not."""

    matched: bool
    reason: str | None
    bank_code: str
    bank_name: str


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
    sources: tuple[SourceNote, ...] = field(default=())

    def missing(self, fact: Fact) -> bool:
        """Whether a fact was asked for and could not be had (source down, or "not found")."""
        return any(note.fact == fact.value and note.status != "ok" for note in self.sources)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, without personal data, for the application row."""
        return asdict(self) | {"today": self.today.isoformat()}


_PARTS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "account": lambda data: AccountFacts(**data),
    "contributions": lambda data: ContributionFacts(**data),
    "usage": lambda data: UsageFacts(**data),
    "marriage": lambda data: MarriageFacts(**data),
    "property": lambda data: PropertyFacts(**data),
    "card_check": lambda data: CardCheckFacts(**data),
    "loans": LoanFacts.from_json,
}


def facts_from_json(data: Mapping[str, Any]) -> Facts:
    """Facts as they were stored, to replay a decision."""
    parts = {name: read(data[name]) for name, read in _PARTS.items() if data.get(name) is not None}
    notes = tuple(SourceNote(**note) for note in data["sources"])
    return Facts(today=date.fromisoformat(data["today"]), sources=notes, **parts)
