"""Messages 消息: template messages by the rules of their fields, and customer-service messages."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.serving import drop
from sandbox.wechat.account import Account
from sandbox.wechat.answers import Answer, WeChatError, body_json
from sandbox.wechat.fields import broken_rule
from sandbox.wechat.push import Pusher, news


class Messages:
    """Handlers of cgi-bin/message."""

    def __init__(self, account: Account, pusher: Pusher) -> None:
        self.account = account
        self.pusher = pusher
        self.world = account.world

    def template_send(self) -> Answer:
        """POST cgi-bin/message/template/send."""
        body = body_json()
        openid = str(body.get("touser", ""))
        template = self._check_message(openid, body)
        with self.account.store.locked():
            earlier = self._earlier(openid, body.get("client_msg_id"))
            if earlier:
                return {"msgid": earlier}
            msgid = secrets.randbelow(9 * 10**17) + 10**18
            self._remember(openid, body.get("client_msg_id"), msgid)
        self.account.say(openid, card(template, body, msgid))
        self._finish(openid, msgid)
        late = self.world.faults.take("wechat", "template/send", openid, kinds=("lost_answer",))
        if late:
            drop()
        return {"msgid": msgid}

    def _check_message(self, openid: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.account.person(openid) is None:
            raise WeChatError(40003)
        template = self.account.templates.get(str(body.get("template_id")))
        if template is None:
            raise WeChatError(40037)
        if not self.account.follows(openid):
            raise WeChatError(43004)
        check_fields(template, body)
        return template

    def _earlier(self, openid: str, client_msg_id: object) -> int | None:
        seen = (
            self.account.store.get("wechat.client_msg", f"{openid}/{client_msg_id}")
            if client_msg_id
            else None
        )
        return int(seen["msgid"]) if seen and self.world.time() - seen["at"] <= 600 else None

    def _remember(self, openid: str, client_msg_id: object, msgid: int) -> None:
        if client_msg_id:
            facts = {"msgid": msgid, "at": self.world.time()}
            self.account.store.put("wechat.client_msg", f"{openid}/{client_msg_id}", facts)

    def _finish(self, openid: str, msgid: int) -> None:
        fault = self.world.faults.take("wechat", "delivery", openid)
        if fault is not None and fault.kind == "no_receipt":
            return
        status = "success" if fault is None else str(fault.args.get("status", "failed:user block"))
        self.pusher.told(openid, "TEMPLATESENDJOBFINISH", MsgID=msgid, Status=status)

    def custom_send(self) -> Answer:
        """POST cgi-bin/message/custom/send: within 48 hours of the person's last move, and 20 at most since then."""
        body = body_json()
        openid = str(body.get("touser", ""))
        if self.account.person(openid) is None:
            raise WeChatError(40003)
        shown = _custom(body)
        if not self.account.follows(openid) or not self.account.may_chat(openid):
            raise WeChatError(45015)
        if not self.account.count_answer(openid):
            raise WeChatError(45047)
        self.account.say(openid, {"from": "account", **shown})
        return {}


def _custom(body: Mapping[str, Any]) -> dict[str, Any]:
    """A customer-service message as the phone shows it, or 40008."""
    kind = body.get("msgtype")
    if kind == "text" and (body.get("text") or {}).get("content"):
        return {"type": "text", "text": body["text"]["content"]}
    articles = (body.get("news") or {}).get("articles") or []
    if kind == "news" and len(articles) == 1 and articles[0].get("title"):
        return news(articles[0].get("title"), articles[0].get("description"), articles[0].get("url"))
    raise WeChatError(40008)


def check_fields(template: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """The rules of every field, or 47003 naming the first that is broken."""
    data = body.get("data") or {}
    for field in template["fields"]:
        trouble = broken_rule(field, (data.get(field) or {}).get("value"))
        if trouble:
            raise WeChatError(47003, trouble)


def card(template: Mapping[str, Any], body: Mapping[str, Any], msgid: int) -> dict[str, Any]:
    """A template or subscribe message as the phone shows it."""
    return {
        "from": "account",
        "type": "template",
        "template": template["name"],
        "template_id": body["template_id"],
        "title": template["title"],
        "fields": [[label, body["data"][name]["value"]] for name, label in template["fields"].items()],
        "url": body.get("url") or "",
        "msgid": msgid,
        "client_msg_id": body.get("client_msg_id"),
    }
