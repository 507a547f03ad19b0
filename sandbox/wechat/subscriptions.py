"""Subscribe messages 订阅消息: consents counted for each tap, messages sent on them, and the events of both."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.wechat.account import Account
from sandbox.wechat.answers import Answer, WeChatError, body_json
from sandbox.wechat.messages import card, check_fields
from sandbox.wechat.push import Pusher
from sandbox.world import Person

CONSENTS, SERVICE = "wechat.consent", "wechat.service"
FROM_PAGE, FROM_MINI = "1", "0"
ANSWERS = ("accept", "reject")
MOST_AT_ONCE = 5
STATUS = {0: "success", 43101: "user refuse to accept the msg"}


class Subscriptions:
    """What users of either app agreed to, and the two calls that use it up."""

    def __init__(self, account: Account, pusher: Pusher) -> None:
        self.account = account
        self.store = account.store
        self.world = account.world
        self.pushers = {"account": pusher, "mini": pusher.mini}

    # the phone's side

    def choose(
        self, app: str, person: Person, answers: Mapping[str, str], *, always: bool = False
    ) -> dict[str, str]:
        """The person answers the question of a page: each yes is one message, or all of them where `always` is ticked."""
        known = {name: answers[name] for name in answers if name in self.account.templates}
        openid = self._openid(app, person)
        for template_id, word in known.items():
            self._note(app, openid, template_id, word, always)
        scene = FROM_PAGE if app == "account" else FROM_MINI
        told = [
            {"TemplateId": name, "SubscribeStatusString": word, "PopupScene": scene}
            for name, word in known.items()
        ]
        if told:
            self.pushers[app].event(openid, "subscribe_msg_popup_event", SubscribeMsgPopupEvent=told)
        return known

    def switch_off(self, app: str, person: Person, template_id: str) -> None:
        """The person switches a template off in WeChat's settings; only this direction is told."""
        openid = self._openid(app, person)
        self.store.put(CONSENTS, f"{app}/{openid}/{template_id}", {"left": 0, "always": False})
        told = [{"TemplateId": template_id, "SubscribeStatusString": "reject"}]
        self.pushers[app].event(openid, "subscribe_msg_change_event", SubscribeMsgChangeEvent=told)

    def _note(self, app: str, openid: str, template_id: str, word: str, always: bool) -> None:
        name = f"{app}/{openid}/{template_id}"
        with self.store.locked():
            kept = self.store.get(CONSENTS, name, {"left": 0, "always": False})
            if word == "accept":
                kept = {"left": kept["left"] + 1, "always": kept["always"] or always}
            self.store.put(CONSENTS, name, kept)

    def left(self, app: str, person: Person) -> dict[str, Any]:
        """What may still be sent to the person, by template."""
        start = f"{app}/{self._openid(app, person)}/"
        return {
            name.removeprefix(start): kept
            for name, kept in self.store.items(CONSENTS)
            if name.startswith(start)
        }

    def notices(self, person: Person, after: int = 0) -> list[dict[str, Any]]:
        """服务通知 on the person's phone."""
        return self.store.entries(SERVICE, person.key, after=after)

    def _openid(self, app: str, person: Person) -> str:
        return self.account.openid(person.key) if app == "account" else self.account.mini_openid(person.key)

    # the server's side

    def bizsend(self) -> Answer:
        """POST message/subscribe/bizsend: of the public account."""
        return self._send("account")

    def send(self) -> Answer:
        """POST message/subscribe/send: of the mini-program."""
        return self._send("mini")

    def _send(self, app: str) -> Answer:
        body = body_json()
        openid = str(body.get("touser", ""))
        person = self.account.person(openid) if app == "account" else self.account.mini_person(openid)
        if person is None:
            raise WeChatError(40003)
        template = self.account.templates.get(str(body.get("template_id")))
        if template is None:
            raise WeChatError(40037)
        check_fields(template, body)
        self._use(app, openid, str(body["template_id"]))
        msgid = secrets.randbelow(9 * 10**17) + 10**18
        shown = {
            **card(template, {**body, "url": body.get("page", "")}, msgid),
            "type": "subscribe",
            "app": app,
        }
        if app == "account" and self.account.follows(openid):
            self.account.say(openid, shown)
        else:
            self.store.append(
                SERVICE, person.key, {**shown, "time": self.world.now().isoformat("T", "seconds")}
            )
        self._finish(app, openid, str(body["template_id"]), msgid)
        return {"msgid": msgid}

    def _use(self, app: str, openid: str, template_id: str) -> None:
        name = f"{app}/{openid}/{template_id}"
        with self.store.locked():
            kept = self.store.get(CONSENTS, name, {"left": 0, "always": False})
            if not kept["always"] and kept["left"] <= 0:
                raise WeChatError(43101)
            if not kept["always"]:
                self.store.put(CONSENTS, name, {**kept, "left": kept["left"] - 1})

    def _finish(self, app: str, openid: str, template_id: str, msgid: int) -> None:
        fault = self.world.faults.take("wechat", "delivery", openid)
        if fault is not None and fault.kind == "no_receipt":
            return
        code = 0 if fault is None else int(fault.args.get("errcode", 43101))
        told = {"TemplateId": template_id, "MsgID": str(msgid), "ErrorCode": str(code)}
        told["ErrorStatus"] = STATUS.get(code, "failed")
        self.pushers[app].told(openid, "subscribe_msg_sent_event", SubscribeMsgSentEvent=[told])
