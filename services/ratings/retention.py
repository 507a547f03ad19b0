"""Retention of ratings 评价保存期限: after three years the words go; the level stays with its case."""

from datetime import timedelta

from sqlalchemy import and_, or_

from services.core.retention_rules import Forget
from services.ratings.models import CaseRating

_HAS_WORDS = or_(
    CaseRating.words_sealed.is_not(None),
    CaseRating.added_sealed.is_not(None),
    CaseRating.answer_sealed.is_not(None),
)
_DONE_WITH = or_(CaseRating.answer_due_on.is_(None), CaseRating.answered_at.is_not(None))
WORDS = Forget(
    "case_rating",
    key=(CaseRating.account_id, CaseRating.application_id),
    since=CaseRating.rated_at,
    kept=and_(_HAS_WORDS, _DONE_WITH),
    empties=("words_sealed", "added_sealed", "answer_sealed"),
    life=timedelta(days=3 * 365),
)
"""What members wrote and what they were answered; one that still waits for its answer keeps them."""
