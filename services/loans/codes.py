"""Codes of loans 贷款代码 after JGJ/T 320-2014, exported by name."""

from __future__ import annotations

REPAYMENT_METHODS = {
    "01": "等额本息",
    "02": "等额本金",
    "03": "一次还款付息",
    "04": "自由还款",
    "99": "其他",
}
"""A.11 还款方式 (DKHKFS); plans are worked out for 01 and 02."""
GUARANTEES = {"01": "抵押", "02": "质押", "03": "保证"}
"""A.10 贷款担保类型 (DKDBLX)."""
RISKS = {"01": "正常", "02": "关注", "03": "次级", "04": "可疑", "05": "损失"}
"""A.14 贷款风险等级 (DKFXDJ)."""
LOAN_BUSINESS = {
    "01": "发放",
    "02": "正常还款",
    "03": "提前还款",
    "04": "逾期还款",
    "05": "公积金提取还款",
    "06": "结清",
    "07": "展期",
    "08": "缩期",
    "09": "核销",
    "99": "其他",
}
"""A.15 贷款业务明细类型 (DKYWMXLX)."""
HOMES = {"first": "首套", "second": "二套"}
"""Which published rate a contract has; the standard has no code for it."""
