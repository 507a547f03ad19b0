"""偿还商贷提取 commercial home loan, yearly: what was repaid in the last twelve months.

Formula F3: q(min(AV, Σ repaid principal and interest of twelve months − W)); W is what anybody drew on this loan in
these twelve months, once a year or each month by agreement, so that a couple who owe together share one sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import Field, StrictInt

from services.core.money import yuan_text
from services.items.declaration import (
    Amount,
    Approval,
    Basis,
    Choice,
    Example,
    Form,
    Item,
    Part,
    Refusal,
    StartWithdrawal,
    Verification,
)
from services.items.example_facts import CARD_ID, answered, plain_facts, with_account, with_usage
from services.items.facts import Fact, Facts, KeyUsage
from services.items.fields import AmountFen, PayeeCardId
from services.items.outside import HomeLoan, HomeLoanFacts, MarriageFacts
from services.items.rules import (
    account_usable,
    drawable,
    gap_over,
    leave_fen,
    lives_alone,
    no_open_fund_loan,
    nothing_in_flight,
    plus_months,
    something_to_draw,
)
from services.policies.rules import Policy

CODE, MONTHLY, OTHER = "commercial-loan-withdrawal", "repayment-agreement", "other"
_CREDIT = "征信和贷款银行"
_FILL_IN = "账户里最多能提这么多；填了最近 12 个月还的钱，才知道这次能提多少。"


class LoanForm(Form):
    """Which loan, how much, to which card; what was repaid only where the registers do not know it."""

    loan: Annotated[
        str | None,
        Field(default=None, title="哪笔房贷", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]
    repaid_fen: Annotated[
        StrictInt | None,
        Field(
            default=None,
            title="最近 12 个月一共还了多少",
            gt=0,
            le=99_999_999_999,
            json_schema_extra={"x-widget": "yuan", "x-help": "本金加利息，照银行的还款明细写"},
        ),
    ]
    amount_fen: AmountFen
    card_id: PayeeCardId


def _loans(facts: Facts) -> tuple[HomeLoan, ...]:
    """The member's loans of banks; the fund's own are another item's."""
    found = facts.home_loan.loans if facts.home_loan else ()
    return tuple(loan for loan in found if loan.kind != "fund")


def _loan(facts: Facts, form: LoanForm) -> HomeLoan | None:
    """The loan of the form; the first while none is chosen."""
    loans = _loans(facts)
    if form.loan is None:
        return loans[0] if loans else None
    return next((loan for loan in loans if loan.key == form.loan), None)


def has_loan(facts: Facts, form: LoanForm, policy: Policy) -> Refusal | None:
    """本人有商业住房贷款 (已婚的也可能在配偶名下)."""
    if facts.home_loan is None or _loans(facts) or not lives_alone(facts):
        return None
    return Refusal(
        code="commercial_loan.none_found",
        rule="有自己住的房子的银行贷款",
        article=policy.text("commercial_loan.article"),
        fact="征信和贷款银行那里没有查到您的银行住房贷款",
        source=_CREDIT,
        change="有银行住房贷款并且还满一段时间后就可以办；公积金贷款请办“偿还公积金贷款提取”",
        text="没有查到您的银行住房贷款，不能办这一项。如果是公积金贷款，请办“偿还公积金贷款提取”。",
    )


def own_home(facts: Facts, form: LoanForm, policy: Policy) -> Refusal | None:
    """贷款买的是自住住房."""
    loan = _loan(facts, form)
    if loan is None or loan.own_home:
        return None
    return Refusal(
        code="commercial_loan.not_own_home",
        rule="贷款买的是自己住的房子",
        article=policy.text("commercial_loan.article"),
        fact=f"{loan.label}登记的用途不是买自住住房",
        source=_CREDIT,
        change="登记有误的，请贷款银行更正后再办",
        text=f"{loan.label}登记的用途不是买自己住的房子，不能用来提取。登记错了的，请贷款银行更正。",
    )


