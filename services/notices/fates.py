"""Fates 结果: from the provider's answer, receipt or silence to what became of a notice; any order, any repetition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.sql import Statement
from services.core.states import IllegalTransition
from services.notices.intents import GRACE, Intents, defer_send
from services.notices.limits import Limits
from services.notices.locked import LockedIntent, lock, lock_numbered, lock_unnumbered, save, taken
from services.notices.metrics import count_end
from services.notices.models import EarlyReceipt, NoticeIntent
from services.notices.ports import Fate
from services.notices.states import ENDED, NOTICE_STATES

FORGOTTEN = frozenset({"phone_left", "operation_code"})
"""Templates that may go to a number that is not the member's (any more): it is erased at the end."""
FIRST_LOOK = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=1)
_EARLY = Statement(
    "SELECT 1 AS found FROM notice_early_receipt WHERE channel = :channel AND provider_ref = :provider_ref"
)
_PATIENCE = {"submitted": timedelta(minutes=2)}
"""What waits for a receipt has time."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's word on one message."""

    channel: str
    provider_ref: str
    delivered: bool
    fault: str | None
    intent_id: UUID | None = None
    """Our own number, where the provider's receipts repeat it: settles what a lost answer left uncertain."""
    recipient: str | None = None
    """Whom the message reached, where the receipt says so."""


