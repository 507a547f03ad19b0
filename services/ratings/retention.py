"""Retention of ratings 评价保存期限: after three years the words go; the level stays with its case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from services.core.retention import BATCH
from services.ratings.models import CaseRating

_WORDS = or_(
    CaseRating.words_sealed.is_not(None),
    CaseRating.added_sealed.is_not(None),
    CaseRating.answer_sealed.is_not(None),
)
_DONE_WITH = or_(CaseRating.answer_due_on.is_(None), CaseRating.answered_at.is_not(None))


@dataclass(frozen=True, slots=True)
class WordsRule:
    """What members wrote and what they were answered; one that still waits for its answer keeps them."""

    category: ClassVar[str] = "case_rating"
    life: timedelta = timedelta(days=3 * 365)
    every: timedelta = timedelta(hours=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Forget the words of up to BATCH ratings."""
        key = (CaseRating.account_id, CaseRating.application_id)
        old = select(*key).where(_kept(), CaseRating.rated_at < cutoff)
        rows = session.execute(old.limit(BATCH).with_for_update(skip_locked=True)).all()
        these = update(CaseRating).where(tuple_(*key).in_([tuple(row) for row in rows]))
        session.execute(these.values(words_sealed=None, added_sealed=None, answer_sealed=None))
        return len(rows)

    def oldest(self, session: Session) -> datetime | None:
        """The oldest rating with words."""
        return session.scalar(select(func.min(CaseRating.rated_at)).where(_kept()))


def _kept() -> ColumnElement[bool]:
    return and_(_WORDS, _DONE_WITH)
