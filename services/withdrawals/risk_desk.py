"""Deciding on risk 风险判定: collects the facts in one question, decides, and keeps what it rested on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.models import Application
from services.core.clock import SHANGHAI, shanghai_day, shanghai_iso
from services.core.errors import Forbidden
from services.core.ids import new_id
from services.core.sql import Statement
from services.face.tries import NOT_THE_MEMBERS, STRANGERS
from services.policies.rules import Policy
from services.withdrawals.origin import Origin
from services.withdrawals.risk import Assessment, Outcome, RiskFacts, Route, assess
from services.withdrawals.states import COUNTED_STATES

PASSED = {"face": "face_passed", "card_sms": "card_passed"}
"""The edge a withdrawal takes when it was confirmed by a route."""
_CLOSED = {
    Outcome.TOO_MUCH: ("route.over_limit", "请改少一点重新办，或者刷脸，也可以带身份证到任一网点办理。"),
    Outcome.FACE_NEEDED: ("route.face_needed", "为了您的资金安全，这一次请刷脸，或带身份证到任一网点办理。"),
    Outcome.COUNTER: ("route.counter", "为了您的资金安全，今天请带身份证到任一网点办理。"),
}


class RouteClosed(Forbidden):
    """This route does not serve now; says why, and where to turn."""

    code, title = "route.closed", "这次不能这样核验"


# A failure whose reasons its member had deleted still counts: deleting must not lighten what follows.
_KNOWN = Statement(
    "SELECT"
    " (SELECT min(same.created_at) FROM device d JOIN device same USING (account_id, x, y)"
    "  WHERE d.account_id = :account_id AND d.ended_at IS NULL) AS device_at,"
    " (SELECT min(created_at) FROM device WHERE account_id = :account_id) AS first_device_at,"
    " (SELECT max(bound_at) FROM binding WHERE account_id = :account_id AND ended_at IS NULL) AS bound_at,"
    " (SELECT count(*) FROM binding WHERE account_id = :account_id) AS bindings,"
    " (SELECT phone_changed_at FROM member WHERE account_id = :account_id) AS phone_changed_at,"
    " (SELECT created_at FROM payee_card WHERE account_id = :account_id AND card_id = :card_id"
    "  AND source = 'member') AS card_at,"
    " (SELECT count(*) FROM face_session WHERE account_id = :account_id AND state IN ('failed', 'expired')"
    "  AND created_at > :day_ago AND (NOT reasons <@ CAST(:excused AS jsonb)"
    "   OR state = 'failed' AND erased_at IS NOT NULL AND reasons = '[]')) AS failed_faces,"
    " (SELECT count(*) FROM face_session WHERE account_id = :account_id AND state IN ('failed', 'expired')"
    "  AND created_at >= :midnight AND jsonb_exists_any(reasons, CAST(:strangers AS text[]))) AS stranger_faces,"
    " (SELECT coalesce(sum(amount_fen), 0) FROM application WHERE account_id = :account_id"
    "  AND submitted_on = :today AND result->>'verified_by' = 'card_sms'"
    "  AND state = ANY(:counted)) AS route_today_fen, shared.*"
    " FROM company_kept(:account_id, :card_id, :address_mac, :device_since, :address_since) AS shared"
)
_KEEP = Statement(
    "INSERT INTO risk_decision (account_id, decision_id, application_id, route, outcome, reasons, delay_hours, facts,"
    " policy_version, decided_at, channel, device_id, address_mac, address_sealed)"
    " VALUES (:account_id, :decision_id, :application_id, :route, :outcome, :reasons, :delay_hours, :facts,"
    " :policy_version, :decided_at, :channel,"
    " (SELECT device_id FROM device WHERE account_id = :account_id AND ended_at IS NULL AND CAST(:channel AS varchar) = 'h5'),"
    " :address_mac, :address_sealed)",
    json=("reasons", "facts"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is judged: how much to which card, once, or by an agreement each month (`standing`)."""

    amount_fen: int
    card_id: UUID | None
    standing: bool = False


