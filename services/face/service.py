"""Face sessions 刷脸会话: opened with consent, fed in signed batches, judged by a worker, used once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from services.core.ids import new_id
from services.core.jobs import defer
from services.core.sql import Statement
from services.face.challenge import draw_prompts, has_run
from services.face.engine.types import Frame, Prompt, Verdict
from services.face.envelope import macs_right, pack, signature_right, signed_text, unpack
from services.face.methods import MethodRefused
from services.face.models import FaceBatch, FaceFrameHash, FaceSession
from services.face.queue import wait_s
from services.face.replay import Replays
from services.face.states import FACE_STATES
from services.face.tries import end_earlier, failed_today, forget_frames
from services.face.verdicts import write_verdict
from services.ledger.service import lock_balance
from services.members.binding import active_device
from services.members.consents import ConsentRequired, consent_text
from services.members.models import Consent, Device
from services.policies.rules import Policy

QUEUE = "face"
BATCH_MAX, SESSION_MAX, JPEG_MAX = 10, 120, 300_000
_CLOCK_SLACK_MS = 700
_LATE_MS = 20_000
_CONSUME = Statement(
    "UPDATE face_session SET state = 'consumed', consumed_at = :at WHERE account_id = :account_id"
    " AND session_id = :session_id AND application_id = :application_id AND operation_digest = :digest"
    " AND state = 'passed' AND served_until > :at"
    " AND EXISTS (SELECT 1 FROM consent c WHERE c.account_id = face_session.account_id"
    "  AND c.consent_id = face_session.consent_id AND c.withdrawn_at IS NULL) RETURNING consent_id"
)


class FaceNotPassed(Forbidden):
    """No passed session for this very operation."""

    code, title, detail = "face.not_passed", "还没有刷脸通过", "请先完成刷脸，再确认提取。"


class ChannelRefused(Forbidden):
    """Frames did not come from the bound phone's camera as they were taken."""

    code, title = "face.channel", "画面来源不对"
    detail = "请在绑定的这部手机上，用摄像头当场拍摄。钱没有动。"


class FramesInvalid(Invalid):
    """Frames that cannot be part of this session."""

    code, detail = "face.frames_invalid", "画面没有传好，请重新刷脸。"


@dataclass(frozen=True, slots=True)
class Operation:
    """What a face session is for; the digest binds member, item, amount and card."""

    account_id: UUID
    application_id: UUID
    digest: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames as they came, with their MACs and the phone's signature."""

    number: int
    frames: Sequence[Frame]
    macs: Sequence[bytes]
    signature: bytes


