"""Retention of face data 人脸数据保存期限: frames ten minutes at most, scores and reasons 90 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from services.core.clock import SHANGHAI, shanghai_day
from services.core.retention_rules import BATCH
from services.face.models import FaceBatch, FaceSession, FaceTemplate, FaceVerification
from services.face.states import FACE_STATES

KEPT = timedelta(days=90)
FRAMES_LIFE = timedelta(minutes=9)
"""A minute less than promised: the rule runs every minute."""
UNFINISHED = ("open", "judging")
BLANK = {
    "scores": {},
    "reasons": [],
    "models": {},
    "prompts": [],
    "starts_ms": [],
    "nonce": "",
    "challenge_key_sealed": b"",
}
"""What an erased session keeps of its course: nothing. State, digest and times stay as evidence of the money."""


@dataclass(frozen=True, slots=True)
class FrameRule:
    """Frames of whatever session; its session ends with them."""

    category: ClassVar[str] = "face_batch"
    life: timedelta = FRAMES_LIFE
    every: timedelta = timedelta(minutes=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Delete frames older than the cutoff."""
        return delete_stale_frames(session, cutoff)

    def oldest(self, session: Session) -> datetime | None:
        """When the oldest frame left came."""
        return oldest_frame_at(session)


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """Scores, reasons and the course of sessions."""

    category: ClassVar[str] = "face_session.scores"
    life: timedelta = KEPT
    every: timedelta = timedelta(hours=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Blank up to BATCH sessions opened before the cutoff."""
        old = select(FaceSession.session_id).where(
            FaceSession.erased_at.is_(None), FaceSession.created_at < cutoff
        )
        due = old.order_by(FaceSession.created_at).limit(BATCH).scalar_subquery()
        blanked = session.execute(
            update(FaceSession)
            .where(FaceSession.session_id.in_(due), FaceSession.created_at < cutoff)
            .values(**BLANK, erased_at=cutoff + self.life)
            .execution_options(synchronize_session=False)
        )
        self._forget_reasons(session, cutoff + self.life)
        return blanked.rowcount  # type: ignore[attr-defined, no-any-return]

    @staticmethod
    def _forget_reasons(session: Session, now: datetime) -> None:
        """Sessions erased by their member kept their reasons for the day: the day's limits rest on them."""
        midnight = datetime.combine(shanghai_day(now), time(), SHANGHAI)
        session.execute(
            update(FaceSession)
            .where(FaceSession.erased_at < midnight, FaceSession.reasons != [])
            .values(reasons=[])
            .execution_options(synchronize_session=False)
        )

    def oldest(self, session: Session) -> datetime | None:
        """When the oldest session that still has scores was opened."""
        return session.scalar(select(func.min(FaceSession.created_at)).where(FaceSession.erased_at.is_(None)))


@dataclass(frozen=True, slots=True)
class TemplateRule:
    """Templates that no passed face has renewed for a year."""

    category: ClassVar[str] = "face_template"
    life: timedelta = timedelta(days=365)
    every: timedelta = timedelta(hours=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Delete templates made before the cutoff; needs no right to read them."""
        gone = session.execute(
            delete(FaceTemplate)
            .where(FaceTemplate.made_at < cutoff)
            .execution_options(synchronize_session=False)
        )
        return gone.rowcount  # type: ignore[attr-defined, no-any-return]

    def oldest(self, session: Session) -> datetime | None:
        """When the oldest template was made."""
        return session.scalar(select(func.min(FaceTemplate.made_at)))


@dataclass(frozen=True, slots=True)
class VerificationRule:
    """What bound sessions to WeChat's verification: as long as their scores, or a day once the member had them erased.

    The day: until then WeChat is asked how a try went that nobody came back from.
    """

    category: ClassVar[str] = "face_verification"
    life: timedelta = KEPT
    every: timedelta = timedelta(hours=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Delete up to BATCH rows that are due."""
        erased = FaceSession.erased_at.is_not(None)
        due = self._joined(FaceVerification.session_id).where(
            (FaceSession.created_at < cutoff)
            | (erased & (FaceSession.created_at < cutoff + self.life - timedelta(days=1)))
        )
        gone = session.execute(
            delete(FaceVerification)
            .where(FaceVerification.session_id.in_(due.limit(BATCH).scalar_subquery()))
            .execution_options(synchronize_session=False)
        )
        return gone.rowcount  # type: ignore[attr-defined, no-any-return]

    def oldest(self, session: Session) -> datetime | None:
        """When the oldest session was opened that still has one."""
        oldest: datetime | None = session.scalar(self._joined(func.min(FaceSession.created_at)))
        return oldest

    @staticmethod
    def _joined(what: Any) -> Select[Any]:
        return select(what).join_from(
            FaceVerification,
            FaceSession,
            (FaceSession.account_id == FaceVerification.account_id)
            & (FaceSession.session_id == FaceVerification.session_id),
        )


def oldest_frame_at(session: Session) -> datetime | None:
    """When the oldest stored frame came."""
    return session.scalar(select(func.min(FaceBatch.received_at)))


def delete_stale_frames(session: Session, before: datetime) -> int:
    """Retention: end sessions left open and delete frames older than `before`; returns how many batches went."""
    stale = select(FaceSession).where(FaceSession.state.in_(UNFINISHED), FaceSession.created_at < before)
    for row in session.scalars(stale.with_for_update(skip_locked=True)):
        row.state = FACE_STATES.target(row.state, "expire")
    gone = session.execute(delete(FaceBatch).where(FaceBatch.received_at < before))
    return gone.rowcount  # type: ignore[attr-defined, no-any-return]
