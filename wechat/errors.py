"""Failures 失败 of calls to WeChat: the call's name and a code, never a URL, token, secret or body; and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Action(Enum):
    """What an error code asks of us."""

    AGAIN = "again"  # the platform is busy: three more tries, a little apart
    RENEW = "renew"  # drop the token if it is still the one sent, get another once, try once more
    BAD_OPENID = "bad_openid"  # for good: another app's user, or nobody's
    OPERATOR = "operator"  # nothing works before somebody changes a setting
    RESTART_LOGIN = "restart_login"  # the code is used up: sign in again
    BAD_CONTENT = "bad_content"  # for good, and ours: template, field or page is wrong
    REFUSE_LOGIN = "refuse_login"  # WeChat holds the user for dangerous
    NOT_FOLLOWING = "not_following"  # the user left the account: another channel
    NO_CONSENT = "no_consent"  # the user said no, or the consent is used up: another channel
    STOP_TODAY = "stop_today"  # the day's quota: none of these calls before midnight or clear_quota
    PAUSE = "pause"  # the minute's quota: none for a minute
    CHAT_CLOSED = "chat_closed"  # for now: 48 hours without a word, or too many messages in a row
    ASK_AGAIN_LOGIN = "ask_again_login"  # the session key is another one: wx.login again
    UNKNOWN = "unknown"  # a code this table does not have


ACTIONS: Mapping[int, Action] = {
    -1: Action.AGAIN,
    40001: Action.RENEW,
    40003: Action.BAD_OPENID,
    40013: Action.OPERATOR,
    40014: Action.RENEW,
    40029: Action.RESTART_LOGIN,
    40037: Action.BAD_CONTENT,
    40125: Action.OPERATOR,
    40163: Action.RESTART_LOGIN,
    40164: Action.OPERATOR,
    40226: Action.REFUSE_LOGIN,
    41008: Action.RESTART_LOGIN,
    41030: Action.BAD_CONTENT,
    42001: Action.RENEW,
    43004: Action.NOT_FOLLOWING,
    43101: Action.NO_CONSENT,
    43116: Action.OPERATOR,
    45009: Action.STOP_TODAY,
    45011: Action.PAUSE,
    45015: Action.CHAT_CLOSED,
    45047: Action.CHAT_CLOSED,
    47003: Action.BAD_CONTENT,
    48001: Action.OPERATOR,
    48004: Action.OPERATOR,
    50002: Action.OPERATOR,
    87009: Action.ASK_AGAIN_LOGIN,
}
TOKEN_CODES = frozenset(code for code, action in ACTIONS.items() if action is Action.RENEW)
LATER = frozenset({Action.AGAIN, Action.RENEW, Action.OPERATOR, Action.STOP_TODAY, Action.PAUSE})
TRY_LATER = frozenset(code for code, action in ACTIONS.items() if action in LATER)
"""Codes after which the same call can succeed at another time: nothing is wrong with it."""


class WeChatError(Exception):
    """Base of everything a call to WeChat can end in besides its answer."""


class WeChatFailure(WeChatError):
    """WeChat answered with an error code: the call had no effect."""

    def __init__(self, errcode: int, call: str) -> None:
        super().__init__(f"{call}: errcode {errcode}")
        self.errcode = errcode
        self.call = call

    @property
    def action(self) -> Action:
        """What the code asks of us."""
        return ACTIONS.get(self.errcode, Action.UNKNOWN)


class QuotaReached(WeChatFailure):
    """We did not call: the day's or the minute's quota is used up. Reads like WeChat's own 45009."""

    def __init__(self, call: str) -> None:
        super().__init__(45009, call)


class WeChatUnreachable(WeChatError):
    """No usable answer; `sent` tells whether the call may have reached WeChat."""

    def __init__(self, call: str, *, sent: bool) -> None:
        super().__init__(f"{call}: {'no usable answer' if sent else 'no connection'}")
        self.call = call
        self.sent = sent
