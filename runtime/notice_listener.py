"""Listener 授权登记: what members said to subscribe messages in WeChat, counted for the notices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from runtime.inbound import SubscribeChoice
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.members.binding import binding_of_openid
from services.notices import consents

WAYS = {"account": "subscribe", "mini": "mini"}


class NoticeListener:
    """A WeChatListener: keeps the count of consents; whether somebody follows is read where it is kept."""

    def __init__(self, cipher: FieldCipher, clock: Clock, names: Mapping[str, Mapping[str, str]]) -> None:
        self._cipher = cipher
        self._clock = clock
        self._names = names  # by way: WeChat's template id to our name

    def on_follow(self, session: Session, openid: str, follows: bool, at: datetime) -> None:
        """Nothing to keep: every send asks whether the user has left."""

    def on_subscribe_choice(self, session: Session, openid: str, choice: SubscribeChoice) -> None:
        """One more message, or none any more."""
        way = WAYS.get(choice.app, "")
        template = self._names.get(way, {}).get(choice.template_id)
        binding = binding_of_openid(session, self._cipher, openid)
        if template is None or binding is None:
            return
        now = self._clock.now()
        if choice.in_settings and not choice.accepted:
            consents.close(session, binding.account_id, way, template, now)
        else:
            consents.count_tap(
                session, binding.account_id, way, template,
                accepted=choice.accepted, told_by="event", at=now,
            )  # fmt: skip
