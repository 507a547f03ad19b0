"""Rules that many items share 通用规则: pure functions of facts, form and policy."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.accounts.rules import PAYING_STATES
from services.items.declaration import Refusal
from services.items.facts import Facts
from services.policies.rules import Policy

_CENTRE = "公积金中心账户信息"


def account_usable(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """Account state 01 正常 or 02 封存 (domain: checks before a withdrawal)."""
    if facts.account.state in PAYING_STATES:
        return None
    return Refusal(
        code="account.not_usable",
        rule="账户正常或封存才能提取",
        article="《住房公积金管理条例》提取规定",
        fact=f"您的账户状态是“{facts.account.state_text}”",
        source=_CENTRE,
        change="账户恢复正常后就可以办",
        text=f"您的账户现在是“{facts.account.state_text}”状态，不能提取。账户恢复正常后就可以办。",
    )


def nothing_in_flight(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """One money application at a time (建金〔2016〕14号: 同一用户同一时间同一业务只能发起一次交易)."""
    if facts.usage is None or not facts.usage.in_flight:
        return None
    return Refusal(
        code="application.in_flight",
        rule="同一时间只能办一笔提取",
        article="《住房公积金综合服务平台建设导则》（建金〔2016〕14号）",
        fact="您有一笔提取还没有办完",
        source="办理记录",
        change="那一笔到账、退回或撤销后就可以再办",
        text="您有一笔提取还没有办完。等它到账、退回，或者您撤销它以后，就可以再办。",
    )


def first_of_next_month(today: date) -> date:
    """First day of the month after `today`."""
    return date(today.year + (today.month == 12), today.month % 12 + 1, 1)


def over_instant_limits(facts: Facts, form: Any, policy: Policy, max_fen: int) -> bool:
    """Over the limit of a case or of a day 单笔和单日限额: nothing is cut off, but a person looks first."""
    fen = getattr(form, "amount_fen", None) or max_fen
    drawn_today = facts.usage.today_fen if facts.usage else 0
    over_case = fen > policy.integer("withdrawal.case_limit_fen")
    return over_case or drawn_today + fen > policy.integer("withdrawal.day_limit_fen")


def truncated(fen: int, precision_fen: int) -> int:
    """trunc_p: cut down to a multiple of the precision; never below zero."""
    return max(0, fen // precision_fen * precision_fen)
