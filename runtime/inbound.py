"""Inbound 来信和回执: what WeChat and the SMS gateways push to us, handed to the conversation and to the notices."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from runtime.chat_facts import ChatFacts
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.members.binding import binding_of_openid
from services.members.sessions import end_all_of
from services.notices.adapters.sms_receipts import DeliveryReceipt
from services.notices.service import Notices, Receipt
from services.policies.service import PolicyBook
from wechat.callbacks import CallbackMessage
from wechat.conversation import answer
from wechat.followers import Followers
from wechat.replies import Reply

RECEIPT_CHANNEL = "wechat"
SCENE_PREFIX = "qrscene_"
_MSGID = re.compile("[!-~]{1,100}")  # what a table can hold: another would be pushed again and again
# What a person does, and so nobody who left the account.
OWN_EVENTS = frozenset({"SCAN", "CLICK", "VIEW", "view_miniprogram"})


@dataclass(frozen=True, slots=True)
class SubscribeChoice:
    """What a user said to a template: on the question (one message for each yes), or later in WeChat's settings."""

    app: str
    template_id: str
    accepted: bool
    in_settings: bool
    at: datetime


class WeChatListener(Protocol):
    """Who wants to know what WeChat's users decided, in the transaction that takes the event in.

    An event comes once, and may come late: `at` is WeChat's own time of it. Apps are "account" and "mini".
    """

    def on_follow(self, session: Session, openid: str, follows: bool, at: datetime) -> None:
        """A user follows the public account, or left it."""
        ...

    def on_subscribe_choice(self, session: Session, openid: str, choice: SubscribeChoice) -> None:
        """A user agreed to messages of a template, or said no."""
        ...


class Inbound:
    """Handlers of the webhooks, in the caller's transaction."""

    def __init__(
        self,
        cipher: FieldCipher,
        clock: Clock,
        policies: PolicyBook,
        notices: Notices,
        public_base_url: str,
        listeners: Sequence[WeChatListener] = (),
    ) -> None:
        self._cipher = cipher
        self._clock = clock
        self._policies = policies
        self._notices = notices
        self._public_base_url = public_base_url
        self._listeners = listeners
        self._followers = Followers(cipher)
        self._events: dict[str, Callable[[Session, CallbackMessage], None]] = {
            "subscribe": self._followed,
            "unsubscribe": self._left,
            "TEMPLATESENDJOBFINISH": self._template_sent,
            "subscribe_msg_popup_event": self._chose,
            "subscribe_msg_change_event": self._chose,
            "subscribe_msg_sent_event": self._subscribe_sent,
        }

    def on_wechat_message(self, session: Session, message: CallbackMessage) -> Reply | None:
        """Take in a message or event once; the answer, or None for silence."""
        effect = self._events.get(message.event) if message.kind == "event" else None
        if effect is not None:
            effect(session, message)
        if message.app != "account":  # a mini-program has no passive replies
            return None
        if message.kind != "event" or message.event in OWN_EVENTS:
            self._followers.came_back(
                session, message.openid, told_at_s=message.created_at_s, at=self._clock.now()
            )
        return answer(message, lambda openid: self._chat_facts(session, openid), self._public_base_url)

    def on_sms_receipts(self, session: Session, receipts: Sequence[DeliveryReceipt]) -> None:
        """Take in receipts; those already known change nothing. In one order, so that two pushes never block each other."""
        for receipt in sorted(receipts, key=lambda one: one.reference):
            fault = None if receipt.delivered else receipt.code
            self._notices.receive(
                session,
                Receipt("sms", receipt.reference, receipt.delivered, fault, receipt.intent_id, receipt.phone),
            )

    # followers

    def _followed(self, session: Session, message: CallbackMessage) -> None:
        scene = message.event_key.removeprefix(SCENE_PREFIX)[:64] or None
        self._note_follower(session, message, follows=True, scene=scene)

    def _left(self, session: Session, message: CallbackMessage) -> None:
        """Nothing more is sent through WeChat, and whoever is signed in there is signed out; the binding stays."""
        self._note_follower(session, message, follows=False, scene=None)
        end_all_of(session, self._cipher, message.openid, self._clock.now())

    def _note_follower(
        self, session: Session, message: CallbackMessage, *, follows: bool, scene: str | None
    ) -> None:
        told = {
            "follows": follows,
            "told_at_s": message.created_at_s,
            "at": self._clock.now(),
            "scene": scene,
        }
        if not self._followers.note(session, message.openid, **told):  # type: ignore[arg-type]
            return
        for listener in self._listeners:
            listener.on_follow(session, message.openid, follows, message.created_at)

    # what became of messages

    def _template_sent(self, session: Session, message: CallbackMessage) -> None:
        status = message.fields.get("Status", "")
        fault = None if status == "success" else status
        self._receipt(session, message.openid, message.fields.get("MsgID", ""), fault)

    def _subscribe_sent(self, session: Session, message: CallbackMessage) -> None:
        for entry in message.entries or (message.fields,):
            code, status = entry.get("ErrorCode", ""), entry.get("ErrorStatus", "")
            fault = None if code == "0" else f"{code} {status}"
            self._receipt(session, message.openid, entry.get("MsgID", ""), fault)

    def _receipt(self, session: Session, openid: str, msgid: str, fault: str | None) -> None:
        if _MSGID.fullmatch(msgid):
            receipt = Receipt(RECEIPT_CHANNEL, msgid, fault is None, fault, recipient=openid)
            self._notices.receive(session, receipt)

    def _chose(self, session: Session, message: CallbackMessage) -> None:
        for entry in message.entries or (message.fields,):
            template_id, word = entry.get("TemplateId", ""), entry.get("SubscribeStatusString", "")
            if not template_id or word not in ("accept", "reject"):
                continue
            in_settings = message.event == "subscribe_msg_change_event"
            choice = SubscribeChoice(
                message.app, template_id, word == "accept", in_settings, message.created_at
            )
            for listener in self._listeners:
                listener.on_subscribe_choice(session, message.openid, choice)

    def _chat_facts(self, session: Session, openid: str) -> ChatFacts | None:
        binding = binding_of_openid(session, self._cipher, openid)
        if binding is None:
            return None
        return ChatFacts(session, self._cipher, self._clock, self._policies, binding)
