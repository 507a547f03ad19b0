"""Facts in a member's words 事实的说法: what each kind is called, and how it reads; and what a movement of the fund is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.core.money import yuan_text
from services.items.facts import Facts

KIND_TEXTS = {
    "contribution": "汇缴",
    "contribution_reversal": "汇缴更正",
    "withdrawal_hold": "提取",
    "withdrawal_reverse": "提取退回",
    "withdrawal_return": "退汇",
    "opening": "期初余额",
    "interest": "结息",
    "loan_offset": "公积金还贷",
    "transfer_in": "异地转入",
}
FACT_LABELS = {
    "account": "账户信息",
    "contributions": "缴存记录",
    "usage": "提取记录",
    "loans": "公积金贷款",
    "closing": "到今天的利息",
    "agreement": "约定提取",
    "transfers": "异地转移",
    "phone": "现在的手机号",
    "marriage": "婚姻状况",
    "property": "本市住房",
    "card_check": "银行卡核验",
    "purchase": "购房合同备案",
    "deed": "契税",
    "social": "社保状态",
    "elevator": "加装电梯登记",
    "home_loan": "银行房贷",
    "property_bill": "物业费",
    "household": "户籍",
}
_MARRIAGE = {"10": "未婚", "20": "已婚", "30": "丧偶", "40": "离婚"}
_SOCIAL = {"employed": "在职参保", "unemployed": "没有在职参保", "retired": "已退休"}


def _count(parts: tuple[Any, ...], unit: str, none: str) -> str:
    return f"{len(parts)} {unit}" if parts else none


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "account": lambda account: f"余额 {yuan_text(account.balance_fen)} 元",
    "contributions": lambda found: f"连续缴存 {found.continuous_months} 个月",
    "usage": lambda usage: f"今年已提 {yuan_text(usage.year_fen)} 元",
    "loans": lambda loans: _count(loans.owed, "笔未还清", "没有未还清的贷款"),
    "closing": lambda closing: f"{yuan_text(closing.interest_fen)} 元",
    "agreement": lambda agreement: agreement.label or "没有签约",
    "transfers": lambda found: "有一笔在办" if found.under_way else "没有在办的",
    "phone": lambda phone: f"尾号 {phone.tail4}",
    "marriage": lambda marriage: _MARRIAGE.get(marriage.status, "未说明"),
    "property": lambda found: f"{found.houses} 套" if found.houses else "没有住房",
    "card_check": lambda check: "核验通过" if check.matched else "核验没有通过",
    "purchase": lambda found: _count(found.contracts, "份", "没有备案的合同"),
    "deed": lambda found: _count(found.deeds, "笔", "没有契税记录"),
    "social": lambda social: _SOCIAL[social.status],
    "elevator": lambda found: _count(found.filings, "部", "没有登记"),
    "home_loan": lambda found: _count(found.loans, "笔", "没有房贷"),
    "property_bill": lambda found: _count(found.bills, "笔已缴", "没有缴费记录"),
    "household": lambda household: "本市" if household.local else "外地",
}


def fact_text(facts: Facts, fact: str, status: str) -> str:
    """A fact in a few words, or that it could not be had."""
    if status != "ok":
        return "没有查到，转人工核对" if status == "not_found" else "对方系统没有回音，转人工核对"
    found = getattr(facts, fact)
    return _TEXTS[fact](found) if found is not None else "没有用到"
