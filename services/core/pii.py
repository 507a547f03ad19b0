"""Personal data 个人信息: masks for what is shown, and a filter for what is logged."""

from __future__ import annotations

import re

_LOG_PATTERNS = (
    (re.compile(r"[0-9]{17}[0-9Xx](?![0-9])"), "<id>"),
    (re.compile(r"(?<![0-9])[0-9]{16,19}(?![0-9])"), "<card>"),
    (re.compile(r"(?<![0-9])(?:86)?1[3-9][0-9]{9}(?![0-9])"), "<phone>"),
    (re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+"), "<token>"),
    (re.compile(r"(secret|code|access_token|js_code)=[^&\s\"']+"), r"\1=<hidden>"),
    (re.compile(r"[A-Za-z0-9+/]{200,}={0,2}"), "<data>"),
    (re.compile(r"(?<![A-Za-z0-9_-])o[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])"), "<openid>"),
)
_LONG = 200
_SUSPECT = re.compile(r"[0-9]{11}|eyJ|=|(?<![A-Za-z0-9_-])o[A-Za-z0-9_-]{27}")
"""One of these is in every short text that a pattern above fits: most texts are let go after one look."""


def mask_name(name: str) -> str:
    """Keep the first character, and the last of names of three and more: 张*丰, 李*."""
    if len(name) <= 2:
        return name[:1] + "*"
    return name[:1] + "*" * (len(name) - 2) + name[-1:]


def mask_id_no(id_no: str) -> str:
    """110105********1234."""
    return f"{id_no[:6]}********{id_no[-4:]}"


def mask_phone(phone: str) -> str:
    """138****1234."""
    return f"{phone[:3]}****{phone[-4:]}"


def mask_account_no(account_no: str) -> str:
    """Last four digits only."""
    return "****" + account_no[-4:]


def scrub(text: str) -> str:
    """Replace what looks like ID numbers, cards, phones, tokens, openids or long data in a log text."""
    if len(text) < _LONG and _SUSPECT.search(text) is None:
        return text
    for pattern, mark in _LOG_PATTERNS:
        text = pattern.sub(mark, text)
    return text
