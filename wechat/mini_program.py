"""Mini-program sign-in 小程序登录: who a code of wx.login is, whether that still holds, and the user's phone number.

The session key never leaves the server, and neither it nor the secret stands in an error or a log.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Any

from services.core.clock import Clock
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.errors import ACTIONS, Action, WeChatError, WeChatFailure, WeChatUnreachable
from wechat.http import call_json, new_session
from wechat.oauth import BAD_CODE, CODE, OPENID, CodeRefused

JSCODE2SESSION = "sns/jscode2session"
CHECK_SESSION = "/wxa/checksession"
PHONE_NUMBER = "/wxa/business/getuserphonenumber"
HIGH_RISK, TOO_FAST, SESSION_OVER = 40226, 45011, 87009
PHONE_FRESH_S = 600
_SESSION_KEY = re.compile(r"[A-Za-z0-9+/=]{16,128}")
_UNIONID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAINLAND = re.compile(r"1[0-9]{10}")


class RiskyUser(WeChatError):
    """WeChat holds the user for dangerous and lets them into no mini-program."""


class TooFast(WeChatError):
    """The user signed in too often within a minute."""


@dataclass(frozen=True, slots=True)
class MiniLogin:
    """Who signed in; the key and the unionid stay with us."""

    openid: str
    session_key: str = field(repr=False)
    unionid: str | None = field(repr=False)


class MiniProgram:
    """The calls of sign-in; `client` has the mini-program's own token."""

    def __init__(self, config: WeChatConfig, client: WeChatClient, clock: Clock) -> None:
        self._config = config
        self._client = client
        self._clock = clock
        self._http = new_session()

    def login(self, js_code: str) -> MiniLogin:
        """Who a code is. Raises CodeRefused, RiskyUser, TooFast, WeChatFailure or WeChatUnreachable."""
        if not CODE.fullmatch(js_code):
            raise CodeRefused
        answer = call_json(
            self._http,
            "GET",
            f"{self._config.api_base_url}/{JSCODE2SESSION}",
            call=JSCODE2SESSION,
            params={
                "appid": self._config.appid,
                "secret": self._config.secret,
                "js_code": js_code,
                "grant_type": "authorization_code",
            },
        )
        _refuse(answer.get("errcode", 0))
        return _login_of(answer)

    def holds(self, openid: str, session_key: str) -> bool:
        """Whether WeChat still knows this session key of this user. Raises WeChatError when it cannot be asked."""
        signature = login_state_signature(session_key, "")
        params = {"openid": openid, "signature": signature, "sig_method": "hmac_sha256"}
        try:
            self._client.get(CHECK_SESSION, params=params)
        except WeChatFailure as failure:
            if failure.errcode != SESSION_OVER:
                raise
            return False
        return True

    def phone_of(self, code: str, openid: str) -> str | None:
        """The phone number behind a code of the button that this very user tapped, None for one not of the mainland.

        Raises CodeRefused, TooFast, or WeChatError when WeChat cannot be asked.
        """
        if not CODE.fullmatch(code):
            raise CodeRefused
        try:
            answer = self._client.post(PHONE_NUMBER, data={"code": code, "openid": openid})
        except WeChatFailure as failure:
            if ACTIONS.get(failure.errcode) is Action.BAD_OPENID:  # somebody else tapped
                raise CodeRefused from None
            _refuse(failure.errcode, PHONE_NUMBER)
            raise
        return self._phone(answer.get("phone_info"))

    def _phone(self, info: object) -> str | None:
        if not isinstance(info, dict) or not self._ours(info.get("watermark")):
            raise WeChatUnreachable(PHONE_NUMBER, sent=True)
        number = info.get("purePhoneNumber")
        if info.get("countryCode") != "86" or not isinstance(number, str) or not _MAINLAND.fullmatch(number):
            return None
        return number

    def _ours(self, mark: object) -> bool:
        """Whether the number was given to this mini-program, and just now."""
        if not isinstance(mark, dict) or mark.get("appid") != self._config.appid:
            return False
        given_at = mark.get("timestamp")
        return type(given_at) is int and abs(self._clock.now().timestamp() - given_at) <= PHONE_FRESH_S


def login_state_signature(session_key: str, message: str) -> str:
    """WeChat's signature of a login state: HMAC-SHA256 under the session key as it came, in lower-case hex."""
    return hmac.new(session_key.encode(), message.encode(), hashlib.sha256).hexdigest()


def _refuse(errcode: object, call: str = JSCODE2SESSION) -> None:
    """Raise what an error code means; 0 is none."""
    if errcode in BAD_CODE:
        raise CodeRefused
    if errcode == HIGH_RISK:
        raise RiskyUser
    if errcode == TOO_FAST:
        raise TooFast
    if errcode != 0:
        raise WeChatFailure(errcode if isinstance(errcode, int) else -1, call)


def _login_of(answer: dict[str, Any]) -> MiniLogin:
    openid, key, unionid = answer.get("openid"), answer.get("session_key"), answer.get("unionid")
    if not isinstance(openid, str) or not OPENID.fullmatch(openid):
        raise WeChatUnreachable(JSCODE2SESSION, sent=True)
    if not isinstance(key, str) or not _SESSION_KEY.fullmatch(key):
        raise WeChatUnreachable(JSCODE2SESSION, sent=True)
    known = isinstance(unionid, str) and _UNIONID.fullmatch(unionid) is not None
    return MiniLogin(openid, key, unionid if known else None)
