"""States of a batch 汇缴批次状态: from the file to the members' books, and back where it was wrong."""

from __future__ import annotations

from services.core.states import Edge, StateTable

REMITTANCE_STATES = StateTable(
    "remittance_batch",
    "loaded",
    {
        "loaded": "已收到文件",
        "refused": "核对不通过",
        "waiting": "核对通过，等到账",
        "funded": "钱已到账，待入账",
        "held": "到账后核对不通过，待处理",
        "posting": "正在入账",
        "posted": "已入账",
        "reversing": "正在更正冲回",
        "reversed": "已冲回",
        "cancelled": "已作废",
    },
    (
        Edge("loaded", "find_faults", "refused", "系统"),
        Edge("loaded", "find_right", "waiting", "系统"),
        Edge("waiting", "fund", "funded", "银行"),
        Edge("waiting", "cancel", "cancelled", "工作人员"),
        Edge("funded", "take_back", "waiting", "银行"),
        Edge("funded", "begin", "posting", "系统"),
        Edge("funded", "find_faults", "held", "系统"),
        Edge("held", "take_back", "waiting", "银行"),
        Edge("held", "find_right", "funded", "工作人员"),
        Edge("held", "cancel", "cancelled", "工作人员"),
        Edge("posting", "finish", "posted", "系统"),
        Edge("posted", "reverse", "reversing", "工作人员"),
        Edge("reversing", "finish", "reversed", "系统"),
    ),
)
MOVING = frozenset({"funded", "posting", "reversing"})
"""Looked after by the job."""
