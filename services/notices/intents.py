"""Intents 通知意图: one for each event and channel, made where the topic's route leads, and on the next channel when one fails."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.ids import new_id
from services.core.jobs import defer
from services.core.sql import Statement
from services.members.binding import openid_of_member
from services.members.identity import phone_of
from services.notices import consents
from services.notices.locked import LockedIntent
from services.notices.metrics import FELL_BACK, count_end
from services.notices.ports import Reach
from services.notices.texts import Telling
from services.notices.topics import plan, topic_of
from services.notices.wishes import wanted_channels
from services.notices.wording import Wording, current

QUEUE = "notices"
JOB_LOCK = "notice:"
"""With an intent's id the queueing lock of its job: one waits at a time."""
AWAITED = frozenset({"code"})
"""Topics somebody sits and waits for, with a page open: they go before thousands of others."""
GRACE = timedelta(seconds=20)
"""A job does its part of a send within this time, or its worker is gone."""


_INSERT = Statement(
    "INSERT INTO notice_intent (account_id, intent_id, event_id, topic, channel, template, version, recipient_sealed,"
    " way, fields_sealed, subject_id, state, fallback, attempts, created_at, updated_at, due_at)"
    " VALUES (:account_id, :intent_id, :event_id, :topic, :channel, :template, :version, :recipient_sealed, :way,"
    " :fields_sealed, :subject_id, :state, :fallback, 0, :at, :at, :due_at) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told, once for all channels."""

    event_id: UUID
    topic: str
    template: str
    version: int
    fields_sealed: bytes
    subject_id: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """A phone, or a user of WeChat and the way to them."""

    recipient: str
    way: str | None


class Intents:
    """Makes intents, in the caller's transaction."""

    def __init__(self, cipher: FieldCipher, clock: Clock, reach: Reach) -> None:
        self._cipher = cipher
        self._clock = clock
        self._reach = reach

    def intend(
        self,
        session: Session,
        account_id: UUID,
        event_id: UUID,
        telling: Telling,
        fields: Mapping[str, str],
        subject_id: str | None,
        sms_to: str | None = None,
    ) -> list[UUID]:
        """One intent on each channel the topic's route leads to; `sms_to` instead of the number on the record.

        Those that are to be sent now: the caller sends them, or plans it. What it leaves undone the sweep takes up.
        """
        wording = current(telling.template)
        topic = topic_of(telling.topic)
        addresses = {channel: self._address(session, account_id, channel, wording) for channel in topic.order}
        if sms_to is not None:
            addresses["sms"] = Address(sms_to, None)
        channels = () if wording is None else wording.channels
        chosen = plan(
            topic,
            channels,
            wanted_channels(session, account_id, topic),
            [channel for channel, address in addresses.items() if address is not None],
        )
        sealed = self._cipher.seal(json.dumps(dict(fields), ensure_ascii=False), "notice.fields")
        version = 1 if wording is None else wording.version
        message = Message(event_id, telling.topic, telling.template, version, sealed, subject_id)
        made = [
            self._insert(session, account_id, message, channel, addresses[channel], chosen.after)
            for channel in chosen.now
        ]
        return [intent_id for intent_id in made if intent_id is not None]

    def fall_back(self, session: Session, intent: LockedIntent) -> None:
        """This channel did not reach the member: the next one gets its intent, once."""
        if intent.fallback is None:
            return
        channel, *after = intent.fallback.split(",")
        intent.fallback = None
        address = self._address(session, intent.account_id, channel, current(intent.template))
        message = Message(
            intent.event_id,
            intent.topic,
            intent.template,
            intent.version,
            intent.fields_sealed,
            intent.subject_id,
        )
        FELL_BACK.labels(intent.topic, channel).inc()
        made = self._insert(session, intent.account_id, message, channel, address, after)
        if made is not None:
            defer_send(session, intent.account_id, made, first=True, urgent=intent.topic in AWAITED)

    def _insert(
        self,
        session: Session,
        account_id: UUID,
        message: Message,
        channel: str,
        address: Address | None,
        after: Sequence[str],
    ) -> UUID | None:
        """The intent, if it is new and there is somebody to send it to."""
        intent_id, now = new_id(), self._clock.now()
        inserted = _INSERT.run(
            session,
            {
                "account_id": account_id,
                "intent_id": intent_id,
                "event_id": message.event_id,
                "topic": message.topic,
                "channel": channel,
                "template": message.template,
                "version": message.version,
                "recipient_sealed": None
                if address is None
                else self._cipher.seal(address.recipient, "notice.recipient"),
                "way": None if address is None else address.way,
                "fields_sealed": message.fields_sealed,
                "subject_id": message.subject_id,
                "state": "not_subscribed" if address is None else "created",
                "fallback": ",".join(after) or None,
                "at": now,
                "due_at": None if address is None else now + GRACE,
            },
        )
        if inserted and address is None:
            count_end(message.topic, channel, "not_subscribed")
        return intent_id if inserted and address is not None else None

    def _address(
        self, session: Session, account_id: UUID, channel: str, wording: Wording | None
    ) -> Address | None:
        if channel == "sms":
            return Address(self.phone_now(session, account_id), None)
        openid = self._page_user(session, account_id)
        if openid is not None and not self._reach.has_left(session, openid):
            return Address(openid, "template")
        name = None if wording is None else wording.wechat
        left = {} if name is None else consents.consents_of(session, account_id)
        if openid is not None and left.get(("subscribe", str(name))):
            return Address(openid, "subscribe")
        mini = self._reach.mini_openid(session, account_id) if left.get(("mini", str(name))) else None
        return None if mini is None else Address(mini, "mini")

    def address_now(self, session: Session, intent: LockedIntent) -> Address | None:
        """How a WeChat message goes now, and to which user; takes a consent where one is needed. None: not at all.

        To whoever is bound at this moment: what waited overnight must not reach a user who was unbound meanwhile.
        """
        account_id = intent.account_id
        user = None if intent.way == "mini" else self._page_user(session, account_id)
        if user is not None and not self._reach.has_left(session, user):
            return Address(user, "template")
        wording = current(intent.template)
        name = None if wording is None else wording.wechat
        if name is None:
            return None
        if user is not None and consents.use_one(session, account_id, "subscribe", name):
            return Address(user, "subscribe")
        mini = self._reach.mini_openid(session, account_id)
        if mini is not None and consents.use_one(session, account_id, "mini", name):
            return Address(mini, "mini")
        return None

    def _page_user(self, session: Session, account_id: UUID) -> str | None:
        return openid_of_member(session, self._cipher, account_id, "h5")

    def phone_now(self, session: Session, account_id: UUID) -> str:
        """The number on the record."""
        return phone_of(session, self._cipher, account_id)


def defer_send(
    session: Session,
    account_id: UUID,
    intent_id: UUID,
    delay_s: float | None = None,
    *,
    first: bool = False,
    urgent: bool = False,
) -> None:
    """Ask for an intent to be sent, or looked up."""
    defer(
        session,
        "notices.send",
        QUEUE,
        queueing_lock=f"{JOB_LOCK}{intent_id}",
        delay_s=delay_s,
        first=first,
        urgent=urgent,
        account_id=account_id,
        intent_id=intent_id,
    )
