"""The judge's queue 核验排队: how long a try still waits, from how fast the last verdicts came."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.face.models import FaceSession

RECENT = timedelta(minutes=10)
PACE_UNKNOWN_S = 2.0
# A verdict takes from the moment the try could begin: its last frame, or the verdict before it.
_PACE = text(
    "SELECT avg(s) FROM (SELECT extract(epoch FROM judged_at"
    " - greatest(completed_at, lag(judged_at) OVER (ORDER BY judged_at))) AS s FROM face_session"
    " WHERE kind = 'camera' AND state IN ('passed', 'failed', 'consumed') AND created_at > :since"
    " AND judged_at IS NOT NULL AND completed_at IS NOT NULL ORDER BY judged_at DESC LIMIT 20) AS verdicts"
)


def wait_s(session: Session, row: FaceSession, now: datetime) -> int:
    """Seconds until this try has its verdict: those before it and itself, each at the present pace."""
    ahead = session.scalar(
        select(func.count())
        .select_from(FaceSession)
        .where(
            FaceSession.kind == "camera",
            FaceSession.state == "judging",
            FaceSession.completed_at <= row.completed_at,
        )
    )
    return math.ceil((ahead or 1) * pace_s(session, now))


def pace_s(session: Session, now: datetime) -> float:
    """Seconds a verdict took lately."""
    measured = session.scalar(_PACE, {"since": now - RECENT})
    return float(measured) if measured is not None else PACE_UNKNOWN_S
