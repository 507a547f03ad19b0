"""Tries of the face 刷脸次数: so many a day, and one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.core.clock import shanghai_day
from services.face.models import FaceBatch, FaceSession
from services.face.states import FACE_STATES

NOT_THE_MEMBERS = frozenset(
    {
        "face.photo_unavailable",
        "face.wechat_unavailable",
        "wechat.cancelled",
        "wechat.network",
        "wechat.no_camera",
        "wechat.system",
        "wechat.unsupported",
    }
)
"""Reasons of a failure that does not use up a try: no face was compared."""
STRANGERS = frozenset({"match.other_person", "wechat.other_person"})
"""Reasons of a try that showed somebody else, to us or to WeChat."""


def failed_today(session: Session, account_id: UUID, at: datetime) -> int:
    """How many tries of this Shanghai day failed by what was in front of the camera."""
    recent = session.execute(
        select(FaceSession.created_at, FaceSession.state, FaceSession.reasons).where(
            FaceSession.account_id == account_id,
            FaceSession.state.in_(("failed", "expired")),
            FaceSession.created_at > at - timedelta(days=1),
        )
    )
    today = shanghai_day(at)
    return sum(
        1 for row in recent if shanghai_day(row.created_at) == today and used_up(row.state, row.reasons)
    )


def used_up(state: str, reasons: Sequence[str]) -> bool:
    """Whether an ended session used up a try. One that ran out of time did only if a failure was learnt later."""
    if state == "expired" and not reasons:
        return False
    return not reasons or not NOT_THE_MEMBERS.issuperset(reasons)


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


def strangers_today(session: Session, account_id: UUID, at: datetime) -> int:
    """How many tries of this Shanghai day showed another person, learnt in time or later."""
    recent = session.execute(
        select(FaceSession.created_at, FaceSession.reasons).where(
            FaceSession.account_id == account_id,
            FaceSession.state.in_(("failed", "expired")),
            FaceSession.created_at > at - timedelta(days=1),
        )
    )
    today = shanghai_day(at)
    return sum(
        1 for row in recent if shanghai_day(row.created_at) == today and STRANGERS.intersection(row.reasons)
    )
