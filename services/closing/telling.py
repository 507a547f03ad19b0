"""Telling of the year's interest 结息通知: after the run, some hundred members at a time, each once."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.models import InterestReceipt, InterestRun
from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.outbox import emit

AT_ONCE = 200


class InterestTelling:
    """Writes the event of each receipt; notices then go their usual way, by topic, quiet hours and budget."""

    def __init__(self, sessions: Sessions, clock: Clock, *, at_once: int = AT_ONCE) -> None:
        self._sessions = sessions
        self._clock = clock
        self._at_once = at_once

    def take_up(self) -> int:
        """The next members of a finished run; how far it has come is written with the events. Every few seconds."""
        with transaction(self._sessions) as session:
            run = session.scalar(
                select(InterestRun)
                .where(InterestRun.finished_at.is_not(None), InterestRun.told_at.is_(None))
                .order_by(InterestRun.settled_on)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            return self._tell(session, run) if run is not None else 0

    def _tell(self, session: Session, run: InterestRun) -> int:
        receipts = select(InterestReceipt).where(InterestReceipt.settled_on == run.settled_on)
        if run.told_through is not None:
            receipts = receipts.where(InterestReceipt.account_id > run.told_through)
        rows = session.scalars(receipts.order_by(InterestReceipt.account_id).limit(self._at_once)).all()
        now = self._clock.now()
        for row in rows:
            if row.interest_fen:
                payload = {"amount_fen": row.interest_fen, "balance_fen": row.balance_fen}
                emit(session, row.account_id, "interest.posted", payload, now)
            run.told_through = row.account_id
        if len(rows) < self._at_once:
            run.told_at = now
        return len(rows)
