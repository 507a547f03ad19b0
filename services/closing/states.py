"""States of a business day 会计日期状态; the database holds to the same edges."""

from __future__ import annotations

from services.core.states import Edge, StateTable

DAY_STATES = StateTable(
    "business_day",
    "open",
    {"open": "营业中", "closing": "日终处理中", "closed": "已关账"},
    (
        Edge("open", "cut_over", "closing", "系统"),
        Edge("closing", "close", "closed", "系统"),
    ),
)
