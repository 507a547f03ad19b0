"""Failures 失败 of calls to WeChat: the call's name and a code, never a URL, token, secret or body."""

from __future__ import annotations

TOKEN_CODES = frozenset({40001, 40014, 42001})


class WeChatError(Exception):
    """Base of everything a call to WeChat can end in besides its answer."""


class WeChatFailure(WeChatError):
    """WeChat answered with an error code: the call had no effect."""

    def __init__(self, errcode: int, call: str) -> None:
        super().__init__(f"{call}: errcode {errcode}")
        self.errcode = errcode
        self.call = call


class WeChatUnreachable(WeChatError):
    """No usable answer; `sent` tells whether the call may have reached WeChat."""

    def __init__(self, call: str, *, sent: bool) -> None:
        super().__init__(f"{call}: {'no usable answer' if sent else 'no connection'}")
        self.call = call
        self.sent = sent
