"""The shape of an item 事项声明: everything the engine, the API, the page and the tests need to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.items.facts import Fact, Facts
from services.policies.rules import Policy


class Form(BaseModel):
    """Base of every item's form: unknown fields and loose types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Verification(StrEnum):
    """What proves that the member means it."""

    NONE = "none"
    FACE = "face"


class Approval(StrEnum):
    """Who decides."""

    INSTANT = "instant"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Basis:
    """A rule the item rests on: title, article and its gist in plain words."""

    title: str
    article: str
    text: str
    from_on: date | None = None
    until_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the rule is in force; the day after `until_on` it is not."""
        return within(day, self.from_on, self.until_on)


def within(day: date, from_on: date | None, until_on: date | None) -> bool:
    """Whether a day lies in a span of days that may be open on both sides."""
    return (from_on is None or from_on <= day) and (until_on is None or day <= until_on)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no that explains itself: rule, article, the fact used and its source, what would change it, when, where to turn."""

    code: str
    rule: str
    article: str
    fact: str
    source: str
    change: str
    text: str
    next_on: date | None = None
    turn_to: str = "对结果有疑问，可拨打 12329，或带身份证到任一网点核对。"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self) | {"next_on": self.next_on.isoformat() if self.next_on else None}


@dataclass(frozen=True, slots=True)
class Part:
    """One line of how an amount came about."""

    label: str
    amount_fen: int | None
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Amount:
    """How much may be drawn, in fen, and why just that."""

    max_fen: int
    parts: tuple[Part, ...]
    headline: str
    verb: str = "提"
    """What is done with it, as members say it: 提, or 还 where it repays a loan."""
    preview: tuple[Part, ...] = ()
    """What it would change, tried out before anything is asked for 试算."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers a form field offers, known from the facts: what is sent, and how it reads."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class StartWithdrawal:
    """Effect: pay the amount to the card."""

    bus_type: str = "02"


@dataclass(frozen=True, slots=True)
class CloseAccount:
    """Effect: pay all there is, with the interest to the day, and close the account; `reason` is code table A.7."""

    reason: str
    bus_type: str = "03"


@dataclass(frozen=True, slots=True)
class RepayLoan:
    """Effect: a loan is repaid 还贷: a part, all, or all if it is enough.

    By the fund 冲还 inside our books at once; by the repayment card, or by the fund first and the card for the rest,
    when the bank has collected it.
    """

    how: Literal["part", "all", "up_to"]
    source: Literal["fund", "card", "both"] = "fund"


@dataclass(frozen=True, slots=True)
class Saying:
    """What a certificate says beside name and number of its holder: a sentence, rows of label and value, a sentence."""

    opening: str
    rows: tuple[tuple[str, str], ...]
    closing: str


@dataclass(frozen=True, slots=True)
class IssueCertificate:
    """Effect: issue a certificate of this kind, in the words made of the facts and the form."""

    kind: str
    name: str
    says: Callable[[Facts, Any], Saying]


@dataclass(frozen=True, slots=True)
class AddPayeeCard:
    """Effect: the card of the form becomes a payee card after the cooling-off."""


@dataclass(frozen=True, slots=True)
class ChangeLoanCard:
    """Effect: the instalments of the loan of the form are taken from the card of the form, from the next one on."""


@dataclass(frozen=True, slots=True)
class ChangePhone:
    """Effect: the number of the form, which a code was sent to, is the member's; both numbers are told, money waits."""


@dataclass(frozen=True, slots=True)
class RequestTransfer:
    """Effect: a letter goes to the centre of the form; what it hands over is the member's when money and letter agree."""


@dataclass(frozen=True, slots=True)
class OpenLock:
    """Effect: the withdrawal lock opens after its cooling-off."""


@dataclass(frozen=True, slots=True)
class RaiseLimit:
    """Effect: the daily limit of the form holds after its cooling-off."""


@dataclass(frozen=True, slots=True)
class KeepAgreement:
    """Effect: the agreement of the form is signed, changed or ended; its runs come by themselves."""


Effect = (
    KeepAgreement
    | StartWithdrawal
    | CloseAccount
    | RepayLoan
    | IssueCertificate
    | AddPayeeCard
    | ChangeLoanCard
    | ChangePhone
    | RequestTransfer
    | OpenLock
    | RaiseLimit
)
Rule = Callable[[Facts, Any, Policy], Refusal | None]
Kind = Literal["withdrawal", "certificate", "change"]


@dataclass(frozen=True, slots=True)
class Example:
    """A case the item must decide as said: form, changes to the plain facts, the day, and the outcome."""

    title: str
    form: Mapping[str, Any]
    facts: Facts
    allowed: bool
    max_fen: int | None = None
    refusal: str | None = None
    approval: Approval | None = None


