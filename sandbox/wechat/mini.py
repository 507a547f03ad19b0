"""Mini-program 小程序: sign-in codes, session keys, phone numbers and links, as api.weixin.qq.com keeps them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, request

from sandbox.wechat.account import CODE_LIFE_S, Account
from sandbox.wechat.answers import Answer, WeChatError, body_json
from sandbox.wechat.api import wechat_view
from sandbox.world import Person

CODES, SESSIONS, MINUTE = "wechat.mini_code", "wechat.session_key", "wechat.mini_minute"
A_MINUTE_LIMIT = 100
LINK_DAYS_MAX = 30
PATH = re.compile(r"[A-Za-z0-9_/-]{0,1024}")
SCHEME_KEYS = frozenset({"jump_wxa", "is_expire", "expire_type", "expire_time", "expire_interval"})
LINK_KEYS = frozenset(
    {"path", "query", "is_expire", "expire_type", "expire_time", "expire_interval", "env_version"}
)


class MiniProgram:
    """What WeChat keeps for the mini-program, and the calls its server makes."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.store = account.store
        self.world = account.world

    # the phone's side

    def login_code(self, person: Person) -> str:
        """wx.login: a code for one jscode2session within 5 minutes."""
        return self._new_code("login", person)

    def phone_code(self, person: Person) -> str:
        """The button open-type="getPhoneNumber": a code for one getuserphonenumber within 5 minutes."""
        return self._new_code("phone", person)

    def session_holds(self, person: Person) -> bool:
        """wx.checkSession: whether there is a session key of the last code."""
        return self.store.get(SESSIONS, self.account.mini_openid(person.key)) is not None

    def end_session(self, person: Person) -> None:
        """The session key is no longer good, as WeChat lets it end when a mini-program is not used."""
        self.store.delete(SESSIONS, self.account.mini_openid(person.key))

    def _new_code(self, kind: str, person: Person) -> str:
        code = f"0{secrets.token_hex(16)}"
        facts = {"kind": kind, "key": person.key, "ends": self.world.time() + CODE_LIFE_S, "used": False}
        self.store.put(CODES, code, facts)
        return code

    def _redeem(self, kind: str, code: object) -> Person:
        with self.store.locked():
            facts = self.store.get(CODES, str(code))
            if facts is None or facts["kind"] != kind or facts["ends"] <= self.world.time():
                raise WeChatError(40029)
            if facts["used"]:
                raise WeChatError(40163)
            self.store.put(CODES, str(code), {**facts, "used": True})
        person = self.world.person(facts["key"])
        if person is None:
            raise WeChatError(40029)
        return person

    # the server's side

    def code2session(self) -> Answer:
        """GET sns/jscode2session: who the code is; the newest session key wins."""
        given, keys = request.args, self.account.keys
        if given.get("appid") != keys["mini_appid"]:
            raise WeChatError(40013)
        if given.get("secret") != keys["mini_secret"]:
            raise WeChatError(40125)
        if given.get("grant_type") != "authorization_code":
            raise WeChatError(40002)
        person = self._redeem("login", given.get("js_code", ""))
        openid = self.account.mini_openid(person.key)
        self._count_minute(openid)
        if self.world.faults.take("wechat", "login", openid, kinds=("high_risk",)):
            raise WeChatError(40226)
        session_key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.store.put(SESSIONS, openid, session_key)
        answer = {"openid": openid, "session_key": session_key}
        unionid = self.account.unionid(person.key)
        return {**answer, "unionid": unionid} if unionid else answer

    def _count_minute(self, openid: str) -> None:
        name = f"{openid} {int(self.world.time()) // 60}"
        with self.store.locked():
            used = int(self.store.get(MINUTE, name, 0)) + 1
            self.store.put(MINUTE, name, used)
        if used > A_MINUTE_LIMIT:
            raise WeChatError(45011)

    def check_session(self) -> Answer:
        """GET wxa/checksession: HMAC-SHA256 of nothing under the session key."""
        given = request.args
        session_key = self.store.get(SESSIONS, given.get("openid", ""))
        if given.get("sig_method") != "hmac_sha256":
            raise WeChatError(40097)
        if session_key is None:
            raise WeChatError(87009)
        expected = hmac.new(session_key.encode(), b"", hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, given.get("signature", "")):
            raise WeChatError(87009)
        return {}

    def phone_number(self) -> Answer:
        """POST wxa/business/getuserphonenumber; with an openid, the code must be that user's."""
        body = body_json()
        person = self._redeem("phone", body.get("code", ""))
        if body.get("openid", own := self.account.mini_openid(person.key)) != own:
            raise WeChatError(40003)
        stamp = {"timestamp": int(self.world.time()), "appid": self.account.keys["mini_appid"]}
        facts = {"phoneNumber": person.phone, "purePhoneNumber": person.phone, "countryCode": "86"}
        return {"phone_info": {**facts, "watermark": stamp}}

    def scheme(self) -> Answer:
        """POST wxa/generatescheme: today's form, an end is a must."""
        body = body_json()
        self._check_link(body, SCHEME_KEYS, body.get("jump_wxa") or {})
        return {"openlink": f"weixin://dl/business/?t={secrets.token_urlsafe(8)}"}

    def url_link(self) -> Answer:
        """POST wxa/generate_urllink."""
        body = body_json()
        self._check_link(body, LINK_KEYS, body)
        return {"url_link": f"https://wxaurl.cn/{secrets.token_urlsafe(8)}"}

    def _check_link(self, body: Mapping[str, Any], known: frozenset[str], page: Mapping[str, Any]) -> None:
        unknown = set(body) - known
        if unknown:
            raise WeChatError(47001, f"unknown {sorted(unknown)[0]}")
        if not PATH.fullmatch(str(page.get("path", ""))):
            raise WeChatError(40165)
        if len(str(page.get("query", ""))) > 1024:
            raise WeChatError(40212)
        ends = body.get("expire_time"), body.get("expire_interval")
        kind = body.get("expire_type")
        latest = self.world.time() + LINK_DAYS_MAX * 86400
        by_time = kind == 0 and isinstance(ends[0], int) and self.world.time() < ends[0] <= latest
        by_days = kind == 1 and isinstance(ends[1], int) and 1 <= ends[1] <= LINK_DAYS_MAX
        if not by_time and not by_days:
            raise WeChatError(85401)


def blueprint(account: Account) -> Blueprint:
    """sns/jscode2session and wxa/… as a Flask blueprint."""
    pages, mini = Blueprint("mini", __name__), MiniProgram(account)
    calls: dict[str, tuple[str, Callable[[], Answer], bool]] = {
        "sns/jscode2session": ("GET", mini.code2session, False),
        "wxa/checksession": ("GET", mini.check_session, True),
        "wxa/business/getuserphonenumber": ("POST", mini.phone_number, True),
        "wxa/generatescheme": ("POST", mini.scheme, True),
        "wxa/generate_urllink": ("POST", mini.url_link, True),
    }
    for path, (method, handler, needs_token) in calls.items():
        name = path.rpartition("/")[2]
        view = wechat_view(account, name, handler, needs_token=needs_token, app="mini")
        pages.add_url_rule(f"/{path}", name, view, methods=[method])
    return pages