class Faces:
    """Use cases of face sessions, in the caller's transaction."""

    def __init__(self, cipher: FieldCipher, clock: Clock, replays: Replays) -> None:
        self._cipher = cipher
        self._clock = clock
        self._replays = replays

    def open(
        self, session: Session, operation: Operation, consent_id: UUID, policy: Policy
    ) -> tuple[FaceSession, bytes]:
        """Open a try; returns it with the challenge key. Raises ConsentRequired or TooMany `face.tries_used`.

        A member has one try at a time: an earlier one that still takes frames ends, and one that waits for its
        verdict counts as used. Otherwise many could be opened before the first has failed.
        """
        now = self._clock.now()
        lock_balance(session, operation.account_id)
        self.require_consent(session, operation.account_id, consent_id)
        device = active_device(session, operation.account_id)
        self._take_turn(session, operation.account_id, policy)
        key, nonce = secrets.token_bytes(32), secrets.token_hex(16)
        row = FaceSession(
            account_id=operation.account_id,
            session_id=new_id(),
            application_id=operation.application_id,
            operation_digest=operation.digest,
            consent_id=consent_id,
            kind="camera",
            device_id=device.device_id,
            nonce=nonce,
            challenge_key_sealed=self._cipher.seal_bytes(key, "face_session.key"),
            prompts=draw_prompts(nonce),
            shown=0,
            shown_at=now,
            starts_ms=[0],
            next_batch=0,
            frame_count=0,
            state="open",
            created_at=now,
            expires_at=now + timedelta(seconds=policy.integer("face.answer_seconds")),
            reasons=[],
            scores={},
            models={},
        )
        session.add(row)
        record(
            session, operation.account_id, "face.opened", actor="member", subject=str(row.session_id), at=now
        )
        return row, key

    def admit(self, session: Session, account_id: UUID, consent_id: UUID, policy: Policy) -> None:
        """Let a member begin a try that another verifier decides; raises like `open`."""
        lock_balance(session, account_id)
        self.require_consent(session, account_id, consent_id)
        self._take_turn(session, account_id, policy)

    def _take_turn(self, session: Session, account_id: UUID, policy: Policy) -> None:
        waiting = end_earlier(session, account_id)
        if self.tries_left(session, account_id, policy) <= waiting:
            raise TooMany(
                "今天刷脸没有成功三次，钱没有动。可以改用银行卡核验加短信，明天再试，或带身份证到任一网点办理。",
                code="face.tries_used",
            )

    @staticmethod
    def require_consent(session: Session, account_id: UUID, consent_id: UUID) -> None:
        """Raises ConsentRequired unless this consent to the face check, in its present words, holds now."""
        consent = session.get(Consent, (account_id, consent_id))
        held = consent is not None and consent.kind == "face" and consent.withdrawn_at is None
        if consent is None or not held or consent.text_version != consent_text("face").version:
            raise ConsentRequired(field="face")

    def tries_left(self, session: Session, account_id: UUID, policy: Policy) -> int:
        """Tries the member still has today (Shanghai day)."""
        failed = failed_today(session, account_id, self._clock.now())
        return max(0, policy.integer("face.tries_per_day") - failed)

    def add(self, session: Session, account_id: UUID, session_id: UUID, batch: Batch) -> FaceSession:
        """Take one batch; reveals the next prompt when the present one has run its time.

        Raises ChannelRefused for a wrong MAC, signature or order in time, FramesInvalid for frames out of bounds,
        ConsentRequired when the consent was taken back, Conflict `face.session_over` when the session no longer takes frames. Commit also when the session ended.
        """
        row = self._locked(session, account_id, session_id)
        if row.kind != "camera":
            raise MethodRefused
        if batch.number == row.next_batch - 1 and row.prompts:
            return row  # the answer to it was lost on the way
        if row.state != "open":  # or its data were erased meanwhile
            raise Conflict("这次刷脸已经结束，请重新开始。", code="face.session_over")
        self.require_consent(session, account_id, row.consent_id)
        self._check_channel(session, row, batch)
        self._check_frames(row, batch)
        session.add(
            FaceBatch(
                account_id=account_id,
                session_id=session_id,
                batch=batch.number,
                frames_sealed=self._cipher.seal_bytes(pack(batch.frames), "face_batch.frames"),
                received_at=self._clock.now(),
            )
        )
        row.next_batch += 1
        row.frame_count += len(batch.frames)
        self._advance(session, row, batch)
        return row

    def _check_channel(self, session: Session, row: FaceSession, batch: Batch) -> None:
        device = session.get_one(Device, (row.account_id, row.device_id))  # kind camera: never None
        key = self._cipher.open_bytes(row.challenge_key_sealed, "face_session.key")
        right = device.ended_at is None
        right &= macs_right(key, row.nonce, batch.frames, batch.macs)
        right &= signature_right(
            device.x, device.y, batch.signature, signed_text(str(row.session_id), batch.number, batch.macs)
        )
        if not right:
            raise ChannelRefused

    def _check_frames(self, row: FaceSession, batch: Batch) -> None:
        elapsed_ms = int((self._clock.now() - row.created_at).total_seconds() * 1000)
        expected = range(row.frame_count, row.frame_count + len(batch.frames))
        times = [frame.at_ms for frame in batch.frames]
        if batch.number != row.next_batch or not 1 <= len(batch.frames) <= BATCH_MAX:
            raise FramesInvalid
        if [frame.seq for frame in batch.frames] != list(expected) or expected.stop > SESSION_MAX:
            raise FramesInvalid
        if any(len(frame.jpeg) > JPEG_MAX or frame.prompt > row.shown for frame in batch.frames):
            raise FramesInvalid
        if (
            times != sorted(times)
            or times[-1] > elapsed_ms + _CLOCK_SLACK_MS
            or times[0] < elapsed_ms - _LATE_MS
        ):
            raise ChannelRefused

    def _advance(self, session: Session, row: FaceSession, batch: Batch) -> None:
        now = self._clock.now()
        starts = list(row.starts_ms)
        for frame in batch.frames:
            if frame.prompt == len(starts):
                starts.append(frame.at_ms)
        row.starts_ms = starts
        held_ms = (now - row.shown_at).total_seconds() * 1000
        if has_run(row.prompts, row.shown, starts, held_ms, batch.frames):
            if row.shown + 1 == len(row.prompts):
                self._complete(session, row, now)
                return
            row.shown, row.shown_at = row.shown + 1, now
        if row.frame_count >= SESSION_MAX:  # no picture may follow: over without a verdict, and without a try used
            self._expire(session, row)

    def _complete(self, session: Session, row: FaceSession, now: datetime) -> None:
        self._move(row, "complete")
        row.completed_at = now
        defer(
            session,
            "face.judge",
            QUEUE,
            queueing_lock=f"face:{row.session_id}",
            first=True,  # a session is complete once, and its row is locked
            account_id=row.account_id,
            session_id=row.session_id,
        )

    def _expire(self, session: Session, row: FaceSession) -> None:
        self._move(row, "expire")
        forget_frames(session, row)

    def expire_if_late(self, session: Session, account_id: UUID, session_id: UUID) -> bool:
        """End a session whose time ran out; True when it did (commit, then refuse)."""
        row = self._locked(session, account_id, session_id)
        live = ("open",) if row.kind == "camera" else ("open", "judging")  # our own judge always decides
        if row.state not in live or self._clock.now() < row.expires_at:
            return False
        self._expire(session, row)
        return True

    def material(
        self, session: Session, account_id: UUID, session_id: UUID
    ) -> tuple[FaceSession, list[Frame], list[Prompt]] | None:
        """What the judge needs; None when the session is not waiting for a verdict."""
        row = session.get(FaceSession, (account_id, session_id))
        if row is None or row.kind != "camera" or row.state != "judging":
            return None
        statement = select(FaceBatch).where(
            FaceBatch.account_id == account_id, FaceBatch.session_id == session_id
        )
        frames = [
            frame
            for batch in session.scalars(statement.order_by(FaceBatch.batch))
            for frame in unpack(self._cipher.open_bytes(batch.frames_sealed, "face_batch.frames"))
        ]
        prompts = [
            Prompt(
                prompt["index"],
                prompt["kind"],
                start_ms,
                prompt["hold_ms"],
                tuple(prompt.get("colours", ())),
            )
            for prompt, start_ms in zip(row.prompts, row.starts_ms, strict=True)
        ]
        return row, frames, prompts

    def conclude(
        self,
        session: Session,
        account_id: UUID,
        session_id: UUID,
        verdict: Verdict,
        hashes: Sequence[bytes],
        serve_minutes: int,
    ) -> None:
        """Write the verdict and forget the frames. A frame seen before in any session refuses, and so do copies."""
        row = self._locked(session, account_id, session_id)
        if row.state != "judging":
            return
        now = self._clock.now()
        reasons = list(verdict.reasons)
        copied = self._replays.seen_before(session, account_id, session_id, verdict.picture_hashes, now)
        if self._seen_before(session, row, hashes, now) or copied:
            reasons.append("liveness.reused")
        if not verdict.passed and not reasons:
            reasons.append("face.engine_failed")  # a judge that neither passes nor says why
        write_verdict(
            session,
            row,
            reasons,
            at=now,
            serve_minutes=serve_minutes,
            scores=verdict.scores,
            models=verdict.models,
        )
        forget_frames(session, row)

    @staticmethod
    def _seen_before(session: Session, row: FaceSession, hashes: Sequence[bytes], now: datetime) -> bool:
        distinct = set(hashes)
        known = session.scalar(
            select(func.count())
            .select_from(FaceFrameHash)
            .where(FaceFrameHash.frame_hash.in_(distinct), FaceFrameHash.session_id != row.session_id)
        )
        if distinct:
            rows = [
                {"frame_hash": h, "account_id": row.account_id, "session_id": row.session_id, "seen_at": now}
                for h in distinct
            ]
            session.execute(insert(FaceFrameHash).on_conflict_do_nothing(), rows)
        return bool(known)

    def consume(self, session: Session, operation: Operation, session_id: UUID) -> UUID:
        """Use a passed session for its very operation, once; returns the consent it was made under.

        Raises FaceNotPassed when it is not passed, used, too old, made for something else, or its consent was taken back.
        """
        consumed = _CONSUME.first(
            session,
            {
                "at": self._clock.now(),
                "account_id": operation.account_id,
                "session_id": session_id,
                "application_id": operation.application_id,
                "digest": operation.digest,
            },
        )
        if consumed is None:
            raise FaceNotPassed
        return consumed.consent_id  # type: ignore[no-any-return]

    def read(self, session: Session, account_id: UUID, session_id: UUID) -> FaceSession:
        """The member's session; raises NotFound."""
        row = session.get(FaceSession, (account_id, session_id))
        if row is None:
            raise NotFound
        return row

    def waiting_since(self, session: Session, before: datetime) -> list[tuple[UUID, UUID]]:
        """Sessions waiting for a verdict since before an instant."""
        rows = session.execute(
            select(FaceSession.account_id, FaceSession.session_id).where(
                FaceSession.kind == "camera",
                FaceSession.state == "judging",
                FaceSession.completed_at < before,
            )
        )
        return [(row.account_id, row.session_id) for row in rows]

    def queue_wait_s(self, session: Session, row: FaceSession) -> int | None:
        """How long a try still waits for our judge; None when it does not."""
        waits = row.kind == "camera" and row.state == "judging"
        return wait_s(session, row, self._clock.now()) if waits else None

    def _locked(self, session: Session, account_id: UUID, session_id: UUID) -> FaceSession:
        row = session.get(FaceSession, (account_id, session_id), with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound
        return row

    @staticmethod
    def _move(row: FaceSession, event: str) -> None:
        row.state = FACE_STATES.target(row.state, event)
