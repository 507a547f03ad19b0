"""Push 消息推送: sends what members do to the product's callback URL, encrypted, three times at most."""

from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from sandbox.later import Later
from sandbox.posting import NotTaken, post
from sandbox.wechat.account import Account
from sandbox.wechat.envelope import BadEnvelope, decrypt, encrypt, sign

TRIES = 3
TOLD_AFTER_S = 0.3
CALLBACKS = {"account": "/webhooks/wechat", "mini": "/webhooks/wechat/mini"}
NO_SERVICE = "该公众号提供的服务出现故障，请稍后再试"
Fields = dict[str, str | int | list[dict[str, str]]]
SPOILS: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "bad_signature": lambda query: {**query, "msg_signature": "0" * 40},
    "upper_signature": lambda query: {**query, "msg_signature": query["msg_signature"].upper()},
    "no_signature": lambda query: {name: query[name] for name in query if name != "msg_signature"},
    "shifted": lambda query: {**query, "timestamp": query["timestamp"] + "1", "nonce": query["nonce"][1:]},
    "plain": lambda query: {
        name: query[name] for name in query if name not in ("encrypt_type", "msg_signature")
    },
}


class Pusher:
    """Delivers messages and events in the order of each person, and shows the replies in the conversation."""

    def __init__(self, account: Account, app: str = "account") -> None:
        self.account = account
        self.world = account.world
        self.app = app
        start = "" if app == "account" else f"{app}_"
        self.keys = {
            name: account.keys[f"{start}{name}"] for name in ("appid", "original_id", "token", "aes_key")
        }
        self._path = CALLBACKS[app]
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._later = Later(f"told-{app}")
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix=f"sandbox-push-{app}")

    @cached_property
    def mini(self) -> Pusher:
        """The pushes of the mini-program: other keys, another address."""
        return Pusher(self.account, "mini")

    @property
    def url(self) -> str:
        """The callback URL configured for the app."""
        configured = self.account.store.get("wechat.settings", f"callback.{self.app}")
        return str(configured or f"{self.world.setup.public_base_url}{self._path}")

    def text(self, openid: str, content: str) -> Future[str]:
        """The member writes to the account."""
        self.account.touch(openid)
        self.account.say(openid, {"from": "member", "type": "text", "text": content})
        return self.send(openid, {"MsgType": "text", "Content": content, "MsgId": secrets.randbits(62)})

    def event(self, openid: str, event: str, **more: str | int | list[dict[str, str]]) -> Future[str]:
        """Something happened: subscribe, unsubscribe, CLICK, VIEW, TEMPLATESENDJOBFINISH …"""
        if event in ("subscribe", "CLICK", "VIEW", "SCAN"):
            self.account.touch(openid)
        return self.send(openid, {"MsgType": "event", "Event": event, **more})

    def told(self, openid: str, event: str, **more: str | int | list[dict[str, str]]) -> None:
        """What became of a message, a moment after its sender had the answer."""
        self._later.after(TOLD_AFTER_S, lambda: self.event(openid, event, **more))

    def send(self, openid: str, fields: Fields) -> Future[str]:
        """Push one message; the future's result says how it ended: replied, success, failed."""
        message: Fields = {
            "ToUserName": self.keys["original_id"],
            "FromUserName": openid,
            "CreateTime": int(self.world.time()),
            **fields,
        }
        return self._pool.submit(self._deliver, openid, message)

    def _deliver(self, openid: str, message: Fields) -> str:
        fault = self.world.faults.take("wechat", "push", openid)
        kind = fault.kind if fault else ""
        if fault is not None and kind == "delayed":
            time.sleep(float(fault.args.get("seconds", 1)))
        with self._turns[openid]:  # one after another for each person, as a phone shows them
            return self._try(openid, message, kind)

    def _try(self, openid: str, message: Fields, kind: str) -> str:
        for _ in range(TRIES):
            query, body = self.seal(openid, render(message), kind)
            try:
                answer = self._post(query, body)
                if kind == "duplicate":
                    self._post(query, body)
                    self._post(*self.seal(openid, render(message), ""))
                if kind == "lost_answer":
                    kind = ""
                    continue
                return self._show(openid, answer, message)
            except (NotTaken, BadEnvelope):
                kind = "" if kind == "duplicate" else kind
        if message["MsgType"] != "event":
            self.account.say(openid, {"from": "account", "type": "notice", "text": NO_SERVICE})
        return "failed"

    def seal(self, openid: str, xml: str, fault: str) -> tuple[dict[str, str], str]:
        """Query and body of one callback in safe mode, spoiled as a fault orders."""
        keys = self.keys
        appid = "wx0000000000000000" if fault == "wrong_appid" else keys["appid"]
        when = str(int(self.world.time()) - (3600 if fault == "old_timestamp" else 0))
        nonce = str(secrets.randbelow(9 * 10**9) + 10**9)
        if fault == "wrong_addressee":
            xml = xml.replace(keys["original_id"], "gh_000000000000")
        if fault == "doctype":
            xml = f'<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/x.dtd">{xml}'
        encrypted = encrypt(keys["aes_key"], appid, xml)
        token = "another-token" if fault == "wrong_token" else keys["token"]
        query = {
            "signature": sign(token, when, nonce),
            "timestamp": when,
            "nonce": nonce,
            "openid": openid,
            "encrypt_type": "aes",
            "msg_signature": sign(token, when, nonce, encrypted),
        }
        spoil = SPOILS.get(fault)
        filler = "A" * (1 << 17) if fault == "oversized" else encrypted
        to = keys["original_id"]
        body = f"<xml><ToUserName><![CDATA[{to}]]></ToUserName><Encrypt><![CDATA[{filler}]]></Encrypt></xml>"
        return (spoil(query) if spoil else query), (xml if fault == "plain" else body)

    def _post(self, query: dict[str, str], body: str) -> str:
        answer = post(f"{self.url}?{urlencode(query)}", body.encode(), "text/xml")
        said = {"method": "POST", "path": self._path, "status": answer.status, "answer": answer.text[:500]}
        self.world.saw("push", said)
        if not answer.ok:
            raise NotTaken
        return answer.text

    def _show(self, openid: str, answer: str, message: Fields) -> str:
        if answer.strip() in ("", "success"):
            return "success"
        reply = self._open(answer)
        if reply.findtext("ToUserName") != openid:
            raise BadEnvelope("reply to somebody else")
        self.account.say(openid, {"from": "account", **_shown(reply)})
        return "replied"

    def _open(self, answer: str) -> ElementTree.Element:
        keys = self.keys
        try:
            sealed = ElementTree.fromstring(answer)
            encrypted = sealed.findtext("Encrypt") or ""
            stamp, nonce = sealed.findtext("TimeStamp") or "", sealed.findtext("Nonce") or ""
            if sign(keys["token"], stamp, nonce, encrypted) != sealed.findtext("MsgSignature"):
                raise BadEnvelope("signature")
            return ElementTree.fromstring(decrypt(keys["aes_key"], keys["appid"], encrypted))
        except ElementTree.ParseError as error:
            raise BadEnvelope("not XML") from error

    def stop(self) -> None:
        """Let pushes under way end, drop the rest."""
        self._later.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if "mini" in self.__dict__:
            self.mini.stop()


def render(fields: Fields) -> str:
    """The XML of a message; a list becomes one `List` element for each entry."""
    return f"<xml>{''.join(_element(name, value) for name, value in fields.items())}</xml>"


def _element(name: str, value: str | int | list[dict[str, str]]) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, list):
        entries = ("".join(_element(*field) for field in entry.items()) for entry in value)
        return f"<{name}>{''.join(f'<List>{entry}</List>' for entry in entries)}</{name}>"
    safe = value.replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{safe}]]></{name}>"


def news(title: object, text: object, url: object) -> dict[str, Any]:
    """A news card as the phone shows it."""
    return {"type": "news", "title": str(title or ""), "text": str(text or ""), "url": str(url or "")}


def _shown(reply: ElementTree.Element) -> dict[str, Any]:
    item = reply.find("Articles/item")
    if reply.findtext("MsgType") == "news" and item is not None:
        return news(item.findtext("Title"), item.findtext("Description"), item.findtext("Url"))
    return {"type": "text", "text": reply.findtext("Content") or ""}
