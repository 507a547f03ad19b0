"""Following transfers 转移跟踪: the letter goes out, the other centre is asked, its word is taken in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.jobs import Job
from services.members.identity import person_of
from services.policies.service import PolicyBook
from services.settlement.letters import ContactLetter, LetterNews, LetterOffice, LetterReply
from services.settlement.ports import NodeUnavailable
from services.transfers.booking import stop_waiting_for_rest
from services.transfers.models import TransferIn
from services.transfers.moving import advance, locked, refuse, tell
from services.transfers.news import ASK_EVERY, keep, take_news, taken
from services.transfers.service import FORMER_CONTEXT, JOB, QUEUE, defer_tending

log = structlog.get_logger(__name__)
_LONGEST_PAUSE = timedelta(hours=1)


class TransferJobs:
    """Commits before and after it speaks to the settlement system, never while."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        cipher: FieldCipher,
        policies: PolicyBook,
        office: LetterOffice,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._cipher = cipher
        self._policies = policies
        self._office = office

    def jobs(self) -> list[Job]:
        """What the settlement queue can do for transfers."""
        return [Job(JOB, QUEUE, self.tend)]

    def take_letters(self, news: Sequence[LetterNews]) -> None:
        """Pushed letters: each in a transaction of its own; returns only when all are committed."""
        for one in news:
            with transaction(self._sessions) as session:
                outcome = take_news(session, one, self._clock.now())
            tell_log = log.warning if outcome in ("unknown_letter", "too_late", "differs") else log.info
            tell_log("transfer.letter", step=one.step, outcome=outcome)

    def tend(self, account_id: str, application_id: str) -> None:
        """The next step of one transfer."""
        key = (UUID(account_id), UUID(application_id))
        with transaction(self._sessions) as session:
            row = locked(session, *key)
            state = row.state
            letter = self._begin(session, row) if state == "ready" else None
            letter_no, written_on = row.letter_no, row.written_on
        if letter is not None:
            self._sent(key, self._office.apply(letter))
        elif state == "withdrawing":
            self._called_back(key, self._office.withdraw(letter_no, written_on))
        elif state in ("asked", "promised", "early", "differs"):
            self._ask(key, letter_no)

    def _begin(self, session: Session, row: TransferIn) -> ContactLetter:
        """Count the attempt before anything is written on the wire: from now on it may be there."""
        row.attempts += 1
        now = self._clock.now()
        row.look_again_at = now + min(timedelta(minutes=2 ** min(row.attempts, 6)), _LONGEST_PAUSE)
        keep(session, row, "out", "application", {"letter_no": row.letter_no, "to": row.centre_code}, now)
        person = person_of(session, self._cipher, row.account_id)
        former = self._cipher.open(row.former_sealed, FORMER_CONTEXT) if row.former_sealed else ""
        return ContactLetter(
            letter_no=row.letter_no,
            written_on=row.written_on,
            centre_code=row.centre_code,
            centre_name=row.centre_name,
            member_name=person.name,
            id_no=person.id_no,
            former_account_no=former,
        )

    def _sent(self, key: tuple[UUID, UUID], reply: LetterReply) -> None:
        log.info("transfer.sent", application_id=str(key[1]), outcome=reply.outcome, code=reply.code)
        now = self._clock.now()
        with transaction(self._sessions) as session:
            row = locked(session, *key)
            if row.state != "ready":
                return  # its answer was faster, or the member has called it back
            if reply.outcome == "taken":
                taken(session, row, now)
            elif reply.outcome == "rejected":
                refuse(session, row, reply.message or "结算平台没有受理", now, actor="结算平台")

    def _called_back(self, key: tuple[UUID, UUID], reply: LetterReply) -> None:
        now = self._clock.now()
        with transaction(self._sessions) as session:
            row = locked(session, *key)
            if row.state != "withdrawing":
                return
            row.look_again_at = now + timedelta(minutes=10)
            if reply.outcome == "taken":
                advance(session, row, "called_off", now, actor="转出地中心")
            elif reply.outcome == "rejected":
                advance(session, row, "keep", now, actor="转出地中心", note=reply.message or None)

    def _ask(self, key: tuple[UUID, UUID], letter_no: str) -> None:
        try:
            news = self._office.progress(letter_no)
        except NodeUnavailable as fault:
            log.warning("transfer.node_unavailable", fault=str(fault))
            news = None
        now = self._clock.now()
        with transaction(self._sessions) as session:
            if news is not None:
                take_news(session, news, now)
            row = locked(session, *key)
            if row.look_again_at is not None and row.look_again_at <= now:
                row.look_again_at = now + ASK_EVERY
            if row.state == "ready":
                defer_tending(session, row)
            elif row.state == "asked":
                self._tell_silence(session, row, now)
            else:
                stop_waiting_for_rest(session, row, now)

    def _tell_silence(self, session: Session, row: TransferIn, now: datetime) -> None:
        """No answer for so many days: asked again just now, and the member may wait or call it back."""
        days = self._policies.on(session, shanghai_day(now)).integer("transfer.silent_days")
        since = row.asked_at or row.created_at
        if row.silent_told_at is None and now >= since + timedelta(days=days):
            row.silent_told_at = now
            keep(session, row, "out", "reminder", {"letter_no": row.letter_no}, now)
            tell(session, row, "transfer.silent", now, days=days)
