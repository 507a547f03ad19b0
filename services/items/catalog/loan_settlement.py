"""提前结清 full settlement by fund, card or both, to the day (L2); then the mortgage's discharge 解抵 is asked for.

What is overdue is settled with it, penalty and all; only the main borrower ends the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

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
    EXAMPLE_LOAN,
    LOANS,
    card_text,
    chosen,
    has_open_loan,
    is_borrower,
    loan_choices,
    loan_facts_on,
    not_collecting,
    open_loans,
)
from services.items.rules import account_usable, available_fen, drawable, leave_fen, nothing_in_flight
from services.loans.facts import LoanFact
from services.policies.rules import Policy

Source = Literal["fund", "card", "both"]
_SOURCES: dict[Source, str] = {
    "fund": "公积金账户",
    "both": "先用公积金账户，不够的从还款卡扣",
    "card": "还款卡",
}


class SettlementForm(Form):
    """All is paid: the loan is asked, where there are several, and whose money it is."""

    loan: Annotated[
        str | None,
        Field(default=None, title="哪笔贷款", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]
    source: Annotated[
        Source,
        Field(
            default="fund", title="用哪里的钱", json_schema_extra={"x-widget": "choice", "x-labels": _SOURCES}
        ),
    ]


def source_of(facts: Facts, form: SettlementForm, policy: Policy) -> Source:
    """Whose money: as chosen; not chosen yet, the fund's where it is enough, else with the card, else the card's."""
    if form.source is not None:
        return form.source
    loan, there = chosen(facts, form), available_fen(facts, leave_fen(policy))
    if loan is None or there >= loan.settle_today_fen:
        return "fund"
    return "both" if there > 0 else "card"


def choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """The loans, and the purses that can: the fund where it settles a loan, fund and card where it has something."""
    there, owed = available_fen(facts, leave_fen(policy)), [one.settle_today_fen for one in open_loans(facts)]
    can = {
        "fund": any(fen <= there for fen in owed),
        "both": there > 0 and any(fen > there for fen in owed),
        "card": True,
    }
    offered = tuple(Choice(code, text) for code, text in _SOURCES.items() if can[code])
    return {**loan_choices(facts, policy), "source": offered}


def fund_covers_it(facts: Facts, form: SettlementForm, policy: Policy) -> Refusal | None:
    """用公积金账户的，账户里的钱够还清；一部分用的，账户里有钱."""
    loan, there = chosen(facts, form), available_fen(facts, leave_fen(policy))
    source = source_of(facts, form, policy)
    needed_fen = {"fund": loan.settle_today_fen if loan else 0, "both": 1, "card": 0}[source]
    if loan is None or there >= needed_fen:
        return None
    short, needed = loan.settle_today_fen - there, yuan_text(loan.settle_today_fen)
    return Refusal(
        code="settlement.balance_short",
        rule="账户里的钱够还清贷款",
        article=policy.text("prepayment.article"),
        fact=f"今天还清要 {needed} 元，账户里能用的有 {yuan_text(there)} 元",
        source=LOANS,
        change="改选“先用公积金账户，不够的从还款卡扣”或“还款卡”，就可以办",
        text=f"今天还清要 {needed} 元，账户里能用的钱还差 {yuan_text(short)} 元。请改选用还款卡。",
    )


def settlement_amount(facts: Facts, form: SettlementForm, policy: Policy) -> Amount:
    """L2: principal, interest to the day, what is overdue and its penalty; all of it or nothing."""
    loan, source = chosen(facts, form), source_of(facts, form, policy)
    parts = _parts(loan) if loan else ()
    if loan is not None and source != "fund":
        return _with_card(facts, loan, source, policy)
    found = drawable(facts, policy, "从公积金账户里一次还清，还清后我们替您申请解除房子的抵押。", *parts[:1])
    whole = loan.settle_today_fen if loan and found.max_fen >= loan.settle_today_fen else 0
    return Amount(whole, (*found.parts, *parts[1:]), found.headline, "还")


def _with_card(facts: Facts, loan: LoanFact, source: Source, policy: Policy) -> Amount:
    whole = loan.settle_today_fen
    fund = min(available_fen(facts, leave_fen(policy)), whole) if source == "both" else 0
    text = "扣成了才入账；没扣成，贷款和账户都不变"
    lines = [Part("从还款卡扣", whole - fund, text, card_text(loan))]
    if fund:
        lines.insert(0, Part("从公积金账户还", fund, "等还款卡扣成了一起还；没扣成就退回账户", LOANS))
    headline = f"从{card_text(loan)}扣款还清，还清后我们替您申请解除房子的抵押。"
    return Amount(whole, (*_parts(loan), *lines), headline, "还")


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
    summary="用公积金、还款卡一次还清贷款，替您申请解除抵押",
    legal_basis=(
        Basis("住房公积金个人住房贷款借款合同", "提前还款", "可以提前还清，利息算到还清那一天"),
        Basis("住房公积金个人住房贷款业务规范", "GB/T 51267", "贷款结清后办理抵押注销"),
    ),
    form=SettlementForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS}),
    eligibility=(
        account_usable,
        nothing_in_flight,
        has_open_loan,
        is_borrower,
        not_collecting,
        fund_covers_it,
    ),
    amount=settlement_amount,
    keep_fen=leave_fen,
    effect=RepayLoan("all"),
    effects=lambda form: RepayLoan("all", form.source or "fund"),
    verification=Verification.FACE,
    sources=(("公积金中心贷款记录", "看贷款还欠多少，利息算到今天"),),
    sla_text="刷脸通过后，用公积金的马上结清；用还款卡的，银行扣成就结清，一般几分钟。当时就替您申请解除抵押",
    order=61,
    choices=choices,
    asks=lambda facts, form, policy: frozenset(choices(facts, policy)),
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
            "账户 200,000.01 元：还 200,000 元，其余 329,851.04 元从还款卡扣",
            {**_FORM, "source": "both"},
            loan_facts_on(_DAY, balance_fen=20_000_001),
            True,
            52_985_104,
        ),
        Example(
            "全部从还款卡扣，账户里的钱不动",
            {**_FORM, "source": "card"},
            loan_facts_on(_DAY, balance_fen=1),
            True,
            52_985_104,
        ),
        Example(
            "账户里没有钱，选了先用公积金",
            {**_FORM, "source": "both"},
            loan_facts_on(_DAY, balance_fen=1),
            False,
            refusal="settlement.balance_short",
        ),
        Example(
            "还款卡正在扣款",
            {**_FORM, "source": "card"},
            loan_facts_on(_DAY, collecting=True),
            False,
            refusal="fund_loan.collecting",
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
