"""States of a payment instruction 付款指令状态."""

from __future__ import annotations

from services.core.states import Edge, StateTable

INSTRUCTION_STATES = StateTable(
    "payment_instruction",
    "ready",
    {
        "ready": "待发送",
        "sending": "发送中",
        "accepted": "银行已受理",
        "unknown": "结果待查",
        "paid": "已付款",
        "rejected": "银行拒绝",
        "returned": "退汇",
        "cancelled": "已撤销",
    },
    (
        Edge("ready", "dispatch", "sending", "系统"),
        Edge("ready", "cancel", "cancelled", "本人"),
        Edge("sending", "not_sent", "ready", "系统"),
        Edge("sending", "accept", "accepted", "银行"),
        Edge("sending", "reject", "rejected", "银行"),
        Edge("sending", "lose", "unknown", "系统"),
        Edge("unknown", "accept", "accepted", "银行"),
        Edge("unknown", "reject", "rejected", "银行"),
        Edge("unknown", "absent_after_cutoff", "rejected", "日终"),
        Edge("accepted", "reject", "rejected", "银行"),
        Edge("unknown", "unpaid", "rejected", "两位工作人员"),
        Edge("accepted", "unpaid", "rejected", "两位工作人员"),
        Edge("sending", "pay", "paid", "银行"),
        Edge("unknown", "pay", "paid", "银行"),
        Edge("accepted", "pay", "paid", "银行"),
        Edge("paid", "come_back", "returned", "银行"),
    ),
)
OPEN_STATES = ("ready", "sending", "accepted", "unknown")
