"""Taking back 收回申请: caution that comes later than an application must not be undone by it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.applications.service import move
from services.applications.states import PLAIN_STATES
from services.audit.service import record


def take_back(session: Session, account_id: UUID, item_code: str, actor: str, at: datetime) -> None:
    """Cancel what waits for its proof or for a person. The account is locked."""
    pending = select(Application).where(
        Application.account_id == account_id,
        Application.item_code == item_code,
        Application.state.in_(("verifying", "in_review")),
    )
    for one in session.scalars(pending.with_for_update()):
        move(session, one, PLAIN_STATES, "cancel", actor=actor, at=at)
        record(
            session, account_id, "application.cancelled", actor=actor, subject=str(one.application_id), at=at
        )
