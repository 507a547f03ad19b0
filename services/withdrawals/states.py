"""States of a withdrawal 提取状态; no other edge exists (docs/states/withdrawal.md is drawn from this table)."""

from __future__ import annotations

from services.core.states import Edge, StateTable

WITHDRAWAL_STATES = StateTable(
    "withdrawal",
    "submitted",
    {
        "submitted": "已提交",
        "verifying": "待核验",
        "in_review": "审核中",
        "approved": "已核准",
        "waiting": "待付款",
        "paying": "付款中",
        "collecting": "扣款中",
        "accepted": "银行已受理",
        "paid": "已到账",
        "repaid": "已还贷款",
        "unknown": "结果待查",
        "returned": "已退回",
        "uncollected": "没有扣成",
        "refused": "不予提取",
        "expired": "已失效",
        "cancelled": "已撤销",
    },
    (
        Edge("submitted", "require_face", "verifying", "系统"),
        Edge("submitted", "agreed", "approved", "系统"),
        Edge("submitted", "require_review", "in_review", "系统"),
        Edge("verifying", "face_passed", "approved", "本人"),
        Edge("verifying", "card_passed", "approved", "本人"),
        Edge("verifying", "require_review", "in_review", "系统"),
        Edge("verifying", "face_failed", "refused", "系统"),
        Edge("verifying", "expire", "expired", "系统"),
        Edge("in_review", "approve", "approved", "工作人员"),
        Edge("in_review", "refuse", "refused", "工作人员"),
        Edge("approved", "dispatch", "paying", "系统"),
        Edge("approved", "postpone", "waiting", "系统"),
        Edge("approved", "offset", "repaid", "系统"),
        Edge("approved", "collect", "collecting", "系统"),
        Edge("collecting", "bank_collected", "repaid", "银行"),
        Edge("collecting", "bank_rejected", "uncollected", "银行"),
        Edge("collecting", "unpaid", "uncollected", "两位工作人员"),
        Edge("waiting", "dispatch", "paying", "系统"),
        Edge("paying", "bank_accepted", "accepted", "银行"),
        Edge("paying", "bank_paid", "paid", "银行"),
        Edge("paying", "bank_rejected", "returned", "银行"),
        Edge("paying", "timed_out", "unknown", "系统"),
        Edge("accepted", "bank_paid", "paid", "银行"),
        Edge("accepted", "bank_rejected", "returned", "银行"),
        Edge("accepted", "unpaid", "returned", "两位工作人员"),
        Edge("unknown", "bank_accepted", "accepted", "银行"),
        Edge("unknown", "bank_paid", "paid", "银行"),
        Edge("unknown", "bank_rejected", "returned", "银行"),
        Edge("unknown", "unpaid", "returned", "两位工作人员"),
        Edge("paid", "bank_return", "returned", "银行"),
        Edge("submitted", "cancel", "cancelled", "本人"),
        Edge("verifying", "cancel", "cancelled", "本人"),
        Edge("in_review", "cancel", "cancelled", "本人"),
        Edge("waiting", "cancel", "cancelled", "本人"),
        Edge("approved", "call_back", "cancelled", "提取锁"),
        Edge("waiting", "call_back", "cancelled", "提取锁"),
        Edge("paying", "call_back", "cancelled", "提取锁"),
    ),
)
UNSENT_STATES = frozenset(edge.source for edge in WITHDRAWAL_STATES.edges if edge.event == "call_back")
"""States of a payment that the member's lock calls back, where the bank has had nothing of it."""
COUNTED_STATES = (
    "submitted",
    "verifying",
    "in_review",
    "approved",
    "waiting",
    "collecting",
    "paying",
    "accepted",
    "unknown",
    "paid",
    "repaid",
)
"""States in which an amount counts against a cap: paid and pending."""
LIVE_STATES = frozenset(COUNTED_STATES) - {"paid", "repaid"}
"""States in which money is asked for and has not gone out yet, or nobody knows."""
