"""Answers 应答: WeChat's error codes, all under HTTP 200, and the JSON of requests."""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Response, request

MESSAGES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40008: "invalid message type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40165: "invalid weapp pagepath",
    40212: "invalid query",
    40226: "high risk user login blocked",
    41001: "access_token missing",
    42001: "access_token expired",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, mini program may be limited",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    76022: "could not use this cgi_path, no permission",
    84001: "invalid identify id",
    84002: "identify info mismatch",
    84003: "identify not finished",
    84006: "cert info empty",
    85401: "time limited between 1min and 1year",
    87009: "invalid signature",
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
