"""API 接口: the parts of api.weixin.qq.com/cgi-bin the product uses, with WeChat's error codes."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.serving import drop, suffer
from sandbox.wechat.account import Account
from sandbox.wechat.fields import broken_rule
from sandbox.wechat.menu import menu_trouble
from sandbox.wechat.push import Pusher

MESSAGES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40037: "invalid template_id",
    40125: "invalid appsecret",
    40163: "code been used",
    41001: "access_token missing",
    42001: "access_token expired",
    43004: "require subscribe",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45015: "response out of time limit or subscription is canceled",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid!",
}
Answer = dict[str, Any] | Response


class WeChatError(Exception):
    """One of WeChat's error codes, answered under HTTP 200."""

    def __init__(self, errcode: int, more: str = "") -> None:
        super().__init__(str(errcode))
        self.errcode = errcode
        self.errmsg = (
            f"{MESSAGES.get(errcode, 'error')}{' ' + more if more else ''} rid: {secrets.token_hex(8)}"
        )


def body_json() -> dict[str, Any]:
    """The JSON object of the body, or 44002 / 47001."""
    raw = request.get_data()
    if not raw:
        raise WeChatError(44002)
    try:
        body = json.loads(raw.decode("utf-8"))
    except ValueError:
        raise WeChatError(47001) from None
    if not isinstance(body, dict):
        raise WeChatError(47001)
    return body


class CgiBin:
    """Handlers of cgi-bin, each a method that returns the JSON or raises WeChatError."""

    def __init__(self, account: Account, pusher: Pusher) -> None:
        self.account = account
        self.pusher = pusher
        self.world = account.world

    # tokens

    def _check_app(self, given: Mapping[str, Any]) -> None:
        if given.get("grant_type") != "client_credential":
            raise WeChatError(40002)
        if given.get("appid") != self.account.keys["appid"]:
            raise WeChatError(40013)
        if given.get("secret") != self.account.keys["secret"]:
            raise WeChatError(40125)

    def token(self) -> Answer:
        """GET cgi-bin/token."""
        self._check_app(request.args)
        return self.account.plain_token()

    def stable_token(self) -> Answer:
        """POST cgi-bin/stable_token."""
        body = body_json()
        self._check_app(body)
        force = body.get("force_refresh") is True
        if force and self.account.over_quota("force"):
            raise WeChatError(45009)
        return self.account.stable_token(force=force)

    def ticket(self) -> Answer:
        """GET cgi-bin/ticket/getticket."""
        if request.args.get("type") != "jsapi":
            raise WeChatError(40097)
        return self.account.ticket()

    # menu

    def menu_create(self) -> Answer:
        """POST cgi-bin/menu/create."""
        body = body_json()
        trouble = menu_trouble(body)
        if trouble:
            raise WeChatError(*trouble)
        self.account.store.put("wechat.menu", "current", body)
        return {}

    def menu_get(self) -> Answer:
        """GET cgi-bin/menu/get."""
        menu = self.account.store.get("wechat.menu", "current")
        if menu is None:
            raise WeChatError(46003)
        return {"menu": menu}

    def menu_delete(self) -> Answer:
        """GET cgi-bin/menu/delete."""
        self.account.store.delete("wechat.menu", "current")
        return {}

    # messages

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
        self.account.say(openid, _card(template, body, msgid))
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
        data = body.get("data") or {}
        for field in template["fields"]:
            trouble = broken_rule(field, (data.get(field) or {}).get("value"))
            if trouble:
                raise WeChatError(47003, trouble)
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
        self.pusher.event(openid, "TEMPLATESENDJOBFINISH", MsgID=msgid, Status=status)

    def custom_send(self) -> Answer:
        """POST cgi-bin/message/custom/send: text within 48 hours of the person's last move."""
        body = body_json()
        openid = str(body.get("touser", ""))
        if self.account.person(openid) is None:
            raise WeChatError(40003)
        if body.get("msgtype") != "text" or not (body.get("text") or {}).get("content"):
            raise WeChatError(40008)
        if not self.account.follows(openid) or not self.account.may_chat(openid):
            raise WeChatError(45015)
        self.account.say(openid, {"from": "account", "type": "text", "text": body["text"]["content"]})
        return {}

    def callback_ip(self) -> Answer:
        """GET cgi-bin/getcallbackip."""
        return {"ip_list": ["127.0.0.1"]}

    def clear_quota(self) -> Answer:
        """POST cgi-bin/clear_quota."""
        self.account.store.clear("wechat.quota")
        return {}


def _card(template: Mapping[str, Any], body: Mapping[str, Any], msgid: int) -> dict[str, Any]:
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


def blueprint(account: Account, pusher: Pusher) -> Blueprint:
    """cgi-bin as a Flask blueprint."""
    pages = Blueprint("cgi_bin", __name__, url_prefix="/cgi-bin")
    cgi = CgiBin(account, pusher)
    open_calls = {"token": ("GET", cgi.token), "stable_token": ("POST", cgi.stable_token)}
    token_calls = {
        "ticket/getticket": ("GET", cgi.ticket),
        "menu/create": ("POST", cgi.menu_create),
        "menu/get": ("GET", cgi.menu_get),
        "menu/delete": ("GET", cgi.menu_delete),
        "message/template/send": ("POST", cgi.template_send),
        "message/custom/send": ("POST", cgi.custom_send),
        "getcallbackip": ("GET", cgi.callback_ip),
        "clear_quota": ("POST", cgi.clear_quota),
    }
    for path, (method, handler) in {**open_calls, **token_calls}.items():
        view = _view(account, path, handler, needs_token=path in token_calls)
        pages.add_url_rule(f"/{path}", path.replace("/", "_"), view, methods=[method])
    return pages


def _view(
    account: Account, path: str, handler: Callable[[], Answer], *, needs_token: bool
) -> Callable[[], Response]:
    name = path.removeprefix("message/")

    def view() -> Response:
        try:
            broken = _ordered(account, name)
            if broken is not None:
                return broken
            trouble = account.token_trouble(request.args.get("access_token", "")) if needs_token else 0
            if trouble:
                raise WeChatError(trouble)
            if account.over_quota(name):
                raise WeChatError(45009)
            answer = handler()
        except WeChatError as error:
            return jsonify(errcode=error.errcode, errmsg=error.errmsg)
        if isinstance(answer, Response):
            return answer
        return jsonify({"errcode": 0, "errmsg": "ok", **answer} if needs_token else answer)

    return view


def _ordered(account: Account, name: str) -> Response | None:
    fault = account.world.faults.take("wechat", name, kinds=_HTTP_KINDS)
    if fault is not None and fault.kind == "errcode":
        raise WeChatError(int(fault.args.get("errcode", -1)))
    return suffer(fault)


_HTTP_KINDS = ("errcode", "slow", "reset", "html", "http_500")
