"""Jobs of remittances 汇缴任务: posting and taking back, some sets at a time, and what a crash left lying."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.jobs import Job
from services.remittances.models import RemittanceBatch
from services.remittances.news import News
from services.remittances.posting import Posting
from services.remittances.reversing import Reversals
from services.remittances.service import POST, QUEUE, defer_posting
from services.remittances.states import MOVING

GRACE = timedelta(seconds=30)


class RemittanceJobs:
    """One job is one set: others of the queue get their turn between them."""

    def __init__(
        self, sessions: Sessions, clock: Clock, posting: Posting, reversals: Reversals, news: News
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._posting = posting
        self._reversals = reversals
        self._news = news

    def jobs(self) -> list[Job]:
        """What the queue can do."""
        return [Job(POST, QUEUE, self.post)]

    def post(self, batch_id: str) -> None:
        """The next set of a batch."""
        with transaction(self._sessions) as session:
            state = session.get_one(RemittanceBatch, UUID(batch_id)).state
        way = self._reversals if state == "reversing" else self._posting
        way.step(UUID(batch_id), again=True)

    def take_up(self) -> int:
        """Batches that nobody has moved for a while, and members who are still to be told; every few seconds."""
        cutoff = self._clock.now() - GRACE
        stale = select(RemittanceBatch.batch_id).where(
            RemittanceBatch.state.in_(MOVING), RemittanceBatch.updated_at < cutoff
        )
        with transaction(self._sessions) as session:
            found = list(session.scalars(stale.limit(100)))
            for batch_id in found:
                defer_posting(session, batch_id)
        return len(found) + self._news.tell_some()
