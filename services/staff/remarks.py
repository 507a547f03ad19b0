"""Remarks 说明: what one colleague writes for the other to read before they decide."""

from __future__ import annotations

from services.core.errors import Invalid
from services.core.pii import scrub

_LENGTH = (4, 200)


def remark(text: str, capability: str) -> str:
    """Why, in 4 to 200 characters and without anybody's numbers. Raises Invalid, with the capability's own codes."""
    text = text.strip().replace("\r\n", "\n")
    if not _LENGTH[0] <= len(text) <= _LENGTH[1] or not text.replace("\n", "").isprintable():
        raise Invalid("请写 4 到 200 个字，让同事知道为什么。", code=f"{capability}.note", field="note")
    if scrub(text) != text:
        raise Invalid("不要写证件号、卡号和手机号。", code=f"{capability}.note_private", field="note")
    return text
