"""HTTP to WeChat: bounded waits, no proxies, no redirects, and errors that tell nothing secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from wechat.errors import WeChatUnreachable

TIMEOUT_S = (3, 5)
ANSWER_LIMIT = 1 << 20


def new_session() -> requests.Session:
    """A session that ignores proxy variables and .netrc."""
    session = requests.Session()
    session.trust_env = False
    return session


def call_json(
    session: requests.Session,
    method: str,
    url: str,
    *,
    call: str,
    params: Mapping[str, Any] | None = None,
    body: object | None = None,
) -> dict[str, Any]:
    """One call; returns the JSON object of the answer or raises WeChatUnreachable.

    The causes are cut off on purpose: their texts hold the URL with token, secret or code.
    """
    data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = {} if data is None else {"Content-Type": "application/json; charset=utf-8"}
    try:
        response = session.request(
            method, url, params=params, data=data, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
        )
    except requests.RequestException as error:
        raise WeChatUnreachable(call, sent=not never_connected(error)) from None
    return _object(response, call)


def never_connected(error: requests.RequestException) -> bool:
    """Whether no connection came about, so that nothing was sent."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def _object(response: requests.Response, call: str) -> dict[str, Any]:
    if response.status_code != 200 or len(response.content) > ANSWER_LIMIT:
        raise WeChatUnreachable(call, sent=True)
    try:
        answer = json.loads(response.content.decode("utf-8"), strict=False)
    except ValueError:
        raise WeChatUnreachable(call, sent=True) from None
    if not isinstance(answer, dict):
        raise WeChatUnreachable(call, sent=True)
    return answer
