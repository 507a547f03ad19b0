"""Unlocking and raising the daily limit 解锁与调高限额, once the member has proven to mean it: both wait before they hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from services.accounts.controls import ask_unlock, set_limit
from services.applications.models import Application
from services.applications.service import move
from services.applications.states import PLAIN_STATES
from services.core.outbox import emit
from services.policies.rules import Policy

OPENS_AT = "opens_at"
LIMIT_FROM = "limit_from"


def open_lock(
    session: Session, application: Application, policy: Policy, *, actor: str, at: datetime
) -> None:
    """Have the lock open after its time; the member is told. The caller holds the account's lock. Raises NotLocked."""
    opens_at = at + _wait(application, policy, "cooling.unlock_hours")
    ask_unlock(session, application.account_id, opens_at=opens_at, actor=actor, at=at)
    _finish(session, application, {OPENS_AT: opens_at.isoformat()}, actor, at)
    emit(session, application.account_id, "lock.opening", {OPENS_AT: opens_at.isoformat()}, at)


def raise_limit(
    session: Session, application: Application, form: Any, policy: Policy, *, actor: str, at: datetime
) -> None:
    """Have a higher limit hold after its time; as high as the centre's own, there is none any more."""
    limit_fen = own_limit(form.limit_fen, policy)
    from_at = at + _wait(application, policy, "cooling.raise_hours")
    set_limit(session, application.account_id, limit_fen, from_at=from_at, actor=actor, at=at)
    told = {LIMIT_FROM: from_at.isoformat(), "limit_fen": limit_fen}
    _finish(session, application, told, actor, at)
    emit(session, application.account_id, "limit.raised", told, at)


def own_limit(limit_fen: int, policy: Policy) -> int | None:
    """A limit as it is kept: none where it is no less than the centre's."""
    return limit_fen if limit_fen < policy.integer("withdrawal.day_limit_fen") else None


def _wait(application: Application, policy: Policy, key: str) -> timedelta:
    """Who did not show their face waits as long as a payment without one."""
    hours = policy.integer(key)
    if application.result.get("verified_by") == "card_sms":
        hours = max(hours, policy.integer("route.card_sms.delay_hours"))
    return timedelta(hours=hours)


def _finish(
    session: Session, application: Application, told: dict[str, Any], actor: str, at: datetime
) -> None:
    application.result = {**application.result, **told}
    session.flush()  # the state is moved by a statement of its own
    move(session, application, PLAIN_STATES, "complete", actor=actor, at=at)
