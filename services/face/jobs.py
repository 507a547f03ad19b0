"""Job of the face worker 人脸核验任务: fetch the authority's photo, judge, write the verdict."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from datetime import timedelta
from uuid import UUID

import structlog

from services.core.clock import Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.core.jobs import Job, defer
from services.datasharing.ports import ShareAnswer
from services.datasharing.service import DataSharing, Question
from services.face.engine.types import Verdict
from services.face.models import FaceSession
from services.face.ports import Judge
from services.face.retention import FRAMES_LIFE, delete_stale_frames
from services.face.service import QUEUE, Faces
from services.face.templates import Templates
from services.face.views import frame_digest
from services.policies.service import PolicyBook

log = structlog.get_logger(__name__)


class FaceJobs:
    """Handlers bound to the judge and the photo service."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        faces: Faces,
        judge: Judge,
        sharing: DataSharing,
        policies: PolicyBook,
        templates: Templates | None = None,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._faces = faces
        self._judge = judge
        self._sharing = sharing
        self._policies = policies
        self._templates = templates

    def jobs(self) -> list[Job]:
        """What the face queue can do."""
        return [Job("face.judge", QUEUE, self.judge)]

    def judge(self, account_id: str, session_id: str) -> None:
        """Judge one completed session."""
        account, face_session = UUID(account_id), UUID(session_id)
        with transaction(self._sessions) as session:
            material = self._faces.material(session, account, face_session)
            policy = self._policies.on(session, shanghai_day(self._clock.now()))
        if material is None:
            return
        row, frames, prompts = material
        reference = self._reference(row)
        verdict = (
            refusal("face.photo_unavailable")
            if reference is None
            else self._judge.judge(frames, prompts, reference)
        )
        log.info("face.judged", session_id=session_id, passed=verdict.passed, reasons=list(verdict.reasons))
        hashes = [frame_digest(frame.jpeg) for frame in frames]
        with transaction(self._sessions) as session:
            self._faces.conclude(
                session, account, face_session, verdict, hashes, policy.integer("face.serve_minutes")
            )
            passed = self._faces.read(session, account, face_session).state == "passed"
            if passed and verdict.template and self._templates is not None:
                self._templates.keep(session, account, verdict.template, self._clock.now())

    def _reference(self, row: FaceSession) -> bytes | None:
        """The authority's photo; while its service is down, what is kept of it, if anything is."""
        question = Question(
            row.account_id, "police.photo", "刷脸核验", str(row.application_id), row.consent_id, {}
        )
        answer = self._sharing.ask(question)
        if answer.status != "unavailable" or self._templates is None:
            return _photo_in(answer)
        with transaction(self._sessions) as session:
            return self._templates.load(session, row.account_id)

    def take_up(self) -> int:
        """Plan again what a crash left unjudged, and delete frames whose time is over; run every few seconds."""
        now = self._clock.now()
        with transaction(self._sessions) as session:
            delete_stale_frames(session, now - FRAMES_LIFE)
            waiting = self._faces.waiting_since(session, now - timedelta(seconds=15))
            for account_id, session_id in waiting:
                defer(
                    session,
                    "face.judge",
                    QUEUE,
                    queueing_lock=f"face:{session_id}",
                    account_id=account_id,
                    session_id=session_id,
                )
        return len(waiting)


def _photo_in(answer: ShareAnswer) -> bytes | None:
    if answer.status != "ok":
        return None
    try:
        return b64decode(str(answer.data.get("photo_base64", "")), validate=True) or None
    except (Base64Error, ValueError):
        return None


def refusal(reason: str) -> Verdict:
    """A verdict that refuses for one reason outside the pictures."""
    return Verdict(False, (reason,), {}, {}, ())
