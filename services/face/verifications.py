"""Verification by WeChat 微信人脸核身: a face session that WeChat's own camera and comparison decide.

The phone only says that the native step is over. The verdict is asked of WeChat, for the id, reference, person and
user this session was opened with, and written into the same row that our own judge writes: `Faces.consume` does not
know the difference. WeChat is called outside transactions.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.errors import Conflict, Forbidden, NotFound, Unavailable
from services.core.ids import new_id
from services.face.methods import MethodRefused
from services.face.models import FaceSession, FaceVerification
from services.face.ports import Answer, Issued, Subject, Verifier, VerifierUnavailable
from services.face.service import Faces, Operation
from services.face.states import FACE_STATES
from services.face.verdicts import write_verdict
from services.members.identity import Person, person_of
from services.policies.rules import Policy
from services.policies.service import PolicyBook

log = structlog.get_logger(__name__)
KIND = "wechat"
ASK_AGAIN_AFTER = timedelta(seconds=3)
ASK_AT_MOST = 5
_REMEMBERED = timedelta(days=1)
_LIVE = ("open", "judging")


class VerificationUnavailable(Unavailable):
    """WeChat cannot be asked now; nothing happened."""

    code, title = "face.wechat_unavailable", "微信核验没有回应"
    detail = "微信的人脸核验暂时没有回应，钱没有动。请过几分钟再试，或带身份证到任一网点办理。"


class OtherWeChat(Forbidden):
    """The session was opened by another WeChat user."""

    code, title = "face.other_wechat", "不是同一个微信"
    detail = "这次刷脸是用另一个微信开始的。请在这个微信里重新开始。"


def session_over() -> Conflict:
    """The session takes nothing any more."""
    return Conflict("这次刷脸已经结束，请重新开始。", code="face.session_over")


class Verifications:
    """Use cases of sessions of kind wechat. `open` runs in the caller's transaction, the rest in their own."""

    def __init__(
        self,
        sessions: Sessions,
        cipher: FieldCipher,
        clock: Clock,
        faces: Faces,
        verifier: Verifier,
        policies: PolicyBook,
    ) -> None:
        self._sessions = sessions
        self._cipher = cipher
        self._clock = clock
        self._faces = faces
        self._verifier = verifier
        self._policies = policies

    # opening

    def open(
        self, session: Session, operation: Operation, consent_id: UUID, policy: Policy, openid: str
    ) -> UUID:
        """Begin a try of this operation for this WeChat user; returns the session's id. Raises like `Faces.open`."""
        now = self._clock.now()
        self._faces.admit(session, operation.account_id, consent_id, policy)
        row = self._new_row(operation, consent_id, now, policy.integer("face.wechat_seconds"))
        session.add(row)
        session.flush()
        person = person_of(session, self._cipher, operation.account_id)
        session.add(self._new_verification(row, person, openid))
        record(
            session,
            operation.account_id,
            "face.opened",
            actor="member",
            subject=str(row.session_id),
            at=now,
            detail={"kind": KIND},
        )
        return row.session_id

    @staticmethod
    def _new_row(operation: Operation, consent_id: UUID, now: datetime, seconds: int) -> FaceSession:
        return FaceSession(
            account_id=operation.account_id,
            session_id=new_id(),
            application_id=operation.application_id,
            operation_digest=operation.digest,
            consent_id=consent_id,
            kind=KIND,
            device_id=None,
            nonce="",
            challenge_key_sealed=b"",
            prompts=[],
            shown=0,
            shown_at=now,
            starts_ms=[],
            next_batch=0,
            frame_count=0,
            state="open",
            created_at=now,
            expires_at=now + timedelta(seconds=seconds),
            reasons=[],
            scores={},
            models={},
        )

    def _new_verification(self, row: FaceSession, person: Person, openid: str) -> FaceVerification:
        return FaceVerification(
            account_id=row.account_id,
            session_id=row.session_id,
            reference=new_id().hex,
            openid_sealed=self._cipher.seal(openid, "face_verification.openid"),
            openid_mac=self._cipher.look_up(openid, "openid"),
            subject_mac=self._subject_mac(person),
            asks=0,
        )

    def _subject_mac(self, person: Person) -> bytes:
        return self._cipher.look_up(f"{person.name}\n{person.id_no}", "face_verification.subject")

    def issue(self, account_id: UUID, session_id: UUID) -> tuple[FaceSession, str]:
        """Get the id the phone needs for WeChat's screen. Raises VerificationUnavailable; the try is then not used up."""
        with transaction(self._sessions) as session:
            bound = self._bound(session, account_id, session_id)
            reference, subject = bound.reference, self._subject(session, bound)
        try:
            issued = self._verifier.begin(reference, subject)
            with transaction(self._sessions) as session:
                return self._issued(session, account_id, session_id, issued), issued.verify_id
        except (VerifierUnavailable, IntegrityError) as fault:  # or an id that WeChat has given out before
            log.warning("face.not_begun", session_id=str(session_id), fault=type(fault).__name__)
            self._refuse(account_id, session_id)
            raise VerificationUnavailable(retry_after_s=5) from None

    def _issued(self, session: Session, account_id: UUID, session_id: UUID, issued: Issued) -> FaceSession:
        row, now = self._locked(session, account_id, session_id), self._clock.now()
        if row.state != "open":
            raise session_over()
        bound = self._bound(session, account_id, session_id)
        bound.verify_id_sealed = self._cipher.seal(issued.verify_id, "face_verification.verify_id")
        bound.verify_id_mac = self._cipher.look_up(issued.verify_id, "face_verification.verify_id")
        bound.issued_at = now
        row.expires_at = min(row.expires_at, now + timedelta(seconds=issued.life_s))
        session.flush()
        return row

    def _refuse(self, account_id: UUID, session_id: UUID) -> None:
        with transaction(self._sessions) as session:
            row = self._locked(session, account_id, session_id)
            if row.state == "open":
                row.state = FACE_STATES.target(row.state, "refuse")
                row.reasons = ["face.wechat_unavailable"]

    # the verdict

    def returned(self, account_id: UUID, session_id: UUID, openid: str) -> None:
        """The phone is back from WeChat's screen: ask WeChat how it went. May be said again while there is no answer.

        Raises NotFound, MethodRefused, OtherWeChat, ConsentRequired, Conflict `face.session_over`.
        """
        with transaction(self._sessions) as session:
            row = self._locked(session, account_id, session_id)
            if row.kind != KIND:
                raise MethodRefused
            bound = self._bound(session, account_id, session_id)
            if bound.openid_mac != self._cipher.look_up(openid, "openid"):
                raise OtherWeChat
            if row.state not in _LIVE:
                return
            self._faces.require_consent(session, account_id, row.consent_id)
            if bound.verify_id_sealed is None:
                raise session_over()
            self._wait_for_verdict(row)
        self._ask(account_id, session_id)

    def _wait_for_verdict(self, row: FaceSession) -> None:
        if row.state == "open":
            row.state, row.completed_at = FACE_STATES.target(row.state, "complete"), self._clock.now()

    def _ask(self, account_id: UUID, session_id: UUID) -> Answer:
        with transaction(self._sessions) as session:
            bound = self._bound(session, account_id, session_id, lock=True)
            bound.asks, bound.asked_at = bound.asks + 1, self._clock.now()
            verify_id = self._cipher.open(bound.verify_id_sealed or b"", "face_verification.verify_id")
            reference, subject = bound.reference, self._subject(session, bound)
            same = bound.subject_mac == self._subject_mac(person_of(session, self._cipher, account_id))
            minutes = self._policies.on(session, shanghai_day(self._clock.now())).integer(
                "face.serve_minutes"
            )
        answer = self._verifier.ask(verify_id, reference, subject) if same else _ANOTHER_SUBJECT
        log.info("face.answered", session_id=str(session_id), outcome=answer.outcome, answer=answer.code)
        with transaction(self._sessions) as session:
            self._take(session, account_id, session_id, answer, minutes)
        return answer

    def _take(
        self, session: Session, account_id: UUID, session_id: UUID, answer: Answer, serve_minutes: int
    ) -> None:
        """Write what WeChat said. Too late to pass, it still tells whether a try was used up."""
        row, now = self._locked(session, account_id, session_id), self._clock.now()
        bound = self._bound(session, account_id, session_id)
        if row.state in _LIVE and now >= row.expires_at:
            row.state = FACE_STATES.target(row.state, "expire")
        if answer.outcome not in ("passed", "failed") or bound.answered_at:
            return  # an id that may still be performed is asked about again, for a day
        bound.answer, bound.answered_at = answer.code, now
        reasons = _reasons(answer)
        if row.state in _LIVE:
            self._wait_for_verdict(row)
            models = {"verifier": KIND}
            scores = {"verify_ret": answer.code}
            write_verdict(
                session, row, reasons, at=now, serve_minutes=serve_minutes, scores=scores, models=models
            )
        elif row.state == "expired":
            row.reasons = reasons

    # what was left

    def settle_earlier(self, account_id: UUID) -> None:
        """Before another try: learn how those went that nobody came back from, so that failures count.

        Raises VerificationUnavailable when WeChat cannot be asked.
        """
        for session_id in self._unanswered(account_id):
            if self._ask(account_id, session_id).outcome == "unavailable":
                raise VerificationUnavailable(retry_after_s=5)

    def _unanswered(self, account_id: UUID) -> list[UUID]:
        statement = (
            select(FaceVerification.session_id)
            .join(FaceSession, _SAME_SESSION)
            .where(
                FaceVerification.account_id == account_id,
                FaceVerification.issued_at > self._clock.now() - _REMEMBERED,
                FaceVerification.answered_at.is_(None),
                FaceSession.state.in_((*_LIVE, "expired")),
            )
        )
        with transaction(self._sessions) as session:
            return list(session.scalars(statement.order_by(FaceVerification.issued_at)))

    def ask_again(self) -> int:
        """Ask once more about tries that still wait for WeChat's answer; run every few seconds."""
        now = self._clock.now()
        statement = (
            select(FaceVerification.account_id, FaceVerification.session_id)
            .join(FaceSession, _SAME_SESSION)
            .where(
                FaceSession.kind == KIND,
                FaceSession.state == "judging",
                FaceSession.expires_at > now,
                FaceVerification.asked_at < now - ASK_AGAIN_AFTER,
            )
            .order_by(FaceVerification.asked_at)
            .limit(ASK_AT_MOST)
        )
        with transaction(self._sessions) as session:
            waiting = session.execute(statement).all()
        for account_id, session_id in waiting:
            self._ask(account_id, session_id)
        return len(waiting)

    # reading

    def _subject(self, session: Session, bound: FaceVerification) -> Subject:
        person = person_of(session, self._cipher, bound.account_id)
        openid = self._cipher.open(bound.openid_sealed, "face_verification.openid")
        return Subject(person.name, person.id_no, openid)

    @staticmethod
    def _locked(session: Session, account_id: UUID, session_id: UUID) -> FaceSession:
        row = session.get(FaceSession, (account_id, session_id), with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound
        return row

    @staticmethod
    def _bound(
        session: Session, account_id: UUID, session_id: UUID, *, lock: bool = False
    ) -> FaceVerification:
        bound = session.get(FaceVerification, (account_id, session_id), with_for_update=lock)
        if bound is None:
            raise session_over()  # answered, and erased by its member since, or by retention
        return bound


_SAME_SESSION = (FaceSession.account_id == FaceVerification.account_id) & (
    FaceSession.session_id == FaceVerification.session_id
)
_ANOTHER_SUBJECT = Answer("failed", "wechat.system")


def _reasons(answer: Answer) -> list[str]:
    return [] if answer.outcome == "passed" else [answer.reason or "wechat.failed"]
