"""提前部分还款 partial prepayment from the fund or the repayment card: shorter term or lower instalment, tried out before it is asked for (L1).

The main borrower decides, since the plan of the loan changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictInt

from services.core.money import yuan_text
from services.items.declaration import (
    Amount,
    Basis,
    Choice,
    Example,
    Form,
    Item,
    Part,
    Refusal,
    RepayLoan,
    Verification,
)
from services.items.facts import Fact, Facts
from services.items.fund_loans import (
    CHANGES,
    EXAMPLE_LOAN,
    LOANS,
    card_text,
    chosen,
    has_open_loan,
    is_borrower,
    loan_choices,
    loan_facts_on,
    not_collecting,
    not_due_today,
    not_overdue,
    preview,
)
from services.items.rules import account_usable, available_fen, drawable, leave_fen, nothing_in_flight
from services.policies.rules import Policy

_SHORT_OF_ALL_FEN = 2
"""So much less than settling is surely a part: principal is rounded, and a fen less could be all of it."""


_SOURCES = {"fund": "公积金账户", "card": "还款卡"}


class PrepaymentForm(Form):
    """Which loan, whose money, what becomes smaller, and how much."""

    loan: Annotated[
        str | None,
        Field(default=None, title="哪笔贷款", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]
    source: Annotated[
        Literal["fund", "card"],
        Field(
            default="fund", title="用哪里的钱", json_schema_extra={"x-widget": "choice", "x-labels": _SOURCES}
        ),
    ]
    change: Annotated[
        Literal["term", "instalment"],
        Field(
            default="term",
            title="还了以后",
            json_schema_extra={"x-widget": "choice", "x-labels": CHANGES},
        ),
    ]
    amount_fen: Annotated[
        StrictInt,
        Field(
            title="提前还多少",
            gt=0,
            le=99_999_999_999,
            json_schema_extra={"x-widget": "amount", "x-help": "钱够不够，按您选的账户或还款卡算"},
        ),
    ]


def enough_for_a_part(facts: Facts, form: PrepaymentForm, policy: Policy) -> Refusal | None:
    """不少于提前还款起点 (参数)."""
    loan, least = chosen(facts, form), policy.integer("loan.prepay_min_fen")
    if loan is None or loan.is_overdue:
        return None
    asked, most = form.amount_fen, _most_fen(facts, form, policy)
    if most >= least and (asked is None or asked >= least):
        return None
    there, where = yuan_text(most), "" if by_card(facts, form, policy) else "账户里"
    return Refusal(
        code="prepayment.under_minimum",
        rule=f"提前部分还款一次至少 {yuan_text(least)} 元",
        article=policy.text("prepayment.article"),
        fact=f"您填了 {yuan_text(asked)} 元" if asked and most >= least else f"现在最多只能还 {there} 元",
        source=LOANS,
        change="改大一点，或等账户里的钱多一些；想一次还清，请办“提前结清”",
        text=f"提前部分还款一次至少 {yuan_text(least)} 元，现在{where}最多能还 {there} 元。想一次还清，请办“提前结清”。",
    )


def not_all(facts: Facts, form: PrepaymentForm, policy: Policy) -> Refusal | None:
    """不够还清 (还清另办提前结清)."""
    loan = chosen(facts, form)
    if loan is None or form.amount_fen is None or form.amount_fen <= _part_of_loan_fen(loan.settle_today_fen):
        return None
    return Refusal(
        code="prepayment.settles",
        rule="提前部分还款比欠的少",
        article=policy.text("prepayment.article"),
        fact=f"今天还清只要 {yuan_text(loan.settle_today_fen)} 元",
        source=LOANS,
        change="请改办“提前结清”",
        text=f"今天还清只要 {yuan_text(loan.settle_today_fen)} 元，请改办“提前结清”。",
    )


def _part_of_loan_fen(settle_fen: int) -> int:
    return max(0, settle_fen - _SHORT_OF_ALL_FEN)


def by_card(facts: Facts, form: PrepaymentForm, policy: Policy) -> bool:
    """Whether the card is to pay: so chosen, or not chosen yet and the fund has too little."""
    if form.source is not None:
        return form.source == "card"
    return available_fen(facts, leave_fen(policy)) < policy.integer("loan.prepay_min_fen")


def choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """The loans, and the purses that have enough for a part."""
    enough = available_fen(facts, leave_fen(policy)) >= policy.integer("loan.prepay_min_fen")
    offered = tuple(Choice(code, text) for code, text in _SOURCES.items() if enough or code == "card")
    return {**loan_choices(facts, policy), "source": offered}


def _most_fen(facts: Facts, form: PrepaymentForm, policy: Policy) -> int:
    loan = chosen(facts, form)
    part = _part_of_loan_fen(loan.settle_today_fen) if loan else 0
    if by_card(facts, form, policy):
        return part
    return min(available_fen(facts, leave_fen(policy)), part)


def prepayment_amount(facts: Facts, form: PrepaymentForm, policy: Policy) -> Amount:
    """L1: what is in the fund, at most a little less than settles the loan; tried out for the sum of the form."""
    loan = chosen(facts, form)
    limits = []
    if loan is not None:
        text = "本金加到今天的利息；想全部还清，请办“提前结清”"
        limits.append(Part("还清这笔贷款要", _part_of_loan_fen(loan.settle_today_fen), text, LOANS))
    if loan is not None and by_card(facts, form, policy):
        most = _most_fen(facts, form, policy)
        headline = f"从{card_text(loan)}扣，扣成了才入账；没扣成，什么都不变。先看试算，再决定。"
        tried = preview(facts, form, min(most, policy.integer("loan.prepay_min_fen")))
        return Amount(most, tuple(limits), headline, "还", tried)
    found = drawable(facts, policy, "从公积金账户里还，不用从银行卡里出钱。先看试算，再决定。", *limits)
    tried = preview(facts, form, min(found.max_fen, policy.integer("loan.prepay_min_fen")))
    return Amount(found.max_fen, found.parts, found.headline, "还", tried)


_DAY = date(2026, 11, 20)
_FORM = {"loan": EXAMPLE_LOAN.loan_id, "change": "instalment", "amount_fen": 10_000_000}
_FACTS = loan_facts_on(_DAY, interest_today_fen=0, settle_today_fen=52_946_865)

ITEM = Item(
    code="partial-prepayment",
    name_zh="提前部分还款",
    standard_code="LN_PREPAY_PART",
    kind="withdrawal",
    group="loan",
    module="50",
    summary="用公积金或还款卡提前还一部分贷款，少付利息",
    legal_basis=(
        Basis("住房公积金个人住房贷款借款合同", "提前还款", "可以提前还一部分，选缩短期限或减少每月还款"),
        Basis("住房公积金个人住房贷款业务规范", "GB/T 51267", "提前还款后按剩余本金重新计算还款计划"),
    ),
    form=PrepaymentForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS}),
    eligibility=(
        account_usable,
        nothing_in_flight,
        has_open_loan,
        is_borrower,
        not_overdue,
        not_due_today,
        not_collecting,
        enough_for_a_part,
        not_all,
    ),
    amount=prepayment_amount,
    keep_fen=leave_fen,
    effect=RepayLoan("part"),
    effects=lambda form: RepayLoan("part", form.source or "fund"),
    verification=Verification.FACE,
    sources=(("公积金中心贷款记录", "看贷款还欠多少、有没有逾期"),),
    sla_text="刷脸通过后，用公积金的马上入账；用还款卡的，银行扣成就入账，一般几分钟",
    order=60,
    choices=choices,
    asks=lambda facts, form, policy: frozenset(
        {"source", "change", "amount_fen", *loan_choices(facts, policy)}
    ),
    examples=(
        Example("还 100,000 元，每月少还：2,402.04 → 1,948.37 元", _FORM, _FACTS, True, 19_999_999),
        Example(
            "还 100,000 元，早还清：300 → 227 个月", {**_FORM, "change": "term"}, _FACTS, True, 19_999_999
        ),
        Example(
            "从还款卡还 100,000 元，账户里的钱不动：最多比还清少 0.02 元",
            {**_FORM, "source": "card"},
            loan_facts_on(_DAY, balance_fen=1, interest_today_fen=0, settle_today_fen=52_946_865),
            True,
            52_946_863,
        ),
        Example(
            "还款卡正在扣款",
            {**_FORM, "source": "card"},
            loan_facts_on(_DAY, collecting=True),
            False,
            refusal="fund_loan.collecting",
        ),
        Example(
            "有一期逾期",
            _FORM,
            loan_facts_on(_DAY, state="overdue", overdue_principal_fen=112_000, overdue_interest_fen=128_204),
            False,
            refusal="fund_loan.overdue",
        ),
        Example(
            "共同借款人",
            _FORM,
            loan_facts_on(_DAY, role="co_borrower"),
            False,
            refusal="fund_loan.not_borrower",
        ),
        Example(
            "今天是还款日",
            _FORM,
            loan_facts_on(_DAY, next_due_on="2026-11-20"),
            False,
            refusal="fund_loan.due_today",
        ),
        Example(
            "账户里只有 8,000 元",
            _FORM,
            loan_facts_on(_DAY, balance_fen=800_000),
            False,
            refusal="prepayment.under_minimum",
        ),
        Example(
            "填的钱够还清了",
            {**_FORM, "amount_fen": 53_000_000},
            loan_facts_on(_DAY, balance_fen=60_000_000, settle_today_fen=52_946_865),
            False,
            refusal="prepayment.settles",
        ),
        Example(
            "没有公积金贷款",
            _FORM,
            loan_facts_on(_DAY, state="settled"),
            False,
            refusal="fund_loan.none_open",
        ),
    ),
)
