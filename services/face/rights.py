"""Rights over one's face data 人脸数据权利: see what is kept, take consent back, have it deleted early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text, union, update
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import shanghai_day
from services.face.models import (
    FaceBatch,
    FaceFrameHash,
    FacePictureHash,
    FaceSession,
    FaceTemplate,
    FaceVerification,
)
from services.face.retention import BLANK, KEPT, UNFINISHED
from services.face.states import FACE_STATES
from services.face.tries import forget_frames

NOBODY = UUID(int=0)
_PART = tuple(
    text(
        f"UPDATE {table} AS h SET account_id = :nobody, session_id = fresh.session_id,"  # noqa: S608
        " seen_at = date_trunc('day', h.seen_at)"
        " FROM (SELECT old.session_id AS before, gen_random_uuid() AS session_id"
        f" FROM (SELECT DISTINCT session_id FROM {table} WHERE account_id = :account_id) AS old) AS fresh"
        " WHERE h.account_id = :account_id AND h.session_id = fresh.before"
    )
    for table in ("face_frame_hash", "face_picture_hash")
)


@dataclass(frozen=True, slots=True)
class KeptSession:
    """What is kept of one try, and until when; frames are there only while it runs."""

    session_id: UUID
    application_id: UUID
    state: str
    at: datetime
    scores: int
    reasons: tuple[str, ...]
    hashes: int
    frames: int
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class FaceData:
    """Everything the centre holds of a member's face."""

    sessions: tuple[KeptSession, ...]
    template_made_at: datetime | None


@dataclass(frozen=True, slots=True)
class People:
    """How many people the centre holds face data of."""

    with_template: int
    with_face_data: int


def face_data_of(session: Session, account_id: UUID) -> FaceData:
    """What is held of a member, newest first."""
    rows = session.scalars(
        select(FaceSession)
        .where(FaceSession.account_id == account_id, FaceSession.erased_at.is_(None))
        .order_by(FaceSession.created_at.desc())
    ).all()
    hashes = _counts(session, account_id, FaceFrameHash) | _counts(session, account_id, FacePictureHash)
    frames = _counts(session, account_id, FaceBatch)
    kept = tuple(
        KeptSession(
            session_id=row.session_id,
            application_id=row.application_id,
            state=row.state,
            at=row.created_at,
            scores=len(row.scores),
            reasons=tuple(row.reasons),
            hashes=hashes.get(row.session_id, 0),
            frames=frames.get(row.session_id, 0),
            kept_until=row.created_at + KEPT,
        )
        for row in rows
    )
    made_at = session.scalar(select(FaceTemplate.made_at).where(FaceTemplate.account_id == account_id))
    return FaceData(kept, made_at)


def _counts(
    session: Session, account_id: UUID, table: type[FaceBatch | FaceFrameHash | FacePictureHash]
) -> dict[UUID, int]:
    rows = session.execute(
        select(table.session_id, func.count())
        .where(table.account_id == account_id)
        .group_by(table.session_id)
    )
    return {row[0]: row[1] for row in rows}


def end_for_withdrawal(session: Session, account_id: UUID, consent_id: UUID, at: datetime) -> int:
    """The consent was taken back: its running tries end, their frames and any template go. Gives how many ended."""
    ended = _end_running(session, account_id, consent_id)
    delete_template(session, account_id)
    if ended:
        record(
            session,
            account_id,
            "face.ended",
            actor="member",
            subject=str(consent_id),
            at=at,
            detail={"sessions": ended},
        )
    return ended


def _end_running(session: Session, account_id: UUID, consent_id: UUID | None = None) -> int:
    running = select(FaceSession).where(
        FaceSession.account_id == account_id, FaceSession.state.in_(UNFINISHED)
    )
    if consent_id is not None:
        running = running.where(FaceSession.consent_id == consent_id)
    rows = session.scalars(running.with_for_update().execution_options(populate_existing=True)).all()
    for row in rows:
        row.state = FACE_STATES.target(row.state, "expire")
        forget_frames(session, row)
    return len(rows)


def erase(session: Session, account_id: UUID, at: datetime) -> int:
    """Delete what is held of a member's face before its time; gives how many tries were blanked.

    That a session was passed, for which operation and when, stays: the money rests on it. The reasons of today's
    failures stay until midnight, or deleting them would give new tries. The codes of frames lose their owner and
    stay their 90 days, or whoever is signed in could make old frames good again by deleting them.
    """
    _end_running(session, account_id)
    session.execute(delete(FaceBatch).where(FaceBatch.account_id == account_id))
    _part_hashes(session, account_id)
    session.execute(
        delete(FaceVerification).where(
            FaceVerification.account_id == account_id, FaceVerification.answered_at.is_not(None)
        )
    )
    delete_template(session, account_id)
    session.flush()
    blanked = _blank(session, account_id, at)
    record(
        session,
        account_id,
        "face.erased",
        actor="member",
        subject=str(account_id),
        at=at,
        detail={"sessions": blanked},
    )
    return blanked


def _part_hashes(session: Session, account_id: UUID) -> None:
    """Part the codes of frames from the member: no owner, a session nobody knows, the day instead of the moment."""
    for statement in _PART:
        session.execute(statement, {"account_id": account_id, "nobody": NOBODY})


def _blank(session: Session, account_id: UUID, at: datetime) -> int:
    rows = session.scalars(
        select(FaceSession)
        .where(FaceSession.account_id == account_id, FaceSession.erased_at.is_(None))
        .with_for_update()
    ).all()
    today = shanghai_day(at)
    for row in rows:
        kept = row.reasons if shanghai_day(row.created_at) == today else []
        session.execute(
            update(FaceSession)
            .where(FaceSession.account_id == account_id, FaceSession.session_id == row.session_id)
            .values(**BLANK | {"reasons": kept}, erased_at=at)
        )
    return len(rows)


def delete_template(session: Session, account_id: UUID) -> int:
    """Delete the member's template, if there is one; needs no right to read it."""
    gone = session.execute(
        delete(FaceTemplate)
        .where(FaceTemplate.account_id == account_id)
        .execution_options(synchronize_session=False)
    )
    return gone.rowcount  # type: ignore[attr-defined, no-any-return]


def people_counted(session: Session) -> People:
    """People with a template, and people with any face data; from 100,000 the centre files with the province."""
    with_data = union(
        select(FaceSession.account_id).where(FaceSession.erased_at.is_(None)), select(FaceTemplate.account_id)
    ).subquery()
    return People(
        with_template=session.scalar(select(func.count(FaceTemplate.account_id))) or 0,
        with_face_data=session.scalar(select(func.count()).select_from(with_data)) or 0,
    )
