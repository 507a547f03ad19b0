"""Only our own pages get a JS-SDK signature."""

from datetime import UTC, datetime

import pytest

from services.core.clock import FixedClock
from wechat.jssdk import ForeignPage, JsSdk, signature

CLOCK = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))


def test_the_fragment_is_not_signed() -> None:
    given = JsSdk("wx1", "https://gjj.example.cn", lambda: "T", CLOCK).config_for(
        "https://gjj.example.cn/m/?a=1#/home"
    )
    assert given["signature"] == signature(
        "T", given["nonceStr"], given["timestamp"], "https://gjj.example.cn/m/?a=1"
    )
    assert given["timestamp"] == str(int(CLOCK.now().timestamp()))


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/m/",
        "https://gjj.example.cn.evil.example/",
        "http://gjj.example.cn/m/",
        "https://gjj.example.cn:8443/m/",
        "https://evil.example\\@gjj.example.cn/",
        "https://user@gjj.example.cn/",
        "//gjj.example.cn/",
        "",
        "https://[",
    ],
)
def test_other_pages_are_refused(page: str) -> None:
    with pytest.raises(ForeignPage):
        JsSdk("wx1", "https://gjj.example.cn", lambda: "T", CLOCK).config_for(page)
