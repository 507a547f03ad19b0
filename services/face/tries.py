"""Tries of the face 刷脸次数: so many a day, and one at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.core.clock import shanghai_day
from services.face.models import FaceBatch, FaceSession
from services.face.states import FACE_STATES

NOT_THE_MEMBERS = ["face.photo_unavailable"]
"""The reasons of a failure that does not use up a try: there was no photo to compare with."""


def failed_today(session: Session, account_id: UUID, at: datetime) -> int:
    """How many tries of this Shanghai day failed by what was in front of the camera."""
    recent = session.execute(
        select(FaceSession.created_at, FaceSession.reasons).where(
            FaceSession.account_id == account_id,
            FaceSession.state == "failed",
            FaceSession.created_at > at - timedelta(days=1),
        )
    )
    today = shanghai_day(at)
    return sum(
        1 for row in recent if shanghai_day(row.created_at) == today and row.reasons != NOT_THE_MEMBERS
    )


def end_earlier(session: Session, account_id: UUID) -> int:
    """End the member's tries that take frames; returns how many wait for their verdict."""
    live = select(FaceSession).where(
        FaceSession.account_id == account_id, FaceSession.state.in_(("open", "judging"))
    )
    rows = list(session.scalars(live.with_for_update().execution_options(populate_existing=True)))
    for row in rows:
        if row.state == "open":
            row.state = FACE_STATES.target(row.state, "expire")
            forget_frames(session, row)
    return sum(1 for row in rows if row.state == "judging")


def forget_frames(session: Session, row: FaceSession) -> None:
    """Delete the pictures of a session."""
    session.execute(
        delete(FaceBatch).where(
            FaceBatch.account_id == row.account_id, FaceBatch.session_id == row.session_id
        )
    )
