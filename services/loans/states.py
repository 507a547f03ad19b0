"""States of a loan 贷款状态 of an instalment 期次状态 and of a discharge 解抵状态; no other edge exists."""

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
DISCHARGE_STATES = StateTable(
    "mortgage_discharge",
    "asked",
    {
        "asked": "已替您申请",
        "accepted": "登记机构已受理",
        "registered": "抵押已解除",
        "refused": "要到窗口办",
    },
    (
        Edge("asked", "accept", "accepted", "登记机构"),
        Edge("asked", "register", "registered", "登记机构"),
        Edge("accepted", "register", "registered", "登记机构"),
        Edge("asked", "refuse", "refused", "登记机构"),
        Edge("accepted", "refuse", "refused", "登记机构"),
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
