"""Notices 通知: from event to intent, from intent to the provider, from receipt to fate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.ids import new_id
from services.core.jobs import defer
from services.core.outbox import claim, load_event
from services.core.states import IllegalTransition
from services.members.binding import binding_of_member
from services.members.identity import person_of
from services.members.phones import take_former_phone
from services.notices.models import EarlyReceipt, NoticeIntent
from services.notices.ports import Fate, OutgoingNotice
from services.notices.states import NOTICE_STATES
from services.notices.texts import CODE_TELLING, OPERATION_CODE_TELLING, TELLINGS, Telling

QUEUE = "notices"
FORGOTTEN = frozenset({"phone_left", "operation_code"})
"""Templates that may go to a number that is not the member's (any more): it is erased at the end."""
MOST_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's word on one message."""

    channel: str
    provider_ref: str
    delivered: bool
    fault: str | None
    intent_id: UUID | None = None
    """Our own number, where the provider's receipts repeat it: settles what a lost answer left uncertain."""


class Notices:
    """Use cases of notices, in the caller's transaction."""

    def __init__(self, cipher: FieldCipher, clock: Clock) -> None:
        self._cipher = cipher
        self._clock = clock

    def handle_event(self, session: Session, account_id: UUID, event_id: UUID) -> None:
        """Make one intent for each channel of the event, once."""
        if not claim(session, account_id, event_id, "notices"):
            return
        event = load_event(session, account_id, event_id)
        telling = TELLINGS.get(event.topic)
        if telling is not None:
            fields = telling.fields(event.payload, event.created_at)
            subject_id = event.payload.get("application_id")
            sms_to = None
            if telling.sms_to == "former_phone":
                sms_to = take_former_phone(session, self._cipher, account_id, UUID(subject_id))
                if sms_to is None:
                    return
            self._intend(session, account_id, event_id, telling, fields, subject_id, sms_to)

    def send_code(self, session: Session, account_id: UUID, challenge_id: UUID, code: str) -> None:
        """Make the intent of an SMS code."""
        fields = CODE_TELLING.fields({"code": code}, self._clock.now())
        self._intend(session, account_id, challenge_id, CODE_TELLING, fields, None)

    def send_operation_code(
        self,
        session: Session,
        account_id: UUID,
        challenge_id: UUID,
        code: str,
        what: str,
        phone: str | None = None,
    ) -> None:
        """Make the intent of an SMS code that says what it is for; to `phone`, or to the number on the record."""
        fields = OPERATION_CODE_TELLING.fields({"code": code, "what": what}, self._clock.now())
        self._intend(session, account_id, challenge_id, OPERATION_CODE_TELLING, fields, None, phone)

    def _intend(
        self,
        session: Session,
        account_id: UUID,
        event_id: UUID,
        telling: Telling,
        fields: Mapping[str, str],
        subject_id: str | None,
        sms_to: str | None = None,
    ) -> None:
        for channel in telling.channels:
            own = sms_to if channel == "sms" else None
            recipient = own or self._recipient(session, account_id, channel)
            intent_id = new_id()
            now = self._clock.now()
            inserted = session.execute(
                insert(NoticeIntent)
                .values(
                    account_id=account_id,
                    intent_id=intent_id,
                    event_id=event_id,
                    topic=telling.topic,
                    channel=channel,
                    template=telling.template,
                    recipient_sealed=None
                    if recipient is None
                    else self._cipher.seal(recipient, "notice.recipient"),
                    fields_sealed=self._cipher.seal(
                        json.dumps(dict(fields), ensure_ascii=False), "notice.fields"
                    ),
                    subject_id=subject_id,
                    state="not_subscribed" if recipient is None else "created",
                    attempts=0,
                    created_at=now,
                    updated_at=now,
                )
                .on_conflict_do_nothing()
                .returning(NoticeIntent.intent_id)
            ).first()
            if inserted is not None and recipient is not None:
                defer_send(session, account_id, intent_id)

    def _recipient(self, session: Session, account_id: UUID, channel: str) -> str | None:
        if channel == "sms":
            return person_of(session, self._cipher, account_id).phone
        binding = binding_of_member(session, account_id)
        return None if binding is None else self._cipher.open(binding.openid_sealed, "binding.openid")

    def begin_send(
        self, session: Session, account_id: UUID, intent_id: UUID
    ) -> tuple[OutgoingNotice, str] | None:
        """Mark an intent as going out; commit before the provider is called.

        Returns the message and "send", or "look_up" for one that a crash cut off while it was going out.
        """
        intent = self._locked(session, account_id, intent_id)
        if intent.state == "sending":
            self._move(intent, "lose")
        if intent.state == "uncertain":
            return self._outgoing(intent), "look_up"
        if intent.state != "created":
            return None
        intent.attempts += 1
        intent.sent_at = self._clock.now()
        self._move(intent, "begin")
        return self._outgoing(intent), "send"

    def _outgoing(self, intent: NoticeIntent) -> OutgoingNotice:
        assert intent.recipient_sealed is not None
        return OutgoingNotice(
            intent_id=str(intent.intent_id),
            topic=intent.topic,
            recipient=self._cipher.open(intent.recipient_sealed, "notice.recipient"),
            template=intent.template,
            fields=json.loads(self._cipher.open(intent.fields_sealed, "notice.fields")),
            provider=intent.provider,
        )

    def submitted(
        self, session: Session, account_id: UUID, intent_id: UUID, provider: str, provider_ref: str
    ) -> None:
        """The provider took it."""
        intent = self._locked(session, account_id, intent_id)
        intent.provider, intent.provider_ref = provider, provider_ref
        if intent.state == "sending":
            self._move(intent, "submit")
        early = session.get(EarlyReceipt, (intent.channel, provider_ref))
        if early is not None:
            self._settle(intent, early.delivered, early.fault)
            session.delete(early)

    def refused(self, session: Session, account_id: UUID, intent_id: UUID, fault: str) -> None:
        """The provider will never take it."""
        self._fail(self._locked(session, account_id, intent_id), fault)

    def not_sent(self, session: Session, account_id: UUID, intent_id: UUID, fault: str) -> None:
        """It certainly did not go out: try again later, a few times."""
        intent = self._locked(session, account_id, intent_id)
        intent.fault = fault[:60]
        if intent.attempts >= MOST_ATTEMPTS:
            self._move(intent, "refuse")
            return
        self._move(intent, "not_sent")
        defer_send(session, account_id, intent_id, delay_s=min(2**intent.attempts, 300))

    def unclear(
        self, session: Session, account_id: UUID, intent_id: UUID, fault: str, provider: str | None = None
    ) -> None:
        """It may have gone out: never again, but ask the provider that may have it."""
        intent = self._locked(session, account_id, intent_id)
        intent.fault, intent.provider = fault[:60], provider
        self._move(intent, "lose")
        defer_send(session, account_id, intent_id, delay_s=10)

    def looked_up(self, session: Session, account_id: UUID, intent_id: UUID, fate: Fate) -> None:
        """What the provider said when asked."""
        intent = self._locked(session, account_id, intent_id)
        event = {"delivered": "deliver", "failed": "refuse", "pending": "submit"}.get(fate)
        if event is not None and intent.state == "uncertain":
            self._move(intent, event)

    def receive(self, session: Session, receipt: Receipt) -> bool:
        """Match a receipt; repeated and late ones change nothing.

        False when no intent has this reference: then it is kept, since it may have overtaken the answer.
        """
        intent = session.scalar(
            select(NoticeIntent)
            .where(NoticeIntent.provider_ref == receipt.provider_ref, NoticeIntent.channel == receipt.channel)
            .with_for_update()
        )
        if intent is None:
            intent = self._uncertain(session, receipt)
        if intent is None:
            self._keep_early(session, receipt)
            return False
        self._settle(intent, receipt.delivered, receipt.fault)
        return True

    @staticmethod
    def _uncertain(session: Session, receipt: Receipt) -> NoticeIntent | None:
        """The intent that has no reference because the provider's answer was lost."""
        if receipt.intent_id is None:
            return None
        intent = session.scalar(
            select(NoticeIntent)
            .where(
                NoticeIntent.state == "uncertain",
                NoticeIntent.intent_id == receipt.intent_id,
                NoticeIntent.channel == receipt.channel,
            )
            .with_for_update()
        )
        if intent is not None:
            intent.provider_ref = receipt.provider_ref
        return intent

    def _keep_early(self, session: Session, receipt: Receipt) -> None:
        statement = insert(EarlyReceipt).values(
            channel=receipt.channel,
            provider_ref=receipt.provider_ref,
            delivered=receipt.delivered,
            fault=receipt.fault[:60] if receipt.fault else None,
            received_at=self._clock.now(),
        )
        session.execute(statement.on_conflict_do_nothing())

    def _settle(self, intent: NoticeIntent, delivered: bool, fault: str | None) -> None:
        try:
            self._move(intent, "deliver" if delivered else "refuse")
        except IllegalTransition:
            return
        intent.fault = fault[:60] if fault else None

    def _fail(self, intent: NoticeIntent, fault: str) -> None:
        intent.fault = fault[:60]
        self._move(intent, "refuse")

    def _move(self, intent: NoticeIntent, event: str) -> None:
        intent.state = NOTICE_STATES.target(intent.state, event)
        intent.updated_at = self._clock.now()
        if intent.template in FORGOTTEN and intent.state in NOTICE_STATES.terminal:
            intent.recipient_sealed = None

    @staticmethod
    def _locked(session: Session, account_id: UUID, intent_id: UUID) -> NoticeIntent:
        return session.get_one(
            NoticeIntent, (account_id, intent_id), with_for_update=True, populate_existing=True
        )

    def notices_of(self, session: Session, account_id: UUID, limit: int = 50) -> list[dict[str, Any]]:
        """What was sent to a member and what became of it; codes are not shown."""
        statement = (
            select(NoticeIntent)
            .where(NoticeIntent.account_id == account_id, NoticeIntent.topic != "code")
            .order_by(NoticeIntent.intent_id.desc())
            .limit(limit)
        )
        return [self._shown(intent) for intent in session.scalars(statement)]

    def _shown(self, intent: NoticeIntent) -> dict[str, Any]:
        telling = next(t for t in TELLINGS.values() if t.template == intent.template)
        fields = json.loads(self._cipher.open(intent.fields_sealed, "notice.fields"))
        return {
            "notice_id": str(intent.intent_id),
            "topic": intent.topic,
            "channel": intent.channel,
            "title": telling.title,
            "text": telling.body(fields),
            "state": intent.state,
            "state_text": NOTICE_STATES.labels[intent.state],
            "created_at": intent.created_at,
            "application_id": intent.subject_id,
        }


def defer_send(session: Session, account_id: UUID, intent_id: UUID, delay_s: float | None = None) -> None:
    """Ask for an intent to be sent, or looked up."""
    defer(
        session,
        "notices.send",
        QUEUE,
        queueing_lock=f"notice:{intent_id}",
        delay_s=delay_s,
        account_id=account_id,
        intent_id=intent_id,
    )


def waiting_since(session: Session, before: datetime, limit: int = 200) -> list[tuple[UUID, UUID]]:
    """Intents that nobody moved since `before` and that are neither at the provider nor at their end."""
    rows = session.execute(
        select(NoticeIntent.account_id, NoticeIntent.intent_id)
        .where(NoticeIntent.state.in_(("created", "sending")), NoticeIntent.updated_at < before)
        .limit(limit)
    )
    return [(row.account_id, row.intent_id) for row in rows]
