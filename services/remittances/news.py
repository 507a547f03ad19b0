"""News of contributions 缴存到账通知: the bound members of a posted batch are told, some hundred in a transaction.

Nobody else is: a message to each of 371,800 people a month is what the look-up in the phone is for. Whether and how a
member is told is for the topic 缴存到账 and their own wishes, as for a single contribution.
"""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.outbox import emit
from services.remittances.models import RemittanceBatch
from services.remittances.rules import month_text

LINES = 500
TOPIC = "contribution.posted"
_BOUND = text("""
SELECT c.account_id, c.amount_fen, b.balance_fen
FROM remittance_line l JOIN provident_fund_account a ON a.account_no = l.account_no
JOIN contribution c ON c.account_id = a.account_id AND c.month = :month AND c.batch_id = l.batch_id
JOIN member_balance b ON b.account_id = a.account_id
WHERE l.batch_id = :batch_id AND l.line_no BETWEEN :first AND :last
  AND EXISTS (SELECT 1 FROM binding w WHERE w.account_id = a.account_id AND w.ended_at IS NULL)
ORDER BY l.line_no
""")


class News:
    """Tells, and remembers on the batch how far it has come."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def tell_some(self) -> int:
        """The next lines of the batch that was posted first and is not all told; returns how many were told."""
        with transaction(self._sessions) as session:
            batch = session.scalar(
                select(RemittanceBatch)
                .where(RemittanceBatch.state == "posted", RemittanceBatch.told < RemittanceBatch.people)
                .order_by(RemittanceBatch.updated_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            return self._tell(session, batch) if batch is not None else 0

    def _tell(self, session: Session, batch: RemittanceBatch) -> int:
        last = min(batch.told + LINES, batch.people)
        values = {"batch_id": batch.batch_id, "first": batch.told + 1, "last": last, "month": batch.month}
        rows = session.execute(_BOUND, values).all()
        for row in rows:
            month = month_text(batch.month)
            payload = {"month": month, "amount_fen": row.amount_fen, "balance_fen": row.balance_fen}
            emit(session, row.account_id, TOPIC, payload, self._clock.now())
        batch.told = last
        return len(rows)
