"""偿还公积金贷款提取 repaying the centre's own loan: to the member's card for what was repaid, or straight to the loan 冲还.

Formula F2. To the card: q(min(AV, Σ principal and interest repaid out of the own pocket − W)), W what all borrowers drew
on this loan. Offset: what the fund has above 0.01, and no more than settles the loan.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt

from services.core.money import yuan_text
from services.items.declaration import (
    Amount,
    Basis,
    Effect,
    Example,
    Form,
    Item,
    Part,
    Refusal,
    RepayLoan,
    StartWithdrawal,
    Verification,
)
from services.items.example_facts import CARD_ID, with_usage
from services.items.facts import Fact, Facts, KeyUsage
from services.items.fields import Key
from services.items.fund_loans import (
    CHANGES,
    EXAMPLE_LOAN,
    LOANS,
    chosen,
    has_open_loan,
    loan_choices,
    loan_facts_on,
    not_collecting,
    not_due_today,
    not_overdue,
    preview,
)
from services.items.rules import (
    account_usable,
    drawable,
    gap_over,
    leave_fen,
    nothing_in_flight,
    plus_months,
    something_to_draw,
)
from services.loans.facts import LoanFact
from services.policies.rules import Policy

CODE = "fund-loan-withdrawal"
_WAYS = {"card": "提到我的银行卡", "offset": "直接还贷款（冲还）"}


class FundLoanForm(Form):
    """Which loan, which way, how much; a card, or what becomes smaller."""

    loan: Annotated[
        str | None,
        Field(default=None, title="哪笔贷款", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]
    way: Annotated[
        Literal["card", "offset"],
        Field(default="card", title="钱怎么用", json_schema_extra={"x-widget": "choice", "x-labels": _WAYS}),
    ]
    change: Annotated[
        Literal["term", "instalment"],
        Field(
            default="term", title="还了以后", json_schema_extra={"x-widget": "choice", "x-labels": CHANGES}
        ),
    ]
    amount_fen: Annotated[
        StrictInt, Field(title="多少钱", gt=0, le=99_999_999_999, json_schema_extra={"x-widget": "amount"})
    ]
    card_id: Annotated[
        Key | None, Field(default=None, title="收款卡", json_schema_extra={"x-widget": "card"})
    ]


def _offsets(form: Any) -> bool:
    return bool(form.way == "offset")


def once_a_year(facts: Facts, form: FundLoanForm, policy: Policy) -> Refusal | None:
    """每年一次，相隔满规定月数."""
    return gap_over(
        facts,
        policy,
        key="fund_loan.gap_months",
        items=frozenset({CODE}),
        code="fund_loan.too_soon",
        what="偿还公积金贷款提取",
    )


def no_day_clash(facts: Facts, form: FundLoanForm, policy: Policy) -> Refusal | None:
    """冲还时今天不是还款日，也没有正在扣款."""
    if not _offsets(form):
        return None
    return not_due_today(facts, form, policy) or not_collecting(facts, form, policy)


def repaid_left(facts: Facts, form: FundLoanForm, policy: Policy) -> Refusal | None:
    """自己还的钱没有提完 (借款人合计)."""
    loan = chosen(facts, form)
    if loan is None or _offsets(form) or _left_fen(loan, facts) > 0:
        return None
    repaid = yuan_text(loan.repaid_own_fen)
    return Refusal(
        code="fund_loan.repaid_used",
        rule="提到卡里的钱，不超过自己还的本金和利息，共同借款人合在一起算",
        article=policy.text("fund_loan.article"),
        fact=f"这笔贷款自己一共还了 {repaid} 元，已经都提过了",
        source=LOANS,
        change="继续还款后，还的钱可以再提；也可以选“直接还贷款”",
        text=f"这笔贷款自己一共还了 {repaid} 元，已经都提过了。继续还款后可以再提，也可以选“直接还贷款”。",
    )


def _left_fen(loan: LoanFact, facts: Facts) -> int:
    drawn = facts.usage.of(loan.key).all_fen if facts.usage else 0
    return max(0, loan.repaid_own_fen - drawn)


def fund_loan_amount(facts: Facts, form: FundLoanForm, policy: Policy) -> Amount:
    """F2: what is in the fund, and what was repaid and not drawn; or what settles the loan."""
    loan = chosen(facts, form)
    if _offsets(form):
        return _offset_amount(facts, form, policy, loan)
    limits = []
    if loan is not None:
        drawn = loan.repaid_own_fen - _left_fen(loan, facts)
        text = (
            f"一共还了 {yuan_text(loan.repaid_own_fen)} 元，已经提了 {yuan_text(drawn)} 元；公积金冲还的不算"
        )
        limits.append(Part("自己还的、没提过的钱", _left_fen(loan, facts), text, LOANS))
    return drawable(facts, policy, "还公积金贷款的钱，可以提回自己的卡里，一年一次。", *limits)


def _offset_amount(facts: Facts, form: FundLoanForm, policy: Policy, loan: LoanFact | None) -> Amount:
    text = "本金加到今天的利息；还这么多，贷款就结清了"
    limits = [Part("还清这笔贷款要", loan.settle_today_fen, text, LOANS)] if loan else []
    found = drawable(
        facts, policy, "钱直接还进这笔贷款，不经过银行卡。够还清就结清，不够就先还一部分。", *limits
    )
    tried = preview(facts, form, min(found.max_fen, policy.integer("loan.prepay_min_fen")))
    return Amount(found.max_fen, found.parts, found.headline, "还", tried)


def asks(facts: Facts, form: FundLoanForm, policy: Policy) -> frozenset[str]:
    """A card for money to the card, what becomes smaller for money to the loan."""
    last = "change" if _offsets(form) else "card_id"
    return frozenset({"way", "amount_fen", last, *loan_choices(facts, policy)})


def spends(facts: Facts, form: FundLoanForm) -> frozenset[str]:
    """The loan's repaid money, when it goes to a card: what goes to the loan was never in a pocket."""
    loan = chosen(facts, form)
    return frozenset({loan.key} if loan and not _offsets(form) else ())


