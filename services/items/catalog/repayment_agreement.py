"""约定提取/冲还贷 standing agreement: signed once, changed and ended here; the runs come by themselves (F4).

A bank's loan: on the 20th of each month the month's principal and interest go to the card. The centre's own loan: on its
due day the fund pays the instalment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from services.core.money import yuan_text
from services.items.agreeing import bank_loans, chosen_bank, chosen_own, in_force, sees_banks
from services.items.declaration import (
    Basis,
    Choice,
    Example,
    Form,
    Item,
    KeepAgreement,
    Refusal,
    Verification,
)
from services.items.example_facts import CARD_ID, answered, plain_facts
from services.items.facts import AgreementFacts, Fact, Facts, LoanFacts
from services.items.fields import Key
from services.items.fund_loans import EXAMPLE_LOAN, label, open_loans
from services.items.outside import HomeLoan, HomeLoanFacts
from services.items.rules import account_usable
from services.policies.rules import Policy

CODE = "repayment-agreement"
_CREDIT, _OWN = "征信和贷款银行", "公积金中心贷款记录"
_ACTIONS = {"sign": "签约", "change": "换贷款或收款卡", "end": "终止约定"}


class AgreementForm(Form):
    """What to do, for which loan, and to which card the money of a bank's loan goes."""

    action: Annotated[
        Literal["sign", "change", "end"],
        Field(
            default="sign",
            title="办什么",
            json_schema_extra={"x-widget": "choice", "x-labels": _ACTIONS, "x-choose": True},
        ),
    ]
    loan: Annotated[
        str | None,
        Field(default=None, title="哪笔贷款", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]
    card_id: Annotated[
        Key | None, Field(default=None, title="收款卡", json_schema_extra={"x-widget": "card"})
    ]


def _action(form: AgreementForm) -> str:
    return form.action or "sign"


def _may_end(facts: Facts, form: AgreementForm) -> bool:
    """Whether ending is meant, or may still be: then no loan has to be found, and the choice has to be offered."""
    return form.action == "end" or (form.action is None and in_force(facts) is not None)


def usable_or_ending(facts: Facts, form: AgreementForm, policy: Policy) -> Refusal | None:
    """账户正常或封存才能签约、变更；终止不动钱，账户什么状态都可以."""
    return None if _may_end(facts, form) else account_usable(facts, form, policy)


def one_agreement(facts: Facts, form: AgreementForm, policy: Policy) -> Refusal | None:
    """一个账户只签一份约定."""
    found = in_force(facts)
    if found is None or _action(form) != "sign" or form.action is None:
        return None
    return _refusal(
        policy,
        "agreement.exists",
        "一个账户只签一份约定",
        f"您已经签了“{found.label}”",
        "要换贷款或收款卡，请选“换贷款或收款卡”；不要了请选“终止约定”",
        "公积金中心办理记录",
    )


def something_agreed(facts: Facts, form: AgreementForm, policy: Policy) -> Refusal | None:
    """变更、终止要先有约定."""
    if in_force(facts) is not None or _action(form) == "sign":
        return None
    return _refusal(
        policy,
        "agreement.none",
        "先有约定才能变更或终止",
        "您现在没有约定",
        "可以先签约",
        "公积金中心办理记录",
    )


def loan_fits(facts: Facts, form: AgreementForm, policy: Policy) -> Refusal | None:
    """有可以约定的贷款 (公积金贷款，或银行的纯商业房贷)."""
    if _may_end(facts, form) or chosen_own(facts, form) or chosen_bank(facts, form, policy):
        return None
    if not sees_banks(policy) and bank_loans(facts):
        return _refusal(
            policy,
            "agreement.not_yet",
            "银行房贷从 2026 年 6 月 26 日起可以约定每月提取",
            "您的房贷是银行的商业贷款，现在还没有开办",
            "2026 年 6 月 26 日起可以签约；现在可以办“偿还商贷提取”，一年一次",
            _CREDIT,
            date(2026, 6, 26),
        )
    return _refusal(
        policy,
        "agreement.no_loan",
        "有公积金贷款，或银行的纯商业房贷",
        "没有查到可以约定的贷款；组合贷里银行的那部分不能约定",
        "有这样的贷款并且正常还满一个月后就可以签约",
        _CREDIT,
    )


def loan_in_order(facts: Facts, form: AgreementForm, policy: Policy) -> Refusal | None:
    """贷款正常还满一个月，没有逾期."""
    own, bank = chosen_own(facts, form), chosen_bank(facts, form, policy)
    if _may_end(facts, form) or (own is None and bank is None):
        return None
    fine = (
        own.normal_months >= 1 and not own.is_overdue
        if own
        else bool(bank and bank.normal and bank.own_home and bank.repaid_12m_fen >= bank.monthly_fen > 0)
    )
    if fine:
        return None
    return _refusal(
        policy,
        "agreement.not_in_order",
        "贷款是自己住的房子的，正常还满一个月，没有逾期",
        "这笔贷款还没有正常还满一个月，或者有逾期",
        "还清逾期、正常还满一个月后就可以签约",
        _OWN if own else _CREDIT,
    )


def _refusal(
    policy: Policy, code: str, rule: str, fact: str, change: str, source: str, next_on: date | None = None
) -> Refusal:
    return Refusal(
        code=code,
        rule=rule,
        article=policy.text("agreement.article"),
        fact=fact,
        source=source,
        change=change,
        text=f"{fact}。{change}。",
        next_on=next_on,
    )


def choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """What can be done now, and the loans to choose from: the centre's first, since theirs stands in the way of banks'."""
    actions = ("change", "end") if in_force(facts) else ("sign",)
    found: dict[str, tuple[Choice, ...]] = {"action": tuple(Choice(one, _ACTIONS[one]) for one in actions)}
    loans = [Choice(loan.loan_id, label(loan)) for loan in open_loans(facts)]
    if not loans and sees_banks(policy):
        loans = [
            Choice(one.key, f"{one.label}，每月还 {yuan_text(one.monthly_fen)} 元")
            for one in bank_loans(facts)
        ]
    return {**found, "loan": tuple(loans)} if loans else found


def asks(facts: Facts, form: AgreementForm, policy: Policy) -> frozenset[str]:
    """What to do where something is agreed; a card where the money goes to one."""
    action = {"action"} if in_force(facts) else set()
    if form.action == "end":
        return frozenset(action)
    loan = {"loan"} & choices(facts, policy).keys()
    card = {"card_id"} if chosen_bank(facts, form, policy) else set()
    return frozenset({*action, *loan, *card})


def spares(facts: Facts, form: AgreementForm, policy: Policy) -> frozenset[Fact]:
    """Ending rests on nothing outside: nobody is asked, no consent is wanted, and nobody's silence puts it off.

    While ending may still be meant nobody is asked either, or who gives no consent would never be offered it.
    """
    return frozenset({Fact.HOME_LOAN}) if _may_end(facts, form) else frozenset()


_ASKED = (Fact.HOME_LOAN,)
_BANK = HomeLoan("l1", "工商银行房贷（合同尾号 0321）", "commercial", True, True, 3_600_000, 300_000)
_WITH_BANK = plain_facts(*_ASKED, home_loan=HomeLoanFacts((_BANK,)), agreement=AgreementFacts())
_WITH_OWN = plain_facts(
    *_ASKED,
    home_loan=HomeLoanFacts(()),
    loans=LoanFacts((EXAMPLE_LOAN,)),
    agreement=AgreementFacts(),
)
_AGREED = replace(
    _WITH_BANK, agreement=AgreementFacts("commercial", "l1", "每月提取还银行房贷", "2026-07-01")
)
_SIGN: dict[str, Any] = {"action": "sign", "loan": "l1", "card_id": CARD_ID}

ITEM = Item(
    code=CODE,
    name_zh="约定提取还贷",
    standard_code="WD_AGREEMENT",
    kind="change",
    group="loan",
    module="24",
    summary="签一次，以后每月自动用公积金还房贷",
    legal_basis=(
        Basis("住房公积金管理条例", "提取规定", "偿还购房贷款本息的，可以提取账户里的钱"),
        Basis(
            "株洲市住房公积金管理中心通知",
            "2026 年 6 月 26 日起",
            "银行房贷可以约定每月 20 日提取，账户里至少留 100 元，以前漏掉的最多补 12 个月",
            from_on=date(2026, 6, 26),
        ),
    ),
    form=AgreementForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS, Fact.AGREEMENT, *_ASKED}),
    eligibility=(usable_or_ending, one_agreement, something_agreed, loan_fits, loan_in_order),
    effect=KeepAgreement(),
    verification=Verification.FACE,
    sources=(("征信和贷款银行", "看房贷和每月还多少；签约后每月 20 日再看一次"),),
    allowed_text="签一次约定，以后不用每次办：公积金贷款在还款日从账户里还当期；银行房贷每月 20 日把当月还的钱转到您的卡上。",
    sla_text="刷脸通过后马上生效，随时可以终止",
    order=62,
    choices=choices,
    asks=asks,
    spares=spares,
    examples=(
        Example("银行房贷每月提取：签约", _SIGN, _WITH_BANK, True),
        Example("公积金贷款冲还：签约", {"action": "sign"}, _WITH_OWN, True),
        Example("终止", {"action": "end"}, _AGREED, True),
        Example("换一张收款卡", {**_SIGN, "action": "change"}, _AGREED, True),
        Example("已经签过", _SIGN, _AGREED, False, refusal="agreement.exists"),
        Example("没有约定可终止", {"action": "end"}, _WITH_BANK, False, refusal="agreement.none"),
        Example(
            "2026 年 6 月 25 日：银行房贷还没有开办",
            _SIGN,
            replace(_WITH_BANK, today=date(2026, 6, 25)),
            False,
            refusal="agreement.not_yet",
        ),
        Example("2026 年 6 月 26 日：可以了", _SIGN, replace(_WITH_BANK, today=date(2026, 6, 26)), True),
        Example(
            "组合贷里银行的那部分",
            _SIGN,
            replace(_WITH_BANK, home_loan=HomeLoanFacts((replace(_BANK, kind="combined"),))),
            False,
            refusal="agreement.no_loan",
        ),
        Example(
            "还没有还满一个月",
            {"action": "sign"},
            replace(_WITH_OWN, loans=LoanFacts((replace(EXAMPLE_LOAN, normal_months=0),))),
            False,
            refusal="agreement.not_in_order",
        ),
        Example(
            "征信没有回音：不拒绝，转人工审核",
            {"action": "sign"},
            replace(_WITH_OWN, home_loan=None, sources=answered(*_ASKED, missing=Fact.HOME_LOAN)),
            True,
        ),
    ),
)
