"""贷款结清证明 certificate of a settled loan: a sealed PDF with number and verification code, once nothing is owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from services.core.money import yuan_text
from services.items.declaration import (
    Basis,
    Choice,
    Example,
    Form,
    IssueCertificate,
    Item,
    Refusal,
    Saying,
    Verification,
)
from services.items.example_facts import plain_facts
from services.items.facts import Fact, Facts, LoanFacts
from services.items.fund_loans import EXAMPLE_LOAN, LOANS, open_loans
from services.items.rules import day_text
from services.loans.facts import LoanFact
from services.policies.rules import Policy

_METHODS = {"01": "等额本息", "02": "等额本金"}


class SettledForm(Form):
    """The loan, where several are settled."""

    loan: Annotated[
        str | None,
        Field(default=None, title="哪笔贷款", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]


def _settled(facts: Facts) -> tuple[LoanFact, ...]:
    return tuple(loan for loan in facts.loans.loans if not loan.is_owed) if facts.loans else ()


def _chosen(facts: Facts, form: Any) -> LoanFact | None:
    wanted = getattr(form, "loan", None)
    return next((loan for loan in _settled(facts) if wanted in (None, loan.loan_id)), None)


def _choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    known = tuple(Choice(loan.loan_id, _label(loan)) for loan in _settled(facts))
    return {"loan": known} if known else {}


def _label(loan: LoanFact) -> str:
    return f"{loan.bank_name}公积金贷款（合同尾号 {loan.contract_no[-4:]}），{_day(loan.settled_on)}结清"


def _day(text: str | None) -> str:
    return day_text(date.fromisoformat(text)) if text else "已"


def loan_is_settled(facts: Facts, form: SettledForm, policy: Policy) -> Refusal | None:
    """贷款已经还清."""
    still = open_loans(facts)
    if _chosen(facts, form) is not None:
        return None
    if not still:
        return _put_back(facts, policy)
    owed = yuan_text(still[0].balance_fen)
    return Refusal(
        code="settled_certificate.still_open",
        rule="贷款还清以后才有结清证明",
        article=policy.text("settled_certificate.article"),
        fact=f"您在{still[0].bank_name}的公积金贷款还欠本金 {owed} 元",
        source=LOANS,
        change="还清以后马上就能开；想提前还清，请办“提前结清”",
        text=f"您的贷款还有本金 {owed} 元没有还清，还不能开结清证明。想提前还清，请办“提前结清”。",
    )


def _put_back(facts: Facts, policy: Policy) -> Refusal | None:
    """银行冲回的还款已经补上."""
    back = facts.loans.owed if facts.loans else ()
    if not back:
        return None
    owed = yuan_text(back[0].taken_back_fen)
    return Refusal(
        code="settled_certificate.put_back",
        rule="还清以后才有结清证明",
        article=policy.text("settled_certificate.article"),
        fact=f"银行把 {owed} 元还款退回了您的还款卡",
        source=LOANS,
        change="把钱留在还款卡里，补扣成功以后马上就能开",
        text=f"银行把 {owed} 元还款退回了您的还款卡，还没有补扣。请把钱留在卡里，补扣成功以后就能开结清证明。",
    )


def has_had_a_loan(facts: Facts, form: SettledForm, policy: Policy) -> Refusal | None:
    """在本中心有过公积金贷款."""
    if facts.loans is None or facts.loans.loans:
        return None
    return Refusal(
        code="settled_certificate.no_loan",
        rule="在本中心有过公积金贷款",
        article=policy.text("settled_certificate.article"),
        fact="没有查到您在本中心的公积金贷款",
        source=LOANS,
        change="银行的房贷请到贷款银行开；在别的城市贷的款请到那边的公积金中心开",
        text="没有查到您在本中心的公积金贷款，开不出结清证明。银行的房贷请到贷款银行开。",
    )


def says(facts: Facts, form: SettledForm) -> Saying:
    """Which loan, how much, and since when nothing is owed."""
    loan = _chosen(facts, form)
    assert loan is not None  # the rules refused otherwise
    role = "主借款人" if loan.role == "borrower" else "共同借款人"
    rows = (
        ("借款合同编号", loan.contract_no),
        ("在贷款中", role),
        ("贷款银行", loan.bank_name),
        ("贷款金额", f"{yuan_text(loan.principal_fen)} 元"),
        ("贷款期限", f"{loan.months} 个月"),
        ("还款方式", _METHODS.get(loan.method, "其他")),
        ("放款日期", loan.drawn_on),
        ("结清日期", loan.settled_on or ""),
        ("尚欠本息", f"{yuan_text(loan.balance_fen)} 元"),
    )
    return Saying(
        "兹证明下列住房公积金个人住房贷款的本金和利息已经全部还清：",
        rows,
        "本证明由系统根据贷款记录自动生成，数据截至开具之时。",
    )


def _facts(**loan: Any) -> Facts:
    settled = {"state": "settled", "balance_fen": 0, "settle_today_fen": 0, "settled_on": "2026-11-23"}
    return plain_facts(loans=LoanFacts((replace(EXAMPLE_LOAN, **{**settled, **loan}),)))


_OPEN = {"state": "normal", "balance_fen": 52_946_865, "settled_on": None}
_TWO = LoanFacts((replace(EXAMPLE_LOAN, loan_id="new"), *(_facts().loans or LoanFacts(())).loans))

ITEM = Item(
    code="loan-settled-certificate",
    name_zh="结清证明",
    standard_code="CERT_SETTLED",
    kind="certificate",
    group="proof",
    module="32",
    summary="开一份贷款已经还清的证明，可以扫码查验",
    legal_basis=(
        Basis("住房公积金个人住房贷款业务规范", "GB/T 51267", "贷款结清后，中心应当出具结清证明"),
        Basis("住房公积金服务跨省通办", "结清证明", "异地开具贷款全部还清证明"),
    ),
    form=SettledForm,
    needs=frozenset({Fact.ACCOUNT, Fact.LOANS}),
    eligibility=(has_had_a_loan, loan_is_settled),
    effect=IssueCertificate("loan_settled", "住房公积金贷款结清证明", says),
    verification=Verification.NONE,
    sources=(("公积金中心贷款记录", "看贷款是不是还清了、哪天还清的"),),
    allowed_text="贷款已经还清，可以马上开具，不用等。",
    sla_text="几秒钟开好，可下载打印",
    order=66,
    choices=_choices,
    asks=lambda facts, form, policy: frozenset({"loan"} if len(_settled(facts)) > 1 else ()),
    examples=(
        Example("贷款还清了：可以开", {}, _facts(), True),
        Example("共同借款人也可以开", {}, _facts(role="co_borrower"), True),
        Example("还清一笔，又贷了一笔：还清的那笔可以开", {}, replace(_facts(), loans=_TWO), True),
        Example(
            "银行把还款退回了卡里",
            {},
            _facts(taken_back_fen=52_946_865),
            False,
            refusal="settled_certificate.put_back",
        ),
        Example("还欠 529,468.65 元", {}, _facts(**_OPEN), False, refusal="settled_certificate.still_open"),
        Example("没有贷过款", {}, plain_facts(), False, refusal="settled_certificate.no_loan"),
    ),
)
