"""Another person's face 冒用: three tries of a day that showed somebody else end the application."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.applications.service import load, move
from services.audit.service import record
from services.core.clock import Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.core.outbox import emit
from services.face.tries import STRANGERS, strangers_today
from services.items.engine import state_table
from services.ledger.service import lock_balance
from services.policies.rules import Policy
from services.policies.service import PolicyBook

_SUSPECT = text(
    "SELECT a.account_id, a.application_id FROM application a WHERE a.state = 'verifying' AND EXISTS"
    " (SELECT 1 FROM face_session f WHERE f.account_id = a.account_id AND f.state IN ('failed', 'expired')"
    "  AND f.created_at > :since AND jsonb_exists_any(f.reasons, CAST(:strangers AS text[]))) LIMIT 200"
)


def refuse_stranger(
    session: Session, account_id: UUID, application_id: UUID, policy: Policy, clock: Clock
) -> bool:
    """verifying → refused when as many tries as a day allows showed another person; the member is told at once.

    True when the application ended here.
    """
    now = clock.now()
    if strangers_today(session, account_id, now) < policy.integer("face.tries_per_day"):
        return False
    lock_balance(session, account_id)
    application = load(session, account_id, application_id, lock=True)
    if application.state != "verifying":
        return False
    move(
        session,
        application,
        state_table(application),
        "face_failed",
        actor="系统",
        at=now,
        note="match.other_person",
    )
    record(
        session,
        account_id,
        "application.refused",
        actor="system",
        subject=str(application_id),
        at=now,
        detail={"reason": "match.other_person"},
    )
    payload = {"application_id": str(application_id), "item_name": application.quote["item_name"]}
    emit(session, account_id, "face.stranger", payload, now)
    return True


class StrangerTending:
    """Ends applications whose member, or whoever held the phone, never looked at the verdict."""

    def __init__(self, sessions: Sessions, clock: Clock, policies: PolicyBook) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policies = policies

    def take_up(self) -> int:
        """Refuse what has to be refused; run every few seconds. Returns how many ended."""
        now = self._clock.now()
        values = {"since": now - timedelta(days=1), "strangers": sorted(STRANGERS)}
        with transaction(self._sessions) as session:
            rows = session.execute(_SUSPECT, values).all()
            policy = self._policies.on(session, shanghai_day(now))
        return sum(self._end(row.account_id, row.application_id, policy) for row in rows)

    def _end(self, account_id: UUID, application_id: UUID, policy: Policy) -> bool:
        with transaction(self._sessions) as session:
            return refuse_stranger(session, account_id, application_id, policy, self._clock)
