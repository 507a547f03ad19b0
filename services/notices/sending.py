"""Sending 发送: the step before a provider is called, and what is done with its answer; each committed on its own."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.notices import consents
from services.notices.fates import FORGOTTEN, Fates
from services.notices.intents import GRACE, Intents, defer_send
from services.notices.limits import Drop, Hold, Limits, Today, decide, limits_of
from services.notices.locked import LockedIntent, save
from services.notices.metrics import HELD, OVER_BUDGET, SPENT
from services.notices.ports import OutgoingNotice, Reach, Truth
from services.notices.quiet import Quiet
from services.notices.spending import Spending, sent_today
from services.notices.topics import topic_of
from services.notices.wishes import quiet_of, wanted_channels
from services.notices.wording import current, filled_sms, parts
from services.policies.service import PolicyBook

log = structlog.get_logger(__name__)
MOST_ATTEMPTS = 8
NOT_FOLLOWING = "wechat.not_following"
_NONE = Quiet(wanted=False)


class Sending:
    """Steps of a send, in the caller's transaction."""

    def __init__(
        self,
        cipher: FieldCipher,
        clock: Clock,
        policies: PolicyBook,
        intents: Intents,
        fates: Fates,
        reach: Reach,
        truth: Truth,
        sign: str,
    ) -> None:
        self._cipher = cipher
        self._clock = clock
        self._policies = policies
        self._intents = intents
        self._fates = fates
        self._reach = reach
        self._truth = truth
        self._sign = sign
        self._spending = Spending()

    def begin(self, session: Session, account_id: UUID, intent_id: UUID) -> tuple[OutgoingNotice, str] | None:
        """Mark an intent as going out; commit before the provider is called.

        Returns the message and "send", or "look_up" for one that may have gone and of which nothing was heard. None
        when there is nothing to do now: it ended, it waits, or it must not go.
        """
        intent = self._fates.locked(session, account_id, intent_id)
        begun = self._begun(session, intent)
        save(session, intent)
        return begun

    def begin_new(self, session: Session, account_id: UUID, intent_id: UUID) -> OutgoingNotice | None:
        """`begin` for whoever made the intent a moment ago; one that has waited too long is the sweep's by now."""
        intent = self._fates.locked(session, account_id, intent_id)
        if intent.state != "created" or self._clock.now() - intent.created_at >= GRACE:
            return None
        begun = self._to_send(session, intent)
        save(session, intent)
        return None if begun is None else begun[0]

    def _begun(self, session: Session, intent: LockedIntent) -> tuple[OutgoingNotice, str] | None:
        if intent.state == "sending":
            self._fates.move(session, intent, "lose")
        if intent.state in ("uncertain", "submitted"):
            return self._to_look_up(session, intent)
        if intent.state not in ("created", "held"):
            return None
        return self._to_send(session, intent)

    def _to_look_up(self, session: Session, intent: LockedIntent) -> tuple[OutgoingNotice, str] | None:
        if self._fates.take_early(session, intent):
            return None
        if self._fates.give_up(session, intent, self._limits(session)):
            return None
        self._fates.next_look(intent)
        return self._outgoing(intent), "look_up"

    def _to_send(self, session: Session, intent: LockedIntent) -> tuple[OutgoingNotice, str] | None:
        now = self._clock.now()
        if not self._still_true(session, intent) or not self._still_wanted(session, intent):
            return None
        cost_fen = self._cost(session, intent)
        if self._held_back(session, intent, now, cost_fen) or not self._addressed(session, intent):
            return None
        wording = current(intent.template)
        intent.version = intent.version if wording is None else wording.version
        intent.attempts += 1
        intent.sent_at, intent.cost_fen, intent.held_why = now, cost_fen, None
        self._spend(session, intent, cost_fen)
        self._fates.move(session, intent, "begin")
        return self._outgoing(intent), "send"

    def _still_true(self, session: Session, intent: LockedIntent) -> bool:
        subject = intent.subject_id
        if subject is None or self._truth.holds(session, intent.account_id, intent.template, subject):
            return True
        log.error("notice.not_true", intent_id=str(intent.intent_id), template=intent.template)
        self._fates.drop(session, intent, "notice.not_true")
        return False

    def _still_wanted(self, session: Session, intent: LockedIntent) -> bool:
        if intent.channel in wanted_channels(session, intent.account_id, topic_of(intent.topic)):
            return True
        self._intents.fall_back(session, intent)
        self._fates.drop(session, intent, "notice.switched_off")
        return False

    def _held_back(self, session: Session, intent: LockedIntent, now: datetime, cost_fen: int) -> bool:
        topic = topic_of(intent.topic)
        quiet = _NONE if topic.any_hour else quiet_of(session, intent.account_id)
        today = self._today(session, intent, now, cost_fen)
        decision = decide(topic, intent.channel, now, today, quiet, self._limits(session))
        if isinstance(decision, Drop):
            self._fates.drop(session, intent, decision.fault)
        elif isinstance(decision, Hold):
            self._hold(session, intent, decision)
        return decision is not None

    def _today(self, session: Session, intent: LockedIntent, now: datetime, cost_fen: int) -> Today:
        counted = sent_today(session, intent.account_id, intent.channel, now)
        spent = self._spending.of_day(session, now) if intent.channel == "sms" else 0
        return Today(sum(counted.values()), counted.get(intent.topic, 0), spent, cost_fen)

    def _hold(self, session: Session, intent: LockedIntent, hold: Hold) -> None:
        HELD.labels(intent.topic, hold.why).inc()
        if hold.why == "budget":
            OVER_BUDGET.inc()
            log.error("notice.over_budget", topic=intent.topic)
        self._fates.move(session, intent, "hold")
        intent.held_why, intent.due_at = hold.why, hold.until

    def _addressed(self, session: Session, intent: LockedIntent) -> bool:
        """The address of this very moment; the member may have left, unbound, or changed the number since."""
        if intent.channel == "sms":
            if intent.held_why is not None and intent.template not in FORGOTTEN:
                self._send_to(intent, self._intents.phone_now(session, intent.account_id))
            return True
        address = self._intents.address_now(session, intent)
        if address is None:
            self._fates.move(session, intent, "unfollow")
            return False
        intent.way = address.way
        self._send_to(intent, address.recipient)
        return True

    def _send_to(self, intent: LockedIntent, recipient: str) -> None:
        intent.recipient_sealed = self._cipher.seal(recipient, "notice.recipient")

    def _cost(self, session: Session, intent: LockedIntent) -> int:
        wording = current(intent.template)
        if intent.channel != "sms" or wording is None:
            return 0
        text = filled_sms(wording, self._fields(intent), self._sign)
        return parts(len(text)) * self._limits(session).segment_fen

    def _spend(self, session: Session, intent: LockedIntent, cost_fen: int) -> None:
        if cost_fen:
            self._spending.add(session, self._clock.now(), intent.intent_id, cost_fen)
            SPENT.inc(max(0, cost_fen))

    def _limits(self, session: Session) -> Limits:
        return limits_of(self._policies.on(session, shanghai_day(self._clock.now())))

    def _fields(self, intent: LockedIntent) -> dict[str, str]:
        fields: dict[str, str] = json.loads(self._cipher.open(intent.fields_sealed, "notice.fields"))
        return fields

    def _outgoing(self, intent: LockedIntent) -> OutgoingNotice:
        assert intent.recipient_sealed is not None
        return OutgoingNotice(
            intent_id=str(intent.intent_id),
            topic=intent.topic,
            channel=intent.channel,
            recipient=self._cipher.open(intent.recipient_sealed, "notice.recipient"),
            template=intent.template,
            fields=self._fields(intent),
            provider=intent.provider,
            way=intent.way or "template",
        )

    def refused(self, session: Session, account_id: UUID, intent_id: UUID, fault: str) -> None:
        """The provider will never take it; a user who left may still have a way by consent."""
        intent = self._fates.locked(session, account_id, intent_id)
        if intent.state != "sending":
            return
        intent.fault = fault[:60]
        self._take_back(session, intent)
        if fault != NOT_FOLLOWING:
            self._fates.move(session, intent, "refuse")
        elif self._left(session, intent):
            self._fates.move(session, intent, "unfollow")
        else:
            self._again(session, intent, timedelta())
        save(session, intent)

    def _left(self, session: Session, intent: LockedIntent) -> bool:
        """Note what WeChat's refusal says; False when another way is still open."""
        assert intent.recipient_sealed is not None
        user = self._cipher.open(intent.recipient_sealed, "notice.recipient")
        now = self._clock.now()
        if intent.way == "template":
            self._reach.left(session, user, now)
        else:
            wording = current(intent.template)
            name = wording.wechat if wording is not None else None
            consents.close(session, intent.account_id, intent.way or "", name or "", now)
        return intent.attempts >= MOST_ATTEMPTS

    def not_sent(self, session: Session, account_id: UUID, intent_id: UUID, fault: str) -> None:
        """It certainly did not go out: try again later, a few times."""
        intent = self._fates.locked(session, account_id, intent_id)
        if intent.state != "sending":
            return
        intent.fault = fault[:60]
        self._take_back(session, intent)
        if intent.attempts >= MOST_ATTEMPTS:
            self._fates.move(session, intent, "refuse")
        else:
            self._again(session, intent, timedelta(seconds=min(2**intent.attempts, 300)))
        save(session, intent)

    def _again(self, session: Session, intent: LockedIntent, wait: timedelta) -> None:
        self._fates.move(session, intent, "not_sent")
        intent.due_at = self._clock.now() + wait + GRACE
        defer_send(session, intent.account_id, intent.intent_id, delay_s=wait.total_seconds() or None)

    def _take_back(self, session: Session, intent: LockedIntent) -> None:
        """What a message costs that did not go: money of the budget, or a consent."""
        if intent.cost_fen:
            self._spending.add(
                session, intent.sent_at or self._clock.now(), intent.intent_id, -intent.cost_fen
            )
            intent.cost_fen = 0
        wording = current(intent.template)
        if intent.way in ("subscribe", "mini") and wording is not None and wording.wechat:
            consents.give_back(session, intent.account_id, intent.way, wording.wechat)
