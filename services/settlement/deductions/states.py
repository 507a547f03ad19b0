"""States of a deduction 扣款状态; what its loan may do depends on `LIVE_STATES`."""

from __future__ import annotations

from services.core.states import Edge, StateTable

DEDUCTION_STATES = StateTable(
    "deduction",
    "ready",
    {
        "ready": "待发送",
        "sending": "发送中",
        "accepted": "银行已受理",
        "unknown": "结果待查",
        "collected": "已扣款入账",
        "unbooked": "已扣款，待人工入账",
        "rejected": "没有扣成",
        "taken_back": "被银行冲回",
    },
    (
        Edge("ready", "dispatch", "sending", "系统"),
        Edge("ready", "lapse", "rejected", "系统"),
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
        Edge("sending", "collect", "collected", "银行"),
        Edge("unknown", "collect", "collected", "银行"),
        Edge("accepted", "collect", "collected", "银行"),
        Edge("sending", "strand", "unbooked", "系统"),
        Edge("unknown", "strand", "unbooked", "系统"),
        Edge("accepted", "strand", "unbooked", "系统"),
        Edge("unbooked", "collect", "collected", "系统"),
        Edge("collected", "take_back", "taken_back", "银行"),
    ),
)
ASKING_STATES = ("sending", "unknown", "accepted")
OPEN_STATES = ("ready", *ASKING_STATES)
LIVE_STATES = (*OPEN_STATES, "unbooked")
"""States in which the plan of the loan stands still: the sum was worked out from it."""