def effect(form: Any) -> Effect:
    """To the card by the bank, or to the loan by a journal."""
    return RepayLoan("up_to") if _offsets(form) else StartWithdrawal()


_DAY = date(2026, 11, 23)
_FACTS = loan_facts_on(_DAY, balance_fen=5_600_000, interest_today_fen=11_472, settle_today_fen=52_958_337)
_CARD = {"loan": EXAMPLE_LOAN.loan_id, "way": "card", "amount_fen": 1_000_000, "card_id": CARD_ID}
_OFFSET = {"loan": EXAMPLE_LOAN.loan_id, "way": "offset", "change": "term", "amount_fen": 1_000_000}

ITEM = Item(
    code=CODE,
    name_zh="偿还公积金贷款提取",
    standard_code="WD_GJJ_LOAN",
    kind="withdrawal",
    group="money",
    module="22",
    summary="还公积金贷款，提回卡里或直接冲还",
    legal_basis=(
        Basis(
            "住房公积金管理条例",
            "第二十四条第一款第（五）项",
            "偿还购房贷款本息的，可以提取账户里的钱",
            until_on=date(2026, 9, 19),
        ),
        Basis(
            "住房公积金管理条例",
            "国务院令第844号修订，2026 年 9 月 20 日起施行",
            "偿还购房贷款本息的，可以提取账户里的钱",
            from_on=date(2026, 9, 20),
        ),
    ),
    form=FundLoanForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS}),
    eligibility=(
        account_usable,
        nothing_in_flight,
        has_open_loan,
        not_overdue,
        once_a_year,
        no_day_clash,
        repaid_left,
        something_to_draw,
    ),
    amount=fund_loan_amount,
    keep_fen=leave_fen,
    next_on=lambda facts, policy: plus_months(facts.today, policy.integer("fund_loan.gap_months")),
    effect=StartWithdrawal(),
    effects=effect,
    verification=Verification.FACE,
    sources=(("公积金中心贷款记录", "看贷款还了多少、还欠多少、有没有逾期"),),
    sla_text="刷脸通过后马上办：直接还贷款的当时入账",
    order=19,
    choices=loan_choices,
    asks=asks,
    spends=spends,
    examples=(
        Example("提到卡里：账户 56,000 元，留 0.01 元", _CARD, _FACTS, True, 5_599_999),
        Example(
            "自己一共还了 30,000 元，共同借款人提过 20,000 元：剩 10,000 元",
            _CARD,
            with_usage(
                loan_facts_on(_DAY, balance_fen=5_600_000, repaid_own_fen=3_000_000),
                keyed=(KeyUsage("l1", 0, 0, 2_000_000, 2_000_000, 2_000_000),),
            ),
            True,
            1_000_000,
        ),
        Example("直接还贷款：账户 56,000 元，留 0.01 元", _OFFSET, _FACTS, True, 5_599_999),
        Example(
            "直接还贷款：账户里的钱够还清，最多还清为止",
            _OFFSET,
            replace(_FACTS, account=replace(_FACTS.account, balance_fen=60_000_000)),
            True,
            52_958_337,
        ),
        Example(
            "有一期逾期",
            _OFFSET,
            loan_facts_on(_DAY, state="overdue", overdue_principal_fen=112_000, overdue_interest_fen=128_204),
            False,
            refusal="fund_loan.overdue",
        ),
        Example(
            "11 个月前提过",
            _CARD,
            with_usage(_FACTS, last_by_item={CODE: "2025-12-23"}),
            False,
            refusal="fund_loan.too_soon",
        ),
        Example(
            "还的钱都提过了",
            _CARD,
            with_usage(_FACTS, keyed=(KeyUsage("l1", 0, 0, 14_412_240, 0, 0),)),
            False,
            refusal="fund_loan.repaid_used",
        ),
        Example(
            "冲还碰上还款日",
            _OFFSET,
            loan_facts_on(_DAY, next_due_on="2026-11-23"),
            False,
            refusal="fund_loan.due_today",
        ),
        Example(
            "账户里没有钱",
            _OFFSET,
            loan_facts_on(_DAY, balance_fen=1),
            False,
            refusal="withdrawal.nothing_available",
        ),
    ),
)