def _always_instant(facts: Facts, form: Any, policy: Policy) -> Approval:
    return Approval.INSTANT


OFFICIAL_ORDER = (
    "WD_PURCHASE",
    "WD_GJJ_LOAN",
    "WD_COMM_LOAN",
    "WD_AGREEMENT",
    "WD_RENT",
    "WD_RETIRE",
    "WD_LEAVE",
    "WD_ELEVATOR",
    "WD_PROPERTY_FEE",
    "LN_PREPAY_PART",
    "LN_SETTLE",
    "LN_ACCOUNT",
    "CERT_DEPOSIT",
    "CERT_SETTLED",
    "AC_INFO",
    "AC_TRANSFER_IN",
)
"""The official list by standard code; two declarations with one code are two kinds of one item."""


@dataclass(frozen=True, slots=True)
class Item:
    """One self-service item. `module` is the first two digits of its case numbers.

    What the state knows is not asked: `choices` are answers taken from the facts (field → choices), `asks` the fields
    that are left to fill in. `spends` names the houses and loans (keys of facts) whose caps an application uses up;
    `caps_shared_with` the items that use up the same caps, and `spares` the facts that make no difference to a form
    under the present figures and are therefore not fetched; it is told the member's own facts.
    """

    code: str
    name_zh: str
    standard_code: str
    kind: Kind
    group: Literal["money", "loan", "proof", "profile"]
    module: str
    summary: str
    legal_basis: tuple[Basis, ...]
    form: type[Form]
    needs: frozenset[Fact]
    eligibility: tuple[Rule, ...]
    effect: Effect
    verification: Verification
    sources: tuple[tuple[str, str], ...]
    examples: tuple[Example, ...]
    amount: Callable[[Facts, Any, Policy], Amount] | None = None
    keep_fen: Callable[[Policy], int] | None = None
    approval: Callable[[Facts, Any, Policy], Approval] = _always_instant
    next_on: Callable[[Facts, Policy], date | None] | None = None
    allowed_text: str = "您可以办理。"
    sla_text: str = "提交后立即办理"
    documents: tuple[str, ...] = ()
    private_fields: frozenset[str] = field(default=frozenset())
    order: int = 100
    effective_from: date | None = None
    effective_to: date | None = None
    channels: tuple[str, ...] = ("微信公众号",)
    choices: Callable[[Facts, Policy], Mapping[str, tuple[Choice, ...]]] | None = None
    asks: Callable[[Facts, Any, Policy], frozenset[str]] | None = None
    spends: Callable[[Facts, Any], frozenset[str]] | None = None
    caps_shared_with: frozenset[str] = frozenset()
    spares: Callable[[Facts, Any, Policy], frozenset[Fact]] | None = None
    effects: Callable[[Any], Effect] | None = None
    listed: bool = True
    """Whether it stands among the items; what belongs to another page is reached from there."""

    @property
    def one_cap(self) -> frozenset[str]:
        """Items whose draws on a house or loan are counted together."""
        return self.caps_shared_with | {self.code}

    @property
    def number(self) -> int | None:
        """Its number on the official list, from 1; None for what is not on it."""
        return OFFICIAL_ORDER.index(self.standard_code) + 1 if self.standard_code in OFFICIAL_ORDER else None

    def effect_for(self, form: Any) -> Effect:
        """What is done for this form, where members choose between ways."""
        return self.effects(form) if self.effects else self.effect

    def repays(self, form: Any) -> bool:
        """Whether no money leaves the centre: it repays the member's own loan, at once and to the day."""
        return isinstance(self.effect_for(form), RepayLoan)

    def exists_on(self, day: date) -> bool:
        """Whether the item is there on a day; before its first and after its last day it is not."""
        return within(day, self.effective_from, self.effective_to)

    def asked(self, facts: Facts, form: Any, policy: Policy) -> frozenset[str]:
        """Fields a member has to fill in: what the facts do not tell already."""
        return self.asks(facts, form, policy) if self.asks else frozenset(self.form.model_fields)

    def offered(self, facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
        """Answers to choose from, by field."""
        return self.choices(facts, policy) if self.choices else {}


def absent_text(item: Item) -> str:
    """When an item that is not there today can be had."""
    first, last = item.effective_from, item.effective_to
    until = f"，到 {last.year} 年 {last.month} 月 {last.day} 日为止" if last else ""
    since = f"从 {first.year} 年 {first.month} 月 {first.day} 日起办理" if first else "已经停办"
    return f"{item.name_zh}{since}{until}。"
