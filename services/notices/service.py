"""Notices 通知: from event to intent, from intent to the provider, from receipt to fate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.jobs import defer, unplanned
from services.core.outbox import claim, load_event
from services.members.binding import code_lives
from services.members.phones import take_former_phone
from services.notices.fates import Fates, Receipt
from services.notices.intents import GRACE, JOB_LOCK, QUEUE, Intents, defer_send
from services.notices.models import NoticeIntent
from services.notices.ports import Reach, Truth
from services.notices.reading import Page, mark_read, read_page, unread_count
from services.notices.sending import MOST_ATTEMPTS, Sending
from services.notices.texts import CODE_TELLING, OPERATION_CODE_TELLING, TELLINGS
from services.policies.service import PolicyBook

CODE_JOB, CODE_QUEUE = "notices.bind_code", "codes"
__all__ = ["MOST_ATTEMPTS", "QUEUE", "Notices", "Receipt", "take_up_due"]


class Notices:
    """Use cases of notices, in the caller's transaction."""

    def __init__(
        self,
        cipher: FieldCipher,
        clock: Clock,
        policies: PolicyBook,
        reach: Reach,
        truth: Truth,
        *,
        sign: str,
    ) -> None:
        self._cipher = cipher
        self._clock = clock
        self._intents = Intents(cipher, clock, reach)
        self.fates = Fates(cipher, clock, self._intents)
        self.sending = Sending(cipher, clock, policies, self._intents, self.fates, reach, truth, sign)

    def handle_event(self, session: Session, account_id: UUID, event_id: UUID) -> list[UUID]:
        """Make the intents of an event, once; those to be sent now."""
        session.flush()
        if not claim(session, account_id, event_id, "notices"):
            return []
        event = load_event(session, account_id, event_id)
        telling = TELLINGS.get(event.topic)
        if telling is None:
            return []
        subject_id = event.payload.get("application_id")
        sms_to = None
        if telling.sms_to == "former_phone":
            change_id = UUID(event.payload.get("change_id", subject_id))
            sms_to = take_former_phone(session, self._cipher, account_id, change_id)
            if sms_to is None:
                return []
        fields = telling.fields(event.payload, event.created_at)
        return self._intents.intend(session, account_id, event_id, telling, fields, subject_id, sms_to)

    def plan_code(self, session: Session, account_id: UUID | None, challenge_id: UUID, code: str) -> None:
        """Have the code to bind sent by a job; for nobody it does nothing: a wrong claim costs the same here."""
        defer(
            session,
            CODE_JOB,
            CODE_QUEUE,
            urgent=True,
            account_id=account_id,
            challenge_id=challenge_id,
            code_sealed=self._cipher.seal(code, CODE_JOB).hex(),
        )

    def handle_planned_code(
        self, session: Session, account_id: UUID, challenge_id: UUID, code_sealed: str
    ) -> list[UUID]:
        """Make the intent of a planned code, to be sent now; a code that is over by now stays here."""
        if not code_lives(session, challenge_id, self._clock.now()):
            return []
        code = self._cipher.open(bytes.fromhex(code_sealed), CODE_JOB)
        fields = CODE_TELLING.fields({"code": code}, self._clock.now())
        return self._intents.intend(session, account_id, challenge_id, CODE_TELLING, fields, None)

    def send_operation_code(
        self,
        session: Session,
        account_id: UUID,
        challenge_id: UUID,
        code: str,
        what: str,
        phone: str | None = None,
    ) -> None:
        """Have an SMS code sent that says what it is for; to `phone`, or to the number on the record."""
        telling = OPERATION_CODE_TELLING
        fields = telling.fields({"code": code, "what": what}, self._clock.now())
        made = self._intents.intend(session, account_id, challenge_id, telling, fields, None, phone)
        self.plan_sends(session, account_id, made, urgent=True)

    @staticmethod
    def plan_sends(
        session: Session, account_id: UUID, intents: Sequence[UUID], *, urgent: bool = False
    ) -> None:
        """Have new intents sent by jobs, for whoever cannot wait for a provider."""
        for intent_id in intents:
            defer_send(session, account_id, intent_id, first=True, urgent=urgent)

    def receive(self, session: Session, receipt: Receipt) -> bool:
        """Match a receipt; repeated and late ones change nothing."""
        return self.fates.receive(session, receipt)

    def notices_of(
        self,
        session: Session,
        account_id: UUID,
        *,
        topic: str | None = None,
        before: UUID | None = None,
        limit: int = 50,
    ) -> Page:
        """What was sent to a member and what became of it; codes are not shown."""
        return read_page(session, self._cipher, account_id, topic=topic, before=before, limit=limit)

    def unread(self, session: Session, account_id: UUID) -> int:
        """How many things a member was told and has not read."""
        return unread_count(session, account_id)

    def mark_read(self, session: Session, account_id: UUID, upto: UUID | None = None) -> int:
        """The member has seen the list."""
        return mark_read(session, account_id, self._clock.now(), upto)


def take_up_due(session: Session, at: datetime, limit: int) -> int:
    """Plan a look at every intent whose time has come; another worker's are left to it, planned ones to their job.

    On a busy day thousands wait for their job: asking for each again would cost what is short.
    """
    due = session.scalars(
        select(NoticeIntent)
        .where(NoticeIntent.due_at <= at, unplanned(literal(JOB_LOCK), NoticeIntent.intent_id))
        .order_by(NoticeIntent.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for intent in due:
        intent.due_at = at + GRACE
        defer_send(session, intent.account_id, intent.intent_id)
    return len(due)
