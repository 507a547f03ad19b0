"""还款账号变更 change of the repayment account: the borrower's own card, confirmed by the bank, from the next instalment on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from services.items.cards import CardForm, no_answer, not_confirmed
from services.items.declaration import Basis, ChangeLoanCard, Example, Item, Refusal, Verification
from services.items.facts import CardCheckFacts, Fact, Facts, SourceNote
from services.items.fund_loans import (
    EXAMPLE_LOAN,
    LOANS,
    loan_facts_on,
    not_due_today,
)
from services.items.owed_loans import charged, has_owed_loan, owed_choices
from services.policies.rules import Policy


class RepaymentCardForm(CardForm):
    """The loan, where there are several, and the card its instalments are to be taken from."""

    loan: Annotated[
        str | None,
        Field(default=None, title="哪笔贷款", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]


def borrower_changes_it(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """还款卡由主借款人变更."""
    loan = charged(facts, form)
    if loan is None or loan.role == "borrower":
        return None
    return Refusal(
        code="fund_loan.not_borrower",
        rule="由主借款人办理",
        article=policy.text("repayment_card.article"),
        fact="您是这笔贷款的共同借款人，不是主借款人",
        source=LOANS,
        change="请主借款人在自己的手机上办",
        text="还款卡要由主借款人来换。请主借款人在自己的手机上办。",
    )


def bank_answers(facts: Facts, form: RepaymentCardForm, policy: Policy) -> Refusal | None:
    """银行核验必须有回音：没有核验过的卡不能还款."""
    return no_answer(facts, "还款", policy.text("repayment_card.article"))


def bank_confirms(facts: Facts, form: RepaymentCardForm, policy: Policy) -> Refusal | None:
    """户名、卡种由开户银行核验."""
    return not_confirmed(facts, "还款", policy.text("repayment_card.article"))


def another_card(facts: Facts, form: RepaymentCardForm, policy: Policy) -> Refusal | None:
    """新卡和现在的还款卡不是同一张."""
    loan, check = charged(facts, form), facts.card_check
    if loan is None or check is None or not check.key or check.key != loan.card_key:
        return None
    return Refusal(
        code="loan.card_same",
        rule="新卡和现在的还款卡不是同一张",
        article=policy.text("repayment_card.article"),
        fact=f"尾号 {loan.card_tail4} 的卡现在就是这笔贷款的还款卡",
        source=LOANS,
        change="请填另一张卡的卡号；不想换就不用办",
        text=f"尾号 {loan.card_tail4} 的卡现在就是还款卡，不用换。想换请填另一张卡。",
    )


def _facts(day: date = date(2026, 11, 30), check: CardCheckFacts | None = None, **loan: Any) -> Facts:
    said = check or CardCheckFacts(True, None, "105000", "建设银行", "c2")
    noted = SourceNote("card_check", "开户银行核验", "2026-11-30T09:00:00+08:00", "ok")
    return replace(loan_facts_on(day, card_key="c1", **loan), card_check=said, sources=(noted,))


_FORM = {"card_no": "6217000000000000012", "bank_code": "105000", "loan": EXAMPLE_LOAN.loan_id}

ITEM = Item(
    code="repayment-account-change",
    name_zh="还款账号变更",
    standard_code="LN_ACCOUNT",
    kind="change",
    group="loan",
    module="52",
    summary="换一张每月还贷款的银行卡",
    legal_basis=(
        Basis("住房公积金个人住房贷款借款合同", "还款账户", "还款账户是借款人本人的，可以变更"),
        Basis("住房公积金个人住房贷款业务规范", "GB/T 51267", "变更还款账户要核对户名"),
    ),
    form=RepaymentCardForm,
    needs=frozenset({Fact.ACCOUNT, Fact.LOANS, Fact.CARD_CHECK}),
    eligibility=(
        has_owed_loan,
        borrower_changes_it,
        not_due_today,
        bank_answers,
        bank_confirms,
        another_card,
    ),
    effect=ChangeLoanCard(),
    verification=Verification.FACE,
    sources=(("开户银行", "核对户名、卡种和状态"), ("公积金中心贷款记录", "看是哪笔贷款、下一期是哪天")),
    allowed_text="填好新卡，刷脸以后就换。下一期起从新卡还，以前的还款卡会留在记录里。",
    sla_text="刷脸通过后马上换好，下一期起从新卡还",
    private_fields=frozenset({"card_no"}),
    order=62,
    choices=owed_choices,
    asks=lambda facts, form, policy: (
        frozenset({"card_no", "bank_code"})
        | frozenset({"loan"} if len(owed_choices(facts, policy).get("loan", ())) > 1 else ())
    ),
    examples=(
        Example("借款人本人的另一张Ⅰ类储蓄卡", _FORM, _facts(), True),
        Example("有逾期也可以换卡", _FORM, _facts(state="overdue", overdue_principal_fen=112_000), True),
        Example(
            "开户人不是本人",
            _FORM,
            _facts(check=CardCheckFacts(False, "holder_mismatch", "105000", "建设银行")),
            False,
            refusal="card.holder_mismatch",
        ),
        Example(
            "还是原来那张卡",
            _FORM,
            _facts(check=CardCheckFacts(True, None, "105000", "建设银行", "c1")),
            False,
            refusal="loan.card_same",
        ),
        Example("共同借款人", _FORM, _facts(role="co_borrower"), False, refusal="fund_loan.not_borrower"),
        Example("贷款已经还清", _FORM, _facts(state="settled"), False, refusal="fund_loan.none_open"),
        Example(
            "贷款已经还清，银行冲回的钱还没有补上",
            _FORM,
            _facts(state="settled", taken_back_fen=240_204, next_due_on=None),
            True,
        ),
        Example(
            "还款日当天",
            _FORM,
            _facts(day=date(2026, 12, 20)),
            False,
            refusal="fund_loan.due_today",
        ),
    ),
)
