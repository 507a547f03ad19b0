"""Risk 风险规则: what speaks for caution with a payment, and what follows: at once, later, or another way.

Pure: facts and dated figures in, a decision with its reasons out, so that a stored decision can be replayed.
More risk never leads to less caution (docs/adr/0014).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any, Literal

from services.core.money import yuan_text
from services.policies.rules import Policy

Route = Literal["face", "card_sms"]


class Outcome(IntEnum):
    """What follows, from the lightest to the heaviest."""

    ALLOW = 0
    DELAY = 1
    REVIEW = 2
    """A person looks at it first."""
    TOO_MUCH = 3
    """More than this way may pay: less, or with the face, or at the counter."""
    FACE_NEEDED = 4
    """Not this way: with the face, or at the counter."""
    COUNTER = 5
    """Not online today."""


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """What is known at the decision; ages in whole hours, None where there is nothing new."""

    route: Route
    amount_fen: int
    hour: int
    """Hour of the day in Shanghai."""
    device_age_h: int | None = None
    """Since another phone than the first was registered."""
    rebound_age_h: int | None = None
    """Since the account was bound again, after an earlier binding or beside it."""
    phone_changed_age_h: int | None = None
    card_added_age_h: int | None = None
    """Since the member added the card online; a card on the centre's record is not new."""
    failed_faces: int = 0
    """Tries of the face that failed in the last 24 hours."""
    stranger_faces: int = 0
    """Of these of today, the ones that showed another person."""
    route_today_fen: int = 0
    """Drawn today without a face."""
    device_members: int = 1
    """Which member this is on the phone, or of the WeChat user: the first, the second, …"""
    card_members: int = 1
    """How many members have the payee card on their record."""
    address_members: int = 1
    """How many members asked for money from this address lately."""
    standing: bool = False
    """Whether it is an agreement that pays the card by itself, month after month; `amount_fen` is a month's."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for the stored decision."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for caution."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The decision: what follows, how many hours the payment waits, and why."""

    outcome: Outcome
    delay_hours: int
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for the stored decision and the audit trail."""
        return {
            "outcome": self.outcome.name.lower(),
            "delay_hours": self.delay_hours,
            "reasons": [reason.code for reason in self.reasons],
        }


def facts_from_json(data: Mapping[str, Any]) -> RiskFacts:
    """Facts as they were stored, to replay a decision."""
    return RiskFacts(**data)


def assess(facts: RiskFacts, policy: Policy) -> Assessment:
    """What follows for a payment (or a change) by this route."""
    changed, shared = _changes(facts, policy), _shared(facts, policy)
    if facts.route == "card_sms":
        return _without_face(facts, policy, changed, shared)
    return _with_face(facts, policy, (*changed, *_circumstances(facts, policy)), shared)


def _changes(facts: RiskFacts, policy: Policy) -> tuple[Reason, ...]:
    """What the member, or somebody in their place, changed lately."""
    recent = policy.integer("risk.recent_hours")
    watched = (
        (facts.device_age_h, policy.integer("risk.device_hours"), "risk.device_new", "这部手机刚认过您"),
        (facts.rebound_age_h, recent, "risk.rebound", "微信绑定最近换过"),
        (facts.phone_changed_age_h, recent, "risk.phone_changed", "登记的手机号最近改过"),
        (facts.card_added_age_h, recent, "risk.card_new", "这张收款卡是最近加的"),
    )
    return tuple(Reason(code, text) for age, hours, code, text in watched if age is not None and age < hours)


def _circumstances(facts: RiskFacts, policy: Policy) -> tuple[Reason, ...]:
    """How and when it is asked for."""
    found = []
    if facts.failed_faces >= policy.integer("risk.failed_faces"):
        found.append(Reason("risk.failed_faces", f"一天里有 {facts.failed_faces} 次刷脸没有通过"))
    night = facts.hour < policy.integer("risk.night_until_hour")
    if night and facts.amount_fen > policy.integer("risk.night_free_fen"):
        found.append(Reason("risk.night", "在深夜提取较大的金额"))
    return tuple(found)


def _shared(facts: RiskFacts, policy: Policy) -> tuple[Reason, ...]:
    """Money of many members by one phone, or to one card: a middleman's way. Only where money moves."""
    if not facts.amount_fen:
        return ()
    found = []
    if facts.device_members > policy.integer("risk.device_members"):
        found.append(
            Reason("risk.device_shared", f"这部手机（或这个微信）先后绑定过 {facts.device_members} 位职工")
        )
    if facts.card_members > policy.integer("risk.card_members"):
        found.append(Reason("risk.card_shared", "这张收款卡也登记在别的职工名下"))
    return tuple(found)


def _beside(facts: RiskFacts, policy: Policy) -> tuple[Reason, ...]:
    """What counts only beside another reason: an address alone says nothing, carriers put thousands behind one."""
    if facts.address_members > policy.integer("risk.address_members"):
        return (Reason("risk.address_shared", "同一个网络地址一天里有多位职工提取"),)
    return ()


def _with_face(
    facts: RiskFacts, policy: Policy, alone: tuple[Reason, ...], shared: tuple[Reason, ...]
) -> Assessment:
    """One reason lets a moderate sum pass, two only a small one, three call a person, and so does what is shared."""
    reasons = (*alone, *shared)
    if reasons:
        reasons = (*reasons, *_beside(facts, policy))
    if shared or len(reasons) >= policy.integer("risk.review_reasons"):
        return Assessment(Outcome.REVIEW, policy.integer("risk.delay_hours"), reasons)
    free = ("risk.one_reason_free_fen", "risk.two_reasons_free_fen")
    if not reasons or facts.amount_fen <= policy.integer(free[min(len(reasons), 2) - 1]):
        return Assessment(Outcome.ALLOW, 0, reasons)
    return Assessment(Outcome.DELAY, policy.integer("risk.delay_hours"), reasons)


def _without_face(
    facts: RiskFacts, policy: Policy, changed: tuple[Reason, ...], shared: tuple[Reason, ...]
) -> Assessment:
    """Card and SMS prove less than a face: only on what was not changed lately, less money, and later."""
    hours = policy.integer("route.card_sms.delay_hours")
    if facts.stranger_faces >= policy.integer("face.tries_per_day"):
        return Assessment(Outcome.COUNTER, hours, (Reason("risk.stranger", "今天几次刷脸都不是您本人"),))
    if changed:
        return Assessment(Outcome.FACE_NEEDED, hours, changed)
    if facts.standing:
        why = "这份约定签好后每个月自动转钱到卡上，银行卡和短信核验不够"
        return Assessment(Outcome.FACE_NEEDED, hours, (Reason("risk.standing", why),))
    over = _over_limit(facts, policy)
    if over is not None:
        return Assessment(Outcome.TOO_MUCH, hours, (over,))
    if shared:
        return Assessment(Outcome.REVIEW, hours, (*shared, *_beside(facts, policy)))
    return Assessment(Outcome.DELAY, hours, (Reason("route.card_sms", "没有刷脸，为稳妥多等一等"),))


def _over_limit(facts: RiskFacts, policy: Policy) -> Reason | None:
    case, day = (
        policy.integer("route.card_sms.case_limit_fen"),
        policy.integer("route.card_sms.day_limit_fen"),
    )
    if facts.amount_fen > case:
        return Reason("route.case_limit", f"不刷脸一笔最多提 {yuan_text(case)} 元")
    if facts.amount_fen + facts.route_today_fen > day:
        return Reason("route.day_limit", f"不刷脸一天最多提 {yuan_text(day)} 元")
    return None
