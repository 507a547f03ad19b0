"""Ways to verify a face 刷脸方式: which one a login channel may use. A pure rule.

A mini-program may not collect faces with a camera of its own: WeChat's rules leave it WeChat's verification only.
That verification in turn exists only in the mini-program.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from services.core.errors import Forbidden

Method = Literal["camera", "wechat"]
METHOD_OF_CHANNEL: dict[str, Method] = {"h5": "camera", "mini": "wechat"}


class MethodRefused(Forbidden):
    """This way of verifying a face is not for this login, or the centre does not offer it."""

    code, title = "face.method", "不能用这种方式刷脸"
    detail = "这里不能用这种方式刷脸。请从公众号菜单进入办理，或带身份证到任一网点办。"


def method_for(channel: str, wished: str | None, offered: Collection[str]) -> Method:
    """The way a login of this channel verifies a face; raises MethodRefused when it wishes or would need another."""
    method = METHOD_OF_CHANNEL.get(channel)
    if method is None or method not in offered or wished not in (None, method):
        raise MethodRefused
    return method
