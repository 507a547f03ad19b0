"""States of a proposal at the counter 柜台事项状态, what can be proposed and in which channels."""

from __future__ import annotations

from services.core.states import Edge, StateTable

COUNTER_STATES = StateTable(
    "counter_proposal",
    "proposed",
    {
        "proposed": "待复核",
        "done": "已办",
        "refused": "没有同意",
        "taken_back": "已收回",
        "lapsed": "过期没办",
    },
    (
        Edge("proposed", "confirm", "done", "另一位工作人员"),
        Edge("proposed", "refuse", "refused", "另一位工作人员"),
        Edge("proposed", "take_back", "taken_back", "提出的人"),
        Edge("proposed", "lapse", "lapsed", "系统"),
    ),
)
UNBIND, PHONE = "unbind", "phone"
KINDS = {UNBIND: "解除微信绑定", PHONE: "改登记的手机号"}
CHANNELS = {"h5": "公众号", "mini": "小程序"}