def no_fund_loan(facts: Facts, form: LoanForm, policy: Policy) -> Refusal | None:
    """没有未还清的公积金贷款 (参数)."""
    if not policy.values["commercial_loan.refused_with_fund_loan"]:
        return None
    return no_open_fund_loan(facts, form, policy)


def once_a_year(facts: Facts, form: LoanForm, policy: Policy) -> Refusal | None:
    """每年一次，相隔满规定月数."""
    return gap_over(
        facts,
        policy,
        key="commercial_loan.gap_months",
        items=frozenset({CODE}),
        code="commercial_loan.too_soon",
        what="偿还商贷提取",
    )


def repaid_left(facts: Facts, form: LoanForm, policy: Policy) -> Refusal | None:
    """最近 12 个月还的钱没有提完 (夫妻合计)."""
    loan = _loan(facts, form)
    if loan is None or _left_fen(loan, facts) > 0:
        return None
    assert facts.usage is not None
    repaid, drawn = yuan_text(loan.repaid_12m_fen), yuan_text(facts.usage.of(loan.key).rolling_fen)
    return Refusal(
        code="commercial_loan.repaid_used",
        rule="提取不超过最近 12 个月还的本金和利息，夫妻合计",
        article=policy.text("commercial_loan.article"),
        fact=f"{loan.label}最近 12 个月还了 {repaid} 元，已经提了 {drawn} 元",
        source=_CREDIT,
        change="继续还款后，还的钱可以再提",
        text=f"最近 12 个月这笔房贷还了 {repaid} 元，您和共同还款人已经提了 {drawn} 元，现在没有可提的。继续还款后可以再提。",
    )


def _left_fen(loan: HomeLoan, facts: Facts) -> int:
    assert facts.usage is not None
    return max(0, loan.repaid_12m_fen - facts.usage.of(loan.key).rolling_fen)


def loan_amount(facts: Facts, form: LoanForm, policy: Policy) -> Amount:
    """F3: the least of what is there and what was repaid in twelve months and not drawn."""
    loan, article = _loan(facts, form), policy.text("commercial_loan.article")
    if loan is None:
        limit = [Part("最近 12 个月还的钱", form.repaid_fen, "您填写的", article)] if form.repaid_fen else []
        asked = "不超过您最近 12 个月还的钱。" if limit else _FILL_IN
        return drawable(facts, policy, asked, *limit)
    drawn = loan.repaid_12m_fen - _left_fen(loan, facts)
    used = f"，已经提了 {yuan_text(drawn)} 元" if drawn else ""
    return drawable(
        facts,
        policy,
        f"最近 12 个月还了 {yuan_text(loan.repaid_12m_fen)} 元{used}，一年可以提一次。",
        Part(
            "最近 12 个月还的钱", _left_fen(loan, facts), f"本金加利息，夫妻一起还的合在一起算{used}", _CREDIT
        ),
    )


def loan_approval(facts: Facts, form: LoanForm, policy: Policy) -> Approval:
    """At once for a commercial loan that the register knows; the bank's part of a combined loan is looked at."""
    loan = _loan(facts, form)
    return Approval.INSTANT if loan and loan.kind == "commercial" and loan.normal else Approval.REVIEW


def choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """Loans the register knows; the spouse's for the married."""
    known = tuple(Choice(loan.key, loan.label) for loan in _loans(facts))
    if not known:
        return {}
    return {"loan": known if lives_alone(facts) else (*known, Choice(OTHER, "别的房贷（配偶名下的）"))}


def asks(facts: Facts, form: LoanForm, policy: Policy) -> frozenset[str]:
    """What was repaid only where the register does not know it."""
    known = bool(_loans(facts))
    unknown = {"repaid_fen"} if not known or form.loan == OTHER else set()
    return frozenset({"amount_fen", "card_id", *({"loan"} if known else set()), *unknown})


def spends(facts: Facts, form: LoanForm) -> frozenset[str]:
    """The loan."""
    loan = _loan(facts, form)
    return frozenset({loan.key} if loan else ())


