"""提前结清 full settlement from the fund, to the day (L2); then the mortgage's discharge 解抵 is asked for.

What is overdue is settled with it, penalty and all; only the main borrower ends the contract.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from services.core.money import yuan_text
from services.items.declaration import (
    Amount,
    Basis,
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
    EXAMPLE_LOAN,
    LOANS,
    chosen,
    has_open_loan,
    is_borrower,
    loan_choices,
    loan_facts_on,
)
from services.items.rules import account_usable, available_fen, drawable, leave_fen, nothing_in_flight
from services.loans.facts import LoanFact
from services.policies.rules import Policy


class SettlementForm(Form):
    """All is paid, so only the loan is asked, where there are several."""

    loan: Annotated[
        str | None,
        Field(default=None, title="哪笔贷款", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]


def fund_covers_it(facts: Facts, form: SettlementForm, policy: Policy) -> Refusal | None:
    """账户里的钱够还清."""
    loan, there = chosen(facts, form), available_fen(facts, leave_fen(policy))
    if loan is None or there >= loan.settle_today_fen:
        return None
    short, needed = loan.settle_today_fen - there, yuan_text(loan.settle_today_fen)
    return Refusal(
        code="settlement.balance_short",
        rule="账户里的钱够还清贷款",
        article=policy.text("prepayment.article"),
        fact=f"今天还清要 {needed} 元，账户里能用的有 {yuan_text(there)} 元",
        source=LOANS,
        change="可以先办“提前部分还款”；想用银行卡里的钱还清，请到网点办",
        text=f"今天还清要 {needed} 元，账户里能用的钱还差 {yuan_text(short)} 元。可以先办“提前部分还款”。",
        turn_to="想用银行卡里的钱一次还清，请带身份证和还款卡到任一网点；也可以拨打 12329。",
    )


def settlement_amount(facts: Facts, form: SettlementForm, policy: Policy) -> Amount:
    """L2: principal, interest to the day, what is overdue and its penalty; all of it or nothing."""
    loan = chosen(facts, form)
    parts = _parts(loan) if loan else ()
    found = drawable(facts, policy, "从公积金账户里一次还清，还清后我们替您申请解除房子的抵押。", *parts[:1])
    whole = loan.settle_today_fen if loan and found.max_fen >= loan.settle_today_fen else 0
    return Amount(whole, (*found.parts, *parts[1:]), found.headline, "还")


def _parts(loan: LoanFact) -> tuple[Part, ...]:
    late = loan.overdue_principal_fen + loan.overdue_interest_fen
    lines = [
        Part("今天还清一共要", loan.settle_today_fen, "算到今天为止", LOANS),
        Part("没到期的本金", loan.balance_fen - loan.overdue_principal_fen, "还没有还的本金", LOANS),
        Part("到今天的利息", loan.interest_today_fen, f"从 {loan.interest_from} 算到今天", LOANS),
    ]
    if late:
        lines.append(Part("逾期的本金和利息", late, "到期没有还的", LOANS))
        lines.append(Part("罚息", loan.penalty_fen, "逾期部分的罚息，算到今天", LOANS))
    return tuple(lines)


_DAY = date(2026, 11, 30)
_FORM = {"loan": EXAMPLE_LOAN.loan_id}

ITEM = Item(
    code="loan-settlement",
    name_zh="提前结清",
    standard_code="LN_SETTLE",
    kind="withdrawal",
    group="loan",
    module="51",
    summary="用公积金一次还清贷款，替您申请解除抵押",
    legal_basis=(
        Basis("住房公积金个人住房贷款借款合同", "提前还款", "可以提前还清，利息算到还清那一天"),
        Basis("住房公积金个人住房贷款业务规范", "GB/T 51267", "贷款结清后办理抵押注销"),
    ),
    form=SettlementForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS}),
    eligibility=(account_usable, nothing_in_flight, has_open_loan, is_borrower, fund_covers_it),
    amount=settlement_amount,
    keep_fen=leave_fen,
    effect=RepayLoan("all"),
    verification=Verification.FACE,
    sources=(("公积金中心贷款记录", "看贷款还欠多少，利息算到今天"),),
    sla_text="刷脸通过后马上结清，当时就替您向不动产登记中心申请解除抵押",
    order=61,
    choices=loan_choices,
    asks=lambda facts, form, policy: frozenset(loan_choices(facts, policy)),
    examples=(
        Example(
            "欠 529,468.65 元，10 天利息 382.39 元：还清要 529,851.04 元",
            _FORM,
            loan_facts_on(_DAY, balance_fen=60_000_000),
            True,
            52_985_104,
        ),
        Example("还清后正好留 0.01 元", _FORM, loan_facts_on(_DAY, balance_fen=52_985_105), True, 52_985_104),
        Example(
            "少 0.01 元",
            _FORM,
            loan_facts_on(_DAY, balance_fen=52_985_104),
            False,
            refusal="settlement.balance_short",
        ),
        Example(
            "共同借款人",
            _FORM,
            loan_facts_on(_DAY, balance_fen=60_000_000, role="co_borrower"),
            False,
            refusal="fund_loan.not_borrower",
        ),
        Example(
            "已经还清了",
            _FORM,
            loan_facts_on(_DAY, balance_fen=60_000_000, state="settled"),
            False,
            refusal="fund_loan.none_open",
        ),
    ),
)
