"""Push 消息推送: sends what members do to the product's callback URL, encrypted, three times at most."""

from __future__ import annotations

import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from xml.etree import ElementTree

import requests

from sandbox.wechat.account import Account
from sandbox.wechat.envelope import BadEnvelope, decrypt, encrypt, sign

ANSWER_WITHIN_S = 5
TRIES = 3
NO_SERVICE = "该公众号提供的服务出现故障，请稍后再试"
Fields = dict[str, str | int]


class Pusher:
    """Delivers messages and events in the order of each person, and shows the replies in the conversation."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.world = account.world
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sandbox-push")

    @property
    def url(self) -> str:
        """The callback URL configured for the account."""
        return f"{self.world.setup.public_base_url}/webhooks/wechat"

    def text(self, openid: str, content: str) -> Future[str]:
        """The member writes to the account."""
        self.account.touch(openid)
        self.account.say(openid, {"from": "member", "type": "text", "text": content})
        return self.send(openid, {"MsgType": "text", "Content": content, "MsgId": secrets.randbits(62)})

    def event(self, openid: str, event: str, **more: str | int) -> Future[str]:
        """Something happened: subscribe, unsubscribe, CLICK, VIEW, TEMPLATESENDJOBFINISH …"""
        if event in ("subscribe", "CLICK", "VIEW", "SCAN"):
            self.account.touch(openid)
        return self.send(openid, {"MsgType": "event", "Event": event, **more})

    def send(self, openid: str, fields: Fields) -> Future[str]:
        """Push one message; the future's result says how it ended: replied, success, failed."""
        message: Fields = {
            "ToUserName": self.account.keys["original_id"],
            "FromUserName": openid,
            "CreateTime": int(self.world.time()),
            **fields,
        }
        return self._pool.submit(self._deliver, openid, message)

    def _deliver(self, openid: str, message: Fields) -> str:
        fault = self.world.faults.take("wechat", "push", openid)
        kind = fault.kind if fault else ""
        for _ in range(TRIES):
            query, body = self.seal(openid, render(message), kind)
            try:
                answer = self._post(query, body)
                if kind == "duplicate":
                    self._post(query, body)
                    self._post(*self.seal(openid, render(message), ""))
                return self._show(openid, answer, message)
            except (requests.RequestException, BadEnvelope):
                kind = "" if kind == "duplicate" else kind
        if message["MsgType"] == "text":
            self.account.say(openid, {"from": "account", "type": "notice", "text": NO_SERVICE})
        return "failed"

    def seal(self, openid: str, xml: str, fault: str) -> tuple[dict[str, str], str]:
        """Query and body of one callback in safe mode, spoiled as a fault orders."""
        keys = self.account.keys
        appid = "wx0000000000000000" if fault == "wrong_appid" else keys["appid"]
        when = str(int(self.world.time()) - (3600 if fault == "old_timestamp" else 0))
        nonce = str(secrets.randbelow(9 * 10**9) + 10**9)
        encrypted = encrypt(keys["aes_key"], appid, xml)
        signature = sign(keys["token"], when, nonce, encrypted)
        query = {
            "signature": sign(keys["token"], when, nonce),
            "timestamp": when,
            "nonce": nonce,
            "openid": openid,
            "encrypt_type": "aes",
            "msg_signature": "0" * 40 if fault == "bad_signature" else signature,
        }
        to = keys["original_id"]
        body = (
            f"<xml><ToUserName><![CDATA[{to}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        return query, body

    def _post(self, query: dict[str, str], body: str) -> str:
        answer = requests.post(
            self.url,
            params=query,
            data=body.encode(),
            headers={"Content-Type": "text/xml"},
            timeout=ANSWER_WITHIN_S,
            allow_redirects=False,
        )
        self.world.saw(
            "push",
            {
                "method": "POST",
                "path": "/webhooks/wechat",
                "status": answer.status_code,
                "answer": answer.text[:500],
            },
        )
        answer.raise_for_status()
        return answer.text

    def _show(self, openid: str, answer: str, message: Fields) -> str:
        if answer.strip() in ("", "success"):
            return "success"
        reply = self._open(answer)
        if reply.findtext("ToUserName") != openid:
            raise BadEnvelope("reply to somebody else")
        self.account.say(openid, {"from": "account", "type": "text", **_shown(reply)})
        return "replied"

    def _open(self, answer: str) -> ElementTree.Element:
        keys = self.account.keys
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
        self._pool.shutdown(wait=False, cancel_futures=True)


def render(fields: Fields) -> str:
    """The XML of a message."""
    parts = [
        f"<{name}>{value}</{name}>" if isinstance(value, int) else f"<{name}><![CDATA[{value}]]></{name}>"
        for name, value in fields.items()
    ]
    return f"<xml>{''.join(parts)}</xml>"


def _shown(reply: ElementTree.Element) -> dict[str, Any]:
    if reply.findtext("MsgType") == "news":
        item = reply.find("Articles/item")
        text = "" if item is None else f"{item.findtext('Title')}\n{item.findtext('Description')}"
        return {"text": text, "url": "" if item is None else item.findtext("Url")}
    return {"text": reply.findtext("Content") or ""}
