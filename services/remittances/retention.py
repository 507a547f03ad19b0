"""Retention of lines 清册明细保存期限: the rows of a batch that came to nothing go soon, those of a posted one after years.

What was credited stays: months, journals and audit do not need the lines. A batch without its lines is not taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from services.core.retention_rules import BATCH
from services.remittances.models import RemittanceBatch, RemittanceLine

_NOTHING, _DONE = ("refused", "cancelled"), ("posted", "reversed")


@dataclass(frozen=True, slots=True)
class LineRule:
    """Lines of batches at their end; the clock of a batch is its last change."""

    category: ClassVar[str] = "remittance_line"
    life: timedelta = timedelta(days=90)
    posted_life: timedelta = timedelta(days=3 * 365)
    every: timedelta = timedelta(hours=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Delete up to BATCH lines."""
        old = select(RemittanceLine.batch_id, RemittanceLine.line_no).join(
            RemittanceBatch, RemittanceBatch.batch_id == RemittanceLine.batch_id
        )
        rows = session.execute(old.where(self._over(cutoff)).limit(BATCH)).all()
        key = tuple_(RemittanceLine.batch_id, RemittanceLine.line_no)
        session.execute(delete(RemittanceLine).where(key.in_([tuple(row) for row in rows])))
        return len(rows)

    def oldest(self, session: Session) -> datetime | None:
        """The end of the oldest batch that came to nothing, or as long after that of a posted one as this is kept."""
        came_to_nothing = session.scalar(_first_end(_NOTHING))
        done = session.scalar(_first_end(_DONE))
        later = done + (self.posted_life - self.life) if done is not None else None
        return min((at for at in (came_to_nothing, later) if at is not None), default=None)

    def _over(self, cutoff: datetime) -> ColumnElement[bool]:
        long_ago = cutoff - (self.posted_life - self.life)
        told = or_(RemittanceBatch.state == "reversed", RemittanceBatch.told >= RemittanceBatch.people)
        return or_(
            and_(RemittanceBatch.state.in_(_NOTHING), RemittanceBatch.updated_at < cutoff),
            and_(RemittanceBatch.state.in_(_DONE), RemittanceBatch.updated_at < long_ago, told),
        )


def _first_end(states: tuple[str, ...]) -> Select[datetime]:
    has_lines = exists().where(RemittanceLine.batch_id == RemittanceBatch.batch_id)
    return select(func.min(RemittanceBatch.updated_at)).where(RemittanceBatch.state.in_(states), has_lines)
