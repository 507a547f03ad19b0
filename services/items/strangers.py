"""Another person's face 冒用: three tries of a day that showed somebody else end the application."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.service import load, move
from services.audit.service import record
from services.core.clock import Clock
from services.core.outbox import emit
from services.face.tries import strangers_today
from services.items.engine import state_table
from services.ledger.service import lock_balance
from services.policies.rules import Policy


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