_ASKED = (Fact.MARRIAGE, Fact.HOME_LOAN)
_LOAN = HomeLoan("l1", "工商银行房贷（合同尾号 0321）", "commercial", True, True, 3_600_000, 300_000)
_FACTS = plain_facts(*_ASKED, home_loan=HomeLoanFacts((_LOAN,)))
_FORM = {"loan": "l1", "amount_fen": 1_000_000, "card_id": CARD_ID}


def _with_loan(**changes: object) -> Facts:
    return replace(_FACTS, home_loan=HomeLoanFacts((replace(_LOAN, **changes),)))  # type: ignore[arg-type]


ITEM = Item(
    code=CODE,
    name_zh="偿还商贷提取",
    standard_code="WD_COMM_LOAN",
    kind="withdrawal",
    group="money",
    module="23",
    summary="还银行房贷，每年提一次补回来",
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
        Basis(
            "株洲市住房公积金提取管理办法", "偿还商业住房贷款", "一年一次，不超过最近 12 个月还的本金和利息"
        ),
    ),
    form=LoanForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS, *_ASKED}),
    eligibility=(
        account_usable,
        nothing_in_flight,
        has_loan,
        own_home,
        no_fund_loan,
        once_a_year,
        repaid_left,
        something_to_draw,
    ),
    amount=loan_amount,
    keep_fen=leave_fen,
    approval=loan_approval,
    next_on=lambda facts, policy: plus_months(facts.today, policy.integer("commercial_loan.gap_months")),
    effect=StartWithdrawal(),
    verification=Verification.FACE,
    sources=(
        ("征信和贷款银行", "看房贷和最近 12 个月还了多少"),
        ("民政部门", "看婚姻登记，夫妻一起还的合在一起算"),
    ),
    documents=("借款合同", "最近 12 个月的还款明细"),
    sla_text="立即审批，一般 1 分钟内到账",
    order=20,
    choices=choices,
    asks=asks,
    spends=spends,
    caps_shared_with=frozenset({MONTHLY}),
    examples=(
        Example("12 个月还了 36,000 元，没有提过", _FORM, _FACTS, True, 3_600_000),
        Example(
            "共同还款的配偶 3 个月前提了 20,000 元：剩 16,000 元",
            _FORM,
            with_usage(
                replace(_FACTS, marriage=MarriageFacts("20")),
                keyed=(KeyUsage("l1", 0, 0, 2_000_000, 2_000_000, 2_000_000),),
            ),
            True,
            1_600_000,
        ),
        Example(
            "本人或配偶提过没有写明哪笔贷款的：可能就是这一笔，人工审核",
            _FORM,
            with_usage(_FACTS, unnamed_count=1),
            True,
            3_600_000,
            approval=Approval.REVIEW,
        ),
        Example(
            "余额 10,000 元：留 0.01 元", _FORM, with_account(_FACTS, balance_fen=1_000_000), True, 999_999
        ),
        Example(
            "征信没有回音：不拒绝，填还款额 8,000 元，转人工审核",
            {"repaid_fen": 800_000, "amount_fen": 500_000, "card_id": CARD_ID},
            replace(_FACTS, home_loan=None, sources=answered(*_ASKED, missing=Fact.HOME_LOAN)),
            True,
            800_000,
        ),
        Example(
            "单身，没有银行房贷",
            {"repaid_fen": 800_000, "amount_fen": 500_000, "card_id": CARD_ID},
            replace(_FACTS, home_loan=HomeLoanFacts(())),
            False,
            refusal="commercial_loan.none_found",
        ),
        Example(
            "贷款不是买自住房",
            _FORM,
            _with_loan(own_home=False),
            False,
            refusal="commercial_loan.not_own_home",
        ),
        Example(
            "11 个月前提过",
            _FORM,
            with_usage(_FACTS, last_by_item={CODE: "2025-12-23"}),
            False,
            refusal="commercial_loan.too_soon",
        ),
        Example(
            "12 个月还的钱配偶已经提完",
            _FORM,
            with_usage(_FACTS, keyed=(KeyUsage("l1", 0, 0, 3_600_000, 0, 3_600_000),)),
            False,
            refusal="commercial_loan.repaid_used",
        ),
    ),
)