def risk_facts(
    session: Session,
    account_id: UUID,
    route: Route,
    asked: Asked,
    policy: Policy,
    at: datetime,
    origin: Origin | None = None,
) -> RiskFacts:
    """What is known now for a payment by this route to this card, asked for from there."""
    local = at.astimezone(SHANGHAI)
    known = _KNOWN.first(
        session,
        {
            "account_id": account_id,
            "card_id": asked.card_id,
            "day_ago": at - timedelta(days=1),
            "midnight": local.replace(hour=0, minute=0, second=0, microsecond=0),
            "today": shanghai_day(at),
            "counted": list(COUNTED_STATES),
            "excused": json.dumps(sorted(NOT_THE_MEMBERS)),
            "strangers": sorted(STRANGERS),
            "address_mac": origin.address_mac if origin else None,
            "device_since": at - timedelta(days=policy.integer("risk.device_members_days")),
            "address_since": at - timedelta(hours=policy.integer("risk.address_hours")),
        },
    )
    first_phone = known.device_at is None or known.device_at == known.first_device_at
    return RiskFacts(
        route=route,
        amount_fen=asked.amount_fen,
        hour=local.hour,
        device_age_h=None if first_phone else _hours(known.device_at, at),
        rebound_age_h=_hours(known.bound_at, at) if known.bindings > 1 else None,
        phone_changed_age_h=_hours(known.phone_changed_at, at),
        card_added_age_h=_hours(known.card_at, at),
        failed_faces=known.failed_faces,
        stranger_faces=known.stranger_faces,
        route_today_fen=int(known.route_today_fen),
        device_members=known.device_before + 1,
        card_members=known.card_others + 1,
        address_members=known.address_others + 1,
        standing=asked.standing,
    )


def _hours(since: datetime | None, at: datetime) -> int | None:
    return None if since is None else max(0, int((at - since).total_seconds()) // 3600)


def decide(
    session: Session,
    application: Application,
    asked: Asked,
    route: Route,
    policy: Policy,
    at: datetime,
    origin: Origin | None = None,
) -> Assessment:
    """Judge an application by this route and keep the decision with what it rested on, and from where."""
    facts = risk_facts(session, application.account_id, route, asked, policy, at, origin)
    found = assess(facts, policy)
    _KEEP.run(
        session,
        {
            "account_id": application.account_id,
            "decision_id": new_id(),
            "application_id": application.application_id,
            "route": route,
            **found.to_json(),
            "facts": facts.to_json(),
            "policy_version": policy.version,
            "decided_at": at,
            "channel": origin.channel if origin else None,
            "address_mac": origin.address_mac if origin else None,
            "address_sealed": origin.address_sealed if origin else None,
        },
    )
    return found


def card_of(application: Application) -> UUID | None:
    """The card an application pays to."""
    return UUID(application.payee["card_id"]) if application.payee else None


def refuse_closed(found: Assessment) -> None:
    """Raises RouteClosed when the decision leaves no way by this route."""
    if found.outcome in _CLOSED:
        code, turn_to = _CLOSED[found.outcome]
        raise RouteClosed(f"{found.reasons[0].text}。{turn_to}钱没有动。", code=code)


def note_route(
    session: Session, application: Application, route: Route, found: Assessment, at: datetime
) -> None:
    """Write on the application what it was verified by, and from when it may be paid; at once needs no note."""
    if route == "face" and not found.delay_hours:
        return
    noted: dict[str, object] = {"verified_by": route}
    if application.amount_fen is not None and found.delay_hours:
        noted["pay_from"] = shanghai_iso(at + timedelta(hours=found.delay_hours))
        noted["wait_reasons"] = [reason.text for reason in found.reasons]
    application.result = {**application.result, **noted}
    session.flush()  # the state is moved by a statement of its own
