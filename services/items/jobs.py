"""Tending applications 办件清理: what was never verified in time ends, and the member may start anew."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.applications.models import Application
from services.applications.service import load, move
from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.items.engine import state_table
from services.ledger.service import lock_balance


class ApplicationTending:
    """Ends applications whose time for verification is over."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def expire_late(self) -> int:
        """Expire what is still `verifying` after its time; returns how many."""
        late = select(Application.account_id, Application.application_id).where(
            Application.state == "verifying", Application.expires_at < self._clock.now()
        )
        with transaction(self._sessions) as session:
            rows = session.execute(late.limit(200)).all()
        for row in rows:
            self._expire(row.account_id, row.application_id)
        return len(rows)

    def _expire(self, account_id: UUID, application_id: UUID) -> None:
        now = self._clock.now()
        with transaction(self._sessions) as session:
            lock_balance(session, account_id)
            application = load(session, account_id, application_id, lock=True)
            if application.state == "verifying" and application.expires_at and application.expires_at < now:
                move(session, application, state_table(application), "expire", actor="系统", at=now)
