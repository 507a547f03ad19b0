"""States of a loan 贷款状态 and of an instalment 期次状态; no other edge exists."""

from __future__ import annotations

from services.core.states import Edge, StateTable

LOAN_STATES = StateTable(
    "loan",
    "normal",
    {"normal": "正常还款", "overdue": "逾期", "settled": "已结清"},
    (
        Edge("normal", "fall_overdue", "overdue", "系统"),
        Edge("overdue", "catch_up", "normal", "本人"),
        Edge("normal", "settle", "settled", "本人"),
        Edge("overdue", "settle", "settled", "本人"),
    ),
)
INSTALMENT_STATES = StateTable(
    "loan_instalment",
    "planned",
    {"planned": "未到期", "paid": "已还", "overdue": "逾期"},
    (
        Edge("planned", "pay", "paid", "本人"),
        Edge("planned", "fall_overdue", "overdue", "系统"),
        Edge("overdue", "pay", "paid", "本人"),
    ),
)