class Fates:
    """Moves of intents, in the caller's transaction."""

    def __init__(self, cipher: FieldCipher, clock: Clock, intents: Intents) -> None:
        self._cipher = cipher
        self._clock = clock
        self._intents = intents

    def submitted(
        self, session: Session, account_id: UUID, intent_id: UUID, provider: str, provider_ref: str
    ) -> None:
        """The provider took it."""
        session.flush()
        receipt_waits = taken(session, self._as_submitted(account_id, intent_id, provider, provider_ref))
        if receipt_waits is False:
            return
        intent = self.locked(session, account_id, intent_id)
        intent.provider, intent.provider_ref = provider, provider_ref
        intent.fault = None
        if intent.state in ("sending", "uncertain"):
            self.move(session, intent, "submit")
        save(session, intent)
        self.take_early(session, intent)

    def _as_submitted(
        self, account_id: UUID, intent_id: UUID, provider: str, provider_ref: str
    ) -> dict[str, Any]:
        now, target = self._clock.now(), NOTICE_STATES.target("sending", "submit")
        return {
            "account_id": account_id,
            "intent_id": intent_id,
            "source": "sending",
            "target": target,
            "provider": provider,
            "provider_ref": provider_ref,
            "at": now,
            "due_at": _due(target, now),
        }

    def take_early(self, session: Session, intent: LockedIntent) -> bool:
        """The receipt that came before its intent had the reference, if there is one."""
        if intent.provider_ref is None:
            return False
        key = {"channel": intent.channel, "provider_ref": intent.provider_ref}
        if _EARLY.first(session, key) is None:
            return False
        early = session.get(EarlyReceipt, (intent.channel, intent.provider_ref))
        if early is None or not self._is_to(intent, early.recipient_mac):
            return False
        self._settle(session, intent, early.delivered, early.fault)
        save(session, intent)
        session.delete(early)
        return True

    def unclear(
        self, session: Session, account_id: UUID, intent_id: UUID, fault: str, provider: str | None = None
    ) -> None:
        """It may have gone out: never again, but ask the provider that may have it."""
        intent = self.locked(session, account_id, intent_id)
        if intent.state != "sending":
            return
        intent.fault, intent.provider = fault[:60], provider
        self.move(session, intent, "lose")
        save(session, intent)

    def looked_up(self, session: Session, account_id: UUID, intent_id: UUID, fate: Fate) -> None:
        """What the provider said when asked; where it does not know, a receipt without owner may."""
        intent = self.locked(session, account_id, intent_id)
        if intent.state not in ("uncertain", "submitted"):
            return
        if fate == "delivered":
            self._settle(session, intent, True, None)
        elif fate == "failed":
            self._settle(session, intent, False, intent.fault or "notice.provider_says_failed")
        elif intent.state == "uncertain":
            self._match_orphan(session, intent)
            if fate == "pending" and intent.state == "uncertain":
                self.move(session, intent, "submit")
        save(session, intent)

    def receive(self, session: Session, receipt: Receipt) -> bool:
        """Match a receipt; repeated and late ones change nothing.

        False when no intent has this reference: then it is kept, since it may have overtaken the answer.
        """
        numbered = lock_numbered(session, receipt.channel, receipt.provider_ref)
        mac = self._recipient_mac(receipt)
        intent = next((one for one in numbered if self._is_to(one, mac)), None)
        if intent is None:
            intent = self._without_reference(session, receipt)
        if intent is None:
            self._keep_early(session, receipt)
            return False
        self._settle(session, intent, receipt.delivered, receipt.fault)
        save(session, intent)
        return True

    @staticmethod
    def _without_reference(session: Session, receipt: Receipt) -> LockedIntent | None:
        """The intent that has no reference because the answer of this very provider, or of nobody knows which, was lost."""
        if receipt.intent_id is None:
            return None
        provider = receipt.provider_ref.partition(":")[0]
        intent = lock_unnumbered(session, receipt.channel, receipt.intent_id, provider)
        if intent is not None:
            intent.provider_ref = receipt.provider_ref
        return intent

    def _keep_early(self, session: Session, receipt: Receipt) -> None:
        statement = insert(EarlyReceipt).values(
            channel=receipt.channel,
            provider_ref=receipt.provider_ref,
            delivered=receipt.delivered,
            fault=receipt.fault[:60] if receipt.fault else None,
            recipient_mac=self._recipient_mac(receipt),
            received_at=self._clock.now(),
        )
        better = {"delivered": True, "fault": None}
        if receipt.delivered:
            keys = ["channel", "provider_ref"]
            session.execute(statement.on_conflict_do_update(index_elements=keys, set_=better))
        else:
            session.execute(statement.on_conflict_do_nothing())

    def _recipient_mac(self, receipt: Receipt) -> bytes | None:
        return None if receipt.recipient is None else self._mac(receipt.channel, receipt.recipient)

    def _is_to(self, intent: LockedIntent, mac: bytes | None) -> bool:
        """Whether a receipt's user is the message's: two apps of WeChat may give out the same number.

        One whose user is forgotten is past every receipt.
        """
        if intent.channel != "wechat" or mac is None:
            return True
        if intent.recipient_sealed is None:
            return False
        return mac == self._mac(
            intent.channel, self._cipher.open(intent.recipient_sealed, "notice.recipient")
        )

    def _mac(self, channel: str, recipient: str) -> bytes:
        return self._cipher.look_up(recipient, f"notice.{channel}")

    def _match_orphan(self, session: Session, intent: LockedIntent) -> None:
        """A receipt without owner for the same user belongs to the one message whose answer was lost.

        WeChat's receipts name the user but not our number. With as many receipts as messages in doubt, all of one
        fate, each gets one; otherwise nobody can tell them apart, and none is matched.
        """
        if intent.recipient_sealed is None or intent.sent_at is None:
            return
        mac = self._mac(intent.channel, self._cipher.open(intent.recipient_sealed, "notice.recipient"))
        orphans = session.scalars(
            select(EarlyReceipt)
            .where(
                EarlyReceipt.recipient_mac == mac,
                EarlyReceipt.channel == intent.channel,
                EarlyReceipt.received_at >= intent.sent_at - GRACE,
                _of_its_provider(intent),
            )
            .order_by(EarlyReceipt.received_at)
            .with_for_update()
        ).all()
        if not orphans or len(orphans) != self._in_doubt(session, intent):
            return
        if len({orphan.delivered for orphan in orphans}) > 1:
            return
        intent.provider_ref = orphans[0].provider_ref
        self._settle(session, intent, orphans[0].delivered, orphans[0].fault)
        session.delete(orphans[0])

    @staticmethod
    def _in_doubt(session: Session, intent: LockedIntent) -> int:
        statement = select(func.count()).where(
            NoticeIntent.account_id == intent.account_id,
            NoticeIntent.channel == intent.channel,
            NoticeIntent.state.in_(("sending", "uncertain")),
            NoticeIntent.provider_ref.is_(None),
        )
        return session.scalar(statement) or 0

    def _settle(self, session: Session, intent: LockedIntent, delivered: bool, fault: str | None) -> None:
        try:
            self.move(session, intent, "deliver" if delivered else "refuse")
        except IllegalTransition:
            return
        intent.fault = fault[:60] if fault else None

    def give_up(self, session: Session, intent: LockedIntent, limits: Limits) -> bool:
        """Silence: after a while the next channel is tried, and in the end it counts as not delivered."""
        waited = self._clock.now() - (intent.sent_at or intent.created_at)
        if waited >= limits.fallback_after:
            self._intents.fall_back(session, intent)
        longest = limits.receipt_within if intent.provider_ref else limits.in_doubt_for
        if waited < longest:
            return False
        intent.fault = "notice.no_receipt" if intent.provider_ref else "notice.in_doubt"
        self.move(session, intent, "refuse")
        return True

    def next_look(self, intent: LockedIntent) -> None:
        """When to ask again: twice as long each time, an hour at most."""
        intent.asked += 1
        wait = min(FIRST_LOOK * 2 ** min(intent.asked, 12), LONGEST_WAIT)
        intent.due_at = self._clock.now() + wait

    def drop(self, session: Session, intent: LockedIntent, fault: str) -> None:
        """It never goes."""
        intent.fault = fault
        self.move(session, intent, "drop")

    def move(self, session: Session, intent: LockedIntent, event: str) -> None:
        """Along an edge, with all that follows from the new state."""
        intent.state = NOTICE_STATES.target(intent.state, event)
        now = intent.updated_at = self._clock.now()
        intent.due_at = _due(intent.state, now)
        if intent.state in ENDED:
            count_end(intent.topic, intent.channel, intent.state)
            if intent.template in FORGOTTEN:
                intent.recipient_sealed = None
            if event in ("refuse", "unfollow"):
                self._intents.fall_back(session, intent)
            intent.fallback = None
        elif intent.state == "uncertain":
            defer_send(session, intent.account_id, intent.intent_id, FIRST_LOOK.total_seconds())

    @staticmethod
    def locked(session: Session, account_id: UUID, intent_id: UUID) -> LockedIntent:
        """The intent, for this transaction alone; to be saved."""
        return lock(session, account_id, intent_id)


def _of_its_provider(intent: LockedIntent) -> ColumnElement[bool]:
    """SMS providers number apart from each other; one's receipt says nothing of a message that another may have."""
    if intent.channel != "sms" or intent.provider is None:
        return true()
    return EarlyReceipt.provider_ref.startswith(f"{intent.provider}:", autoescape=True)


def _due(state: str, now: datetime) -> datetime | None:
    """When to look at it again if nobody moves it; what waits for a receipt has time."""
    if state in ENDED:
        return None
    return now + _PATIENCE.get(state, GRACE)
