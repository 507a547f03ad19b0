"""Template messages 模板消息: the notice channel `wechat`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from services.notices.ports import Fate, NotSent, OutgoingNotice, Refused, Submitted, Uncertain
from wechat.client import WeChatClient
from wechat.errors import LATER, Action, WeChatFailure, WeChatUnreachable

TEMPLATES_FILE = Path(__file__).with_name("templates.toml")
URGENT = frozenset({"settlement", "security"})

_TIME = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
_DATE = r"(([0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}日|[0-9]{4}-[0-9]{2}-[0-9]{2})"
VALUE_RULES: Mapping[str, str] = {
    "thing": r"[^\r\n]{1,20}",
    "character_string": r"[ -~]{1,32}",
    "amount": r"[¥￥]?[0-9]{1,10}(\.[0-9]{1,2})?元?",
    "time": rf"({_DATE} ?)?{_TIME}|{_DATE}",
    "date": rf"{_DATE}( ?{_TIME})?",
    "phrase": r"[一-龥]{1,5}",
    "name": r"[一-龥·]{1,10}",
}


@dataclass(frozen=True, slots=True)
class ByConsent:
    """A way that needs the member's consent: whose client, which call, which ids, and what else the call wants."""

    client: WeChatClient
    call: str
    template_ids: Mapping[str, str]
    more: Mapping[str, str] = field(default_factory=dict)


class WeChatTemplateChannel:
    """Sends notices to followers of the public account, and to others by the consents they gave."""

    name = "wechat"

    def __init__(
        self,
        client: WeChatClient,
        template_ids: Mapping[str, str],
        has_left: Callable[[str], bool] | None = None,
        by_consent: Mapping[str, ByConsent] | None = None,
    ) -> None:
        self._client = client
        self._by_consent = by_consent or {}
        self._has_left = has_left
        self._template_ids = dict(template_ids)
        self._templates: dict[str, dict[str, Any]] = tomllib.loads(TEMPLATES_FILE.read_text("utf-8"))

    def send(self, notice: OutgoingNotice) -> Submitted:
        """Hand the notice to WeChat; the provider's reference is its msgid.

        `client_msg_id` is the intent: WeChat itself drops a second send within ten minutes.
        """
        to_follower = notice.way == "template"
        message = self._message(notice) if to_follower else self._consented(notice)
        if to_follower and self._has_left is not None and self._has_left(notice.recipient):
            raise Refused("wechat.not_following")
        try:
            urgent = notice.topic in URGENT
            if not to_follower:
                way = self._by_consent[notice.way]
                return Submitted("wechat", way.client.send_by_consent(way.call, message, urgent=urgent))
            return Submitted("wechat", self._client.send_template(message, urgent=urgent))
        except WeChatFailure as failure:
            raise _refusal(failure) from None
        except WeChatUnreachable as failure:
            raise (Uncertain if failure.sent else NotSent)("wechat.unreachable") from None

    def look_up(self, notice: OutgoingNotice, provider_ref: str | None, sent_at: datetime) -> Fate:
        """WeChat has no query for template messages: what is known came by TEMPLATESENDJOBFINISH."""
        return "unknown" if provider_ref is None else "pending"

    def _message(self, notice: OutgoingNotice) -> dict[str, Any]:
        message = self._addressed(notice, self._template_ids)
        message["client_msg_id"] = notice.intent_id.replace("-", "")[:32]
        return {**message, "url": notice.url} if notice.url else message

    def _consented(self, notice: OutgoingNotice) -> dict[str, Any]:
        """A subscribe message 订阅消息, on a consent the member gave for this template."""
        way = self._by_consent.get(notice.way)
        if way is None:
            raise Refused("wechat.way_unknown")
        return {**self._addressed(notice, way.template_ids), **way.more}

    def _addressed(self, notice: OutgoingNotice, ids: Mapping[str, str]) -> dict[str, Any]:
        template = self._templates.get(notice.template)
        template_id = ids.get(template["id"]) if template else None
        if template is None or not template_id:
            raise Refused("wechat.template_unknown")
        data = {name: {"value": _filled(name, text, notice)} for name, text in template["fields"].items()}
        return {"touser": notice.recipient, "template_id": template_id, "data": data}


def _filled(field: str, text: str, notice: OutgoingNotice) -> str:
    """One field's value, checked as WeChat would (it answers 47003 or cuts it off)."""
    try:
        value = text.format_map(notice.fields)
    except KeyError:
        raise Refused("wechat.field_missing") from None
    kind = re.sub("[0-9]+$", "", field)
    if kind == "amount":
        value = value.replace(",", "")
    if re.fullmatch(VALUE_RULES[kind], value) is None:
        raise Refused(f"wechat.field_invalid.{field}")
    return value


def _refusal(failure: WeChatFailure) -> Refused | NotSent:
    if failure.action in (Action.NOT_FOLLOWING, Action.NO_CONSENT):
        return Refused("wechat.not_following")
    if failure.action in LATER:
        return NotSent(f"wechat.{failure.errcode}")
    return Refused(f"wechat.{failure.errcode}")
