"""Retention of invitations 帮家人办保存期限: who may look stays while it holds; what has ended goes after three years.

That somebody was invited, looked and was sent away stays in the member's record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from services.core.retention_rules import BATCH
from services.relatives.models import RelativeLink

_NOT_TAKEN = timedelta(days=1)
_ENDED = func.coalesce(RelativeLink.ended_at, RelativeLink.code_until)
_OVER = RelativeLink.ended_at.is_not(None) | RelativeLink.accepted_at.is_(None)


@dataclass(frozen=True, slots=True)
class LinkRule:
    """Links that were ended, and codes that nobody used."""

    category: ClassVar[str] = "relative_link"
    life: timedelta = timedelta(days=3 * 365)
    every: timedelta = timedelta(hours=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Delete up to BATCH links; a code that nobody used is gone a day after it has run out."""
        unused = RelativeLink.accepted_at.is_(None) & (
            RelativeLink.code_until < cutoff + self.life - _NOT_TAKEN
        )
        old = select(RelativeLink.account_id, RelativeLink.link_id).where(_OVER, unused | (cutoff > _ENDED))
        rows = session.execute(old.limit(BATCH).with_for_update(skip_locked=True)).all()
        key = tuple_(RelativeLink.account_id, RelativeLink.link_id)
        session.execute(delete(RelativeLink).where(key.in_([tuple(row) for row in rows])))
        return len(rows)

    def oldest(self, session: Session) -> datetime | None:
        """The link that has been over for longest."""
        return session.scalar(select(func.min(_ENDED)).where(_OVER))
