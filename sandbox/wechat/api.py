"""API 接口: the parts of api.weixin.qq.com/cgi-bin the product uses, with WeChat's error codes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.serving import drop, suffer
from sandbox.wechat.account import DAILY_LIMITS, Account
from sandbox.wechat.answers import Answer, WeChatError, body_json
from sandbox.wechat.menu import menu_trouble
from sandbox.wechat.messages import Messages
from sandbox.wechat.push import Pusher
from sandbox.wechat.subscriptions import Subscriptions


class CgiBin:
    """Handlers of cgi-bin, each a method that returns the JSON or raises WeChatError."""

    def __init__(self, account: Account) -> None:
        self.account = account

    # tokens

    def _check_app(self, given: Mapping[str, Any]) -> str:
        """Which of the two apps asks: its name in the keys, "" for the account and "mini_" for the mini-program."""
        if given.get("grant_type") != "client_credential":
            raise WeChatError(40002)
        for app in ("", "mini_"):
            if given.get("appid") == self.account.keys[f"{app}appid"]:
                if given.get("secret") != self.account.keys[f"{app}secret"]:
                    raise WeChatError(40125)
                return app
        raise WeChatError(40013)

    def token(self) -> Answer:
        """GET cgi-bin/token."""
        self._check_app(request.args)
        return self.account.plain_token()

    def stable_token(self) -> Answer:
        """POST cgi-bin/stable_token."""
        body = body_json()
        kind = "mini" if self._check_app(body) else "stable"
        if self.account.world.faults.take("wechat", "stable_token", kinds=("wrong_token",)):
            return {"access_token": f"00_{secrets.token_urlsafe(96)}", "expires_in": 7200}
        force = body.get("force_refresh") is True
        if force and self.account.over_quota("force"):
            raise WeChatError(45009)
        return self.account.stable_token(force=force, kind=kind)

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

    def callback_ip(self) -> Answer:
        """GET cgi-bin/getcallbackip."""
        return {"ip_list": ["127.0.0.1"]}

    def clear_quota(self) -> Answer:
        """POST cgi-bin/clear_quota: ten times a month."""
        if body_json().get("appid") != self.account.keys["appid"]:
            raise WeChatError(40013)
        if not self.account.clear_quota():
            raise WeChatError(48006)
        return {}

    def quota_get(self) -> Answer:
        """POST cgi-bin/openapi/quota/get: of one call, by its path."""
        path = str(body_json().get("cgi_path", "")).removeprefix("/cgi-bin/").removeprefix("message/")
        limit = DAILY_LIMITS.get(path)
        if limit is None:
            raise WeChatError(76022)
        used = self.account.used_today(path)
        return {"quota": {"daily_limit": limit, "used": used, "remain": max(0, limit - used)}}


def blueprint(account: Account, pusher: Pusher) -> Blueprint:
    """cgi-bin as a Flask blueprint."""
    pages = Blueprint("cgi_bin", __name__, url_prefix="/cgi-bin")
    cgi, messages = CgiBin(account), Messages(account, pusher)
    subscriptions = Subscriptions(account, pusher)
    open_calls = {"token": ("GET", cgi.token), "stable_token": ("POST", cgi.stable_token)}
    token_calls = {
        "ticket/getticket": ("GET", cgi.ticket),
        "menu/create": ("POST", cgi.menu_create),
        "menu/get": ("GET", cgi.menu_get),
        "menu/delete": ("GET", cgi.menu_delete),
        "message/template/send": ("POST", messages.template_send),
        "message/custom/send": ("POST", messages.custom_send),
        "message/subscribe/bizsend": ("POST", subscriptions.bizsend),
        "openapi/quota/get": ("POST", cgi.quota_get),
        "getcallbackip": ("GET", cgi.callback_ip),
        "clear_quota": ("POST", cgi.clear_quota),
    }
    for path, (method, handler) in {**open_calls, **token_calls}.items():
        view = wechat_view(account, path, handler, needs_token=path in token_calls)
        pages.add_url_rule(f"/{path}", path.replace("/", "_"), view, methods=[method])
    to_mini = wechat_view(account, "message/subscribe/send", subscriptions.send, needs_token=True, app="mini")
    pages.add_url_rule("/message/subscribe/send", "mini_subscribe_send", to_mini, methods=["POST"])
    return pages


def wechat_view(
    account: Account, path: str, handler: Callable[[], Answer], *, needs_token: bool, app: str = "account"
) -> Callable[[], Response]:
    """A handler as WeChat serves it: ordered faults, the token of the right app, the day's quota, errors under 200."""
    name = path.removeprefix("message/")

    def view() -> Response:
        try:
            broken = _ordered(account, name)
            if broken is not None:
                return broken
            if not account.allows(request.remote_addr or ""):
                raise WeChatError(40164)
            token = request.args.get("access_token", "")
            trouble = account.token_trouble(token, app) if needs_token else 0
            if trouble:
                raise WeChatError(trouble)
            if account.over_quota(name):
                raise WeChatError(45009)
            answer = handler()
            if account.world.faults.take("wechat", name, kinds=("lost_answer",)):
                drop()
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
