"""Deciding on risk 风险判定: collects the facts in one question, decides, and keeps what it rested on."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.core.clock import SHANGHAI, shanghai_day
from services.core.ids import new_id
from services.policies.rules import Policy
from services.withdrawals.models import RiskDecision
from services.withdrawals.risk import Assessment, RiskFacts, Route, assess
from services.withdrawals.states import COUNTED_STATES

_KNOWN = text(
    "SELECT"
    " (SELECT min(same.created_at) FROM device d JOIN device same USING (account_id, x, y)"
    "  WHERE d.account_id = :account_id AND d.ended_at IS NULL) AS device_at,"
    " (SELECT min(created_at) FROM device WHERE account_id = :account_id) AS first_device_at,"
    " (SELECT max(bound_at) FROM binding WHERE account_id = :account_id AND ended_at IS NULL) AS bound_at,"
    " (SELECT count(*) FROM binding WHERE account_id = :account_id AND ended_at IS NOT NULL) AS ended_bindings,"
    " (SELECT phone_changed_at FROM member WHERE account_id = :account_id) AS phone_changed_at,"
    " (SELECT created_at FROM payee_card WHERE account_id = :account_id AND card_id = :card_id"
    "  AND source = 'member') AS card_at,"
    " (SELECT count(*) FROM face_session WHERE account_id = :account_id AND state = 'failed'"
    "  AND created_at > :day_ago AND reasons <> '[\"face.photo_unavailable\"]') AS failed_faces,"
    " (SELECT count(*) FROM face_session WHERE account_id = :account_id AND state = 'failed'"
    "  AND created_at >= :midnight AND reasons @> '[\"match.other_person\"]') AS stranger_faces,"
    " (SELECT coalesce(sum(amount_fen), 0) FROM application WHERE account_id = :account_id"
    "  AND submitted_on = :today AND result->>'verified_by' = 'card_sms'"
    "  AND state = ANY(:counted)) AS route_today_fen"
)
_KEEP = insert(RiskDecision)


def risk_facts(
    session: Session, account_id: UUID, route: Route, amount_fen: int, card_id: UUID | None, at: datetime
) -> RiskFacts:
    """What is known now for a payment by this route to this card."""
    local = at.astimezone(SHANGHAI)
    known = session.execute(
        _KNOWN,
        {
            "account_id": account_id,
            "card_id": card_id,
            "day_ago": at - timedelta(days=1),
            "midnight": local.replace(hour=0, minute=0, second=0, microsecond=0),
            "today": shanghai_day(at),
            "counted": list(COUNTED_STATES),
        },
    ).one()
    first_phone = known.device_at is None or known.device_at == known.first_device_at
    return RiskFacts(
        route=route,
        amount_fen=amount_fen,
        hour=local.hour,
        device_age_h=None if first_phone else _hours(known.device_at, at),
        rebound_age_h=_hours(known.bound_at, at) if known.ended_bindings else None,
        phone_changed_age_h=_hours(known.phone_changed_at, at),
        card_added_age_h=_hours(known.card_at, at),
        failed_faces=known.failed_faces,
        stranger_faces=known.stranger_faces,
        route_today_fen=int(known.route_today_fen),
    )


def _hours(since: datetime | None, at: datetime) -> int | None:
    return None if since is None else max(0, int((at - since).total_seconds()) // 3600)


def decide(
    session: Session, application: Application, route: Route, policy: Policy, at: datetime
) -> Assessment:
    """Judge an application by this route and keep the decision with what it rested on."""
    facts = risk_facts(
        session, application.account_id, route, application.amount_fen or 0, card_of(application), at
    )
    found = assess(facts, policy)
    session.execute(
        _KEEP,
        {
            "account_id": application.account_id,
            "decision_id": new_id(),
            "application_id": application.application_id,
            "route": route,
            **found.to_json(),
            "facts": facts.to_json(),
            "policy_version": policy.version,
            "decided_at": at,
        },
    )
    return found


def card_of(application: Application) -> UUID | None:
    """The card an application pays to."""
    return UUID(application.payee["card_id"]) if application.payee else None
