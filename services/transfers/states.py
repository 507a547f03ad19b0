"""States of a transfer 转移状态: where the letter stands, and the money."""

from __future__ import annotations

from services.core.states import Edge, StateTable

TRANSFER_STATES = StateTable(
    "transfer_in",
    "ready",
    {
        "ready": "待发函",
        "asked": "等对方答复",
        "promised": "对方已同意，等钱",
        "early": "钱先到了，等对方来信",
        "differs": "金额不符，人工核对",
        "withdrawing": "正在撤回联系函",
        "credited": "已入账",
        "refused": "没有办成",
        "withdrawn": "已撤回",
    },
    (
        Edge("ready", "take", "asked", "结算平台"),
        Edge("ready", "refuse", "refused", "结算平台"),
        Edge("ready", "withdraw", "withdrawn", "本人"),
        Edge("ready", "withdraw_sent", "withdrawing", "本人"),
        Edge("ready", "letter", "promised", "转出地中心"),
        Edge("ready", "money", "early", "银行"),
        Edge("asked", "letter", "promised", "转出地中心"),
        Edge("asked", "refuse", "refused", "转出地中心"),
        Edge("asked", "called_off", "withdrawn", "转出地中心"),
        Edge("asked", "lose", "ready", "结算平台"),
        Edge("asked", "money", "early", "银行"),
        Edge("asked", "withdraw_sent", "withdrawing", "本人"),
        Edge("withdrawing", "called_off", "withdrawn", "转出地中心"),
        Edge("withdrawing", "refuse", "withdrawn", "转出地中心"),
        Edge("withdrawing", "keep", "asked", "转出地中心"),
        Edge("withdrawing", "letter", "promised", "转出地中心"),
        Edge("withdrawing", "money", "early", "银行"),
        Edge("early", "match", "credited", "系统"),
        Edge("early", "mismatch", "differs", "系统"),
        Edge("early", "letter", "promised", "转出地中心"),
        Edge("early", "take_back", "asked", "银行"),
        Edge("promised", "match", "credited", "系统"),
        Edge("promised", "mismatch", "differs", "系统"),
        Edge("promised", "refuse", "refused", "转出地中心"),
        Edge("differs", "accept", "credited", "工作人员"),
        Edge("differs", "send_back", "refused", "工作人员"),
    ),
)
WITHDRAWABLE = frozenset({"ready", "asked"})
"""The member may still call the letter back: no money is under way."""
ASKING = frozenset({"ready", "asked", "promised", "early", "withdrawing", "differs"})
"""Not at its end: looked after by the job."""
