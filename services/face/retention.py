"""Retention of frames 画面保存期限: ten minutes at most, whatever happened to their session."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.face.models import FaceBatch, FaceSession
from services.face.states import FACE_STATES


def delete_stale_frames(session: Session, before: datetime) -> int:
    """Retention: end sessions left open and delete frames older than `before`; returns how many batches went."""
    stale = select(FaceSession).where(
        FaceSession.state.in_(("open", "judging")), FaceSession.created_at < before
    )
    for row in session.scalars(stale.with_for_update(skip_locked=True)):
        row.state = FACE_STATES.target(row.state, "expire")
    gone = session.execute(delete(FaceBatch).where(FaceBatch.received_at < before))
    return gone.rowcount  # type: ignore[attr-defined, no-any-return]
