"""States of a break 差错状态, its kinds 类别 and how it may be closed 处理结论."""

from __future__ import annotations

from services.core.states import Edge, StateTable

BREAK_STATES = StateTable(
    "bank_break",
    "found",
    {"found": "待领取", "taken": "核查中", "proposed": "待复核", "closed": "已关闭"},
    (
        Edge("found", "take", "taken", "工作人员"),
        Edge("taken", "release", "found", "工作人员"),
        Edge("taken", "propose", "proposed", "工作人员"),
        Edge("proposed", "send_back", "taken", "另一位工作人员"),
        Edge("proposed", "confirm", "closed", "另一位工作人员"),
    ),
)
CLEARING_STATES = StateTable(
    "suspense_clearing",
    "proposed",
    {"proposed": "待复核", "confirmed": "已转出", "sent_back": "已退回"},
    (
        Edge("proposed", "confirm", "confirmed", "另一位工作人员"),
        Edge("proposed", "send_back", "sent_back", "另一位工作人员"),
    ),
)
KINDS = {
    "bank_only": "银行有，我方无",
    "ours_only": "我方有，银行无",
    "amount_differs": "金额不符",
    "duplicate_line": "流水重复",
    "status_differs": "状态不符",
    "late_return": "迟到退汇",
    "payee_differs": "收款账户不符",
    "reference_differs": "业务流水号不符",
    "shifted_day": "跨日",
    "unbooked": "已收款未能入账",
    "books_differ": "账面入账不符",
    "transfer_open": "转入款待处理",
    "control_differs": "流水控制总额不符",
}
RESOLUTIONS = {
    "explained": "已查明，不用记账",
    "booked": "按银行流水调账",
    "belongs": "认领到一笔付款（退汇）、异地转入或单位汇缴",
    "unpaid": "确认未付：银行没有付出或扣到这笔钱，退回职工账户",
}
WAYS = {
    "belongs": "认领到一笔付款（退汇）、异地转入或单位汇缴",
    "cancels": "和另一笔相反的挂账对冲",
}
"""How a correction that stands 挂账 may be moved on."""
EVENTS = {
    "found": "发现",
    "take": "领取",
    "release": "退回",
    "propose": "提出处理意见",
    "send_back": "复核退回",
    "confirm": "复核确认，关闭",
}
