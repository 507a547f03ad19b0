"""Rules that many items share 通用规则: pure functions of facts, form and policy."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from services.accounts.rules import PAYING_STATES
from services.core.money import yuan_text
from services.items.declaration import Amount, Part, Refusal
from services.items.facts import Facts
from services.loans.facts import LoanFact
from services.policies.rules import Policy

_CENTRE = "公积金中心账户信息"
_ALONE = frozenset({"10", "30", "40"})


def account_usable(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """账户正常或封存 (01、02)."""
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
    """同一时间只办一笔提取 (建金〔2016〕14号)."""
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


def something_to_draw(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """余额扣除冻结的钱以后要有可提的."""
    keep = leave_fen(policy)
    if available_fen(facts, keep) > 0:
        return None
    balance, frozen = yuan_text(facts.account.balance_fen), yuan_text(facts.account.frozen_fen)
    return Refusal(
        code="withdrawal.nothing_available",
        rule="账户里要有没被冻结的钱",
        article=policy.text("withdrawal.article"),
        fact=f"账户余额 {balance} 元，其中被冻结 {frozen} 元",
        source=_CENTRE,
        change="下次缴存到账，或者冻结解除以后，就有可提的钱",
        text=f"账户里现在没有可提的钱：余额 {balance} 元，其中被冻结 {frozen} 元。下次缴存到账后再来看看。",
    )


def no_open_fund_loan(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """没有未还清的公积金贷款."""
    if facts.loans is None or not facts.loans.owed:
        return None
    if not facts.loans.open:
        return _put_back(facts.loans.owed[0], policy)
    return Refusal(
        code="loan.still_open",
        rule="没有未还清的公积金贷款",
        article=policy.text("withdrawal.article"),
        fact=f"您有 {len(facts.loans.owed)} 笔公积金贷款还没有还清",
        source="公积金中心贷款记录",
        change="贷款还清后就可以办；账户里的钱可以先用来还这笔贷款",
        text="您的公积金贷款还没有还清，现在不能办这一项。账户里的钱可以用来还贷款，还清后就可以办。",
    )


def _put_back(loan: LoanFact, policy: Policy) -> Refusal:
    """Settled in the books: only the repayment card can pay what the bank put back."""
    back, card = yuan_text(loan.taken_back_fen), f"尾号 {loan.card_tail4} 的还款卡"
    change = f"把钱存进{card}，我们会再扣；这张卡不能用了，就办“还款账号变更”换一张"
    return Refusal(
        code="loan.still_open",
        rule="没有未还清的公积金贷款",
        article=policy.text("withdrawal.article"),
        fact=f"您还贷款的钱有 {back} 元被银行冲回，还没有补上",
        source="公积金中心贷款记录",
        change=change,
        text=f"您还贷款的钱有 {back} 元被银行冲回，还没有补上，现在不能办这一项。请{change}。补上以后就可以办。",
    )


def gap_over(
    facts: Facts, policy: Policy, *, key: str, items: frozenset[str], code: str, what: str
) -> Refusal | None:
    """Months that have to lie between two withdrawals: the figure `key`, counted from the last of `items`."""
    months = policy.integer(key)
    days = facts.usage.last_by_item if facts.usage else {}
    last = max((date.fromisoformat(on) for item, on in days.items() if item in items), default=None)
    next_on = plus_months(last, months) if last else facts.today
    if last is None or next_on <= facts.today:
        return None
    return Refusal(
        code=code,
        rule=f"{what}，两次之间要隔满 {months} 个月",
        article=policy.text("withdrawal.article"),
        fact=f"您上一次是 {day_text(last)} 提的",
        source="办理记录",
        change=f"{day_text(next_on)}起可以再办",
        text=f"您 {day_text(last)}提过一次，要隔满 {months} 个月。{day_text(next_on)}起可以再办。",
        next_on=next_on,
    )


def available_fen(facts: Facts, keep_fen: int) -> int:
    """AV = max(0, B − F − R): what is there, less what is frozen and what has to stay."""
    return max(0, facts.account.balance_fen - facts.account.frozen_fen - keep_fen)


def leave_fen(policy: Policy) -> int:
    """What a withdrawal leaves in the account: without it the account would be empty, which only closing may do."""
    return policy.integer("withdrawal.leave_fen")


def drawable(facts: Facts, policy: Policy, headline: str, *limits: Part) -> Amount:
    """可提取额 = trunc_p(min(余额 − 冻结 − 保留, 材料限额 − 累计)): the least of what is there and of every limit."""
    keep, account = leave_fen(policy), facts.account
    fens = [limit.amount_fen for limit in limits if limit.amount_fen is not None]
    most = truncated(min([available_fen(facts, keep), *fens]), policy.integer("withdrawal.precision_fen"))
    parts = [Part("账户余额", account.balance_fen, "您账户里现在的钱", _CENTRE)]
    if account.frozen_fen:
        parts.append(Part("被冻结的钱", account.frozen_fen, "法院等机关冻结的钱不能提", _CENTRE))
    why = f"账户里要留下至少 {yuan_text(keep)} 元，账户才不会被注销"
    parts.append(Part("留在账户", keep, why, policy.text("withdrawal.article")))
    return Amount(most, (*parts, *limits), headline)


def house_labels(facts: Facts) -> dict[str, str]:
    """What the estate register calls the member's homes, by key."""
    return {house.key: house.label for house in facts.property.owned} if facts.property else {}


def lives_alone(facts: Facts) -> bool:
    """未婚、丧偶、离婚 by the register; 20–23 are married, 90 is unknown, and a new code is no reason to pay."""
    return facts.marriage is not None and facts.marriage.status in _ALONE


def household_unknown(facts: Facts) -> bool:
    """A spouse there may be, and the register does not say who: what the household drew cannot be counted."""
    return facts.marriage is not None and facts.marriage.spouse_unnamed and not lives_alone(facts)


def plus_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    total = day.year * 12 + day.month - 1 + months
    year, month = total // 12, total % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def day_text(day: date) -> str:
    """A day as people say it."""
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


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
