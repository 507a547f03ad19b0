"""物业费提取 property management fee: from 2026-05-01, for two years on trial.

Formula F9: q(min(AV, bill − W, cap − Σ household of the year)); once a year, the couple together.
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
from services.items.outside import House, MarriageFacts, PropertyBill, PropertyBillFacts, PropertyFacts
from services.items.rules import (
    account_usable,
    drawable,
    house_labels,
    leave_fen,
    lives_alone,
    no_open_fund_loan,
    nothing_in_flight,
    something_to_draw,
)
from services.policies.rules import Policy

OTHER = "other"
_BILLS, _ESTATE = "物业缴费平台", "不动产登记"


class PropertyFeeForm(Form):
    """For which home, how much, to which card; the bill only where no platform knows it."""

    house: Annotated[
        str | None,
        Field(default=None, title="哪套房的物业费", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]
    bill_fen: Annotated[
        StrictInt | None,
        Field(
            default=None,
            title="今年交了多少物业费",
            gt=0,
            le=99_999_999_999,
            json_schema_extra={"x-widget": "yuan", "x-help": "照发票写"},
        ),
    ]
    amount_fen: AmountFen
    card_id: PayeeCardId


def _bills(facts: Facts) -> tuple[PropertyBill, ...]:
    """Paid bills of this year, one for each home: several of one home are added up."""
    added: dict[str, PropertyBill] = {}
    for bill in facts.property_bill.bills if facts.property_bill else ():
        if bill.year == facts.today.year:
            before = added[bill.key].amount_fen if bill.key in added else 0
            added[bill.key] = replace(bill, amount_fen=before + bill.amount_fen)
    return tuple(added.values())


def _bill(facts: Facts, form: PropertyFeeForm) -> PropertyBill | None:
    """The bill of the form; the first while none is chosen."""
    bills = _bills(facts)
    if form.house is None:
        return bills[0] if bills else None
    return next((bill for bill in bills if bill.key == form.house), None)


def owns_home(facts: Facts, form: PropertyFeeForm, policy: Policy) -> Refusal | None:
    """本人或配偶有自住住房."""
    if facts.property is None or facts.property.houses or not lives_alone(facts):
        return None
    return Refusal(
        code="property_fee.no_home",
        rule="本人或配偶在本市有自己住的房子",
        article=policy.text("property_fee.article"),
        fact="不动产登记里没有您在本市的住房",
        source=_ESTATE,
        change="有了自己的住房以后就可以办；租房的请办“租房提取”",
        text="不动产登记里没有您在本市的住房，不能办物业费提取。租房住的，可以办“租房提取”。",
    )


def paid_this_year(facts: Facts, form: PropertyFeeForm, policy: Policy) -> Refusal | None:
    """今年的物业费已经交了."""
    if facts.property_bill is None or _bills(facts) or not lives_alone(facts):
        return None
    return Refusal(
        code="property_fee.no_bill",
        rule="今年的物业费已经交了",
        article=policy.text("property_fee.article"),
        fact=f"物业缴费平台上没有您 {facts.today.year} 年已交的物业费",
        source=_BILLS,
        change="交了今年的物业费并拿到发票以后就可以办",
        text="还没有查到您今年交的物业费。交了以后就可以办；已经交了的，过一两天再来看，或者带发票到网点办。",
    )


def once_a_year(facts: Facts, form: PropertyFeeForm, policy: Policy) -> Refusal | None:
    """每年提取一次."""
    assert facts.usage is not None
    if facts.usage.year_count < policy.integer("property_fee.per_year"):
        return None
    next_on = date(facts.today.year + 1, 1, 1)
    return Refusal(
        code="property_fee.year_used",
        rule="物业费提取一年一次",
        article=policy.text("property_fee.article"),
        fact="您今年已经提过物业费",
        source="办理记录",
        change=f"{next_on.year} 年 1 月 1 日起可以再提",
        text=f"今年已经提过一次物业费。{next_on.year} 年 1 月 1 日起可以再提。",
        next_on=next_on,
    )


def cap_left(facts: Facts, form: PropertyFeeForm, policy: Policy) -> Refusal | None:
    """一个家庭一年的额度没有用完."""
    if _cap_left_fen(facts, policy) > 0:
        return None
    cap = yuan_text(policy.integer("property_fee.cap_household_fen"))
    next_on = date(facts.today.year + 1, 1, 1)
    return Refusal(
        code="property_fee.cap_used",
        rule=f"一个家庭一年最多提 {cap} 元物业费",
        article=policy.text("property_fee.article"),
        fact=f"您家今年已经提了 {yuan_text(_household_fen(facts))} 元",
        source="办理记录",
        change=f"{next_on.year} 年 1 月 1 日起有新的额度",
        text=f"一个家庭一年最多提 {cap} 元物业费，夫妻合在一起算，您家今年已经提完。{next_on.year} 年 1 月 1 日起可以再提。",
        next_on=next_on,
    )


def bill_left(facts: Facts, form: PropertyFeeForm, policy: Policy) -> Refusal | None:
    """这套房交的物业费没有提完."""
    bill = _bill(facts, form)
    if bill is None or _bill_left_fen(bill, facts) > 0:
        return None
    return Refusal(
        code="property_fee.bill_used",
        rule="提取不超过交的物业费",
        article=policy.text("property_fee.article"),
        fact=f"这套房今年交了 {yuan_text(bill.amount_fen)} 元物业费，已经提完",
        source=_BILLS,
        change="明年交了物业费以后可以再提",
        text=f"这套房今年交的 {yuan_text(bill.amount_fen)} 元物业费已经提完（一起住的人提的也算）。明年交了以后可以再提。",
    )


def _household_fen(facts: Facts) -> int:
    assert facts.usage is not None
    return facts.usage.year_fen + facts.usage.spouse_year_fen


def _cap_left_fen(facts: Facts, policy: Policy) -> int:
    return max(0, policy.integer("property_fee.cap_household_fen") - _household_fen(facts))


def _bill_left_fen(bill: PropertyBill, facts: Facts) -> int:
    assert facts.usage is not None
    return max(0, bill.amount_fen - facts.usage.of(bill.key).year_fen)


def fee_amount(facts: Facts, form: PropertyFeeForm, policy: Policy) -> Amount:
    """F9: the least of what is there, the bill, and what is left of the household's year."""
    bill, article = _bill(facts, form), policy.text("property_fee.article")
    cap, drawn = policy.integer("property_fee.cap_household_fen"), _household_fen(facts)
    used = f"，今年已提 {yuan_text(drawn)} 元" if drawn else ""
    limits = [
        Part(
            "您家今年还可提", _cap_left_fen(facts, policy), f"一家一年最多 {yuan_text(cap)} 元{used}", article
        )
    ]
    if bill is not None:
        limits.append(Part("今年交的物业费", _bill_left_fen(bill, facts), bill.label, _BILLS))
    elif form.bill_fen is not None:
        limits.append(Part("今年交的物业费", form.bill_fen, "您填写的", article))
    return drawable(
        facts, policy, f"一个家庭一年最多 {yuan_text(cap)} 元，夫妻合在一起算，一年提一次。", *limits
    )


def fee_approval(facts: Facts, form: PropertyFeeForm, policy: Policy) -> Approval:
    """At once for a paid bill of a home that the register shows as the member's."""
    bill = _bill(facts, form)
    owned = {house.key for house in facts.property.owned} if facts.property else set()
    return Approval.INSTANT if bill is not None and bill.key in owned else Approval.REVIEW


def choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """Homes with a bill paid this year."""
    labels = house_labels(facts)
    known = tuple(
        Choice(bill.key, f"{labels.get(bill.key, bill.label)}，今年交了 {yuan_text(bill.amount_fen)} 元")
        for bill in _bills(facts)
    )
    if not known:
        return {}
    return {"house": known if lives_alone(facts) else (*known, Choice(OTHER, "别的房子（配偶名下的）"))}


def asks(facts: Facts, form: PropertyFeeForm, policy: Policy) -> frozenset[str]:
    """The bill only where no platform knows it."""
    known = bool(_bills(facts))
    unknown = {"bill_fen"} if not known or form.house == OTHER else set()
    return frozenset({"amount_fen", "card_id", *({"house"} if known else set()), *unknown})


def spends(facts: Facts, form: PropertyFeeForm) -> frozenset[str]:
    """The home."""
    bill = _bill(facts, form)
    return frozenset({bill.key} if bill else ())


_ASKED = (Fact.MARRIAGE, Fact.PROPERTY, Fact.PROPERTY_BILL)
_HOUSE = House("h1", "天元区示例路*号（编号尾号 0001）", "430200", 100)
_BILL = PropertyBill("h1", _HOUSE.label, 2026, 216_000, "2026-10-20")
_FACTS = plain_facts(*_ASKED, property=PropertyFacts(1, (_HOUSE,)), property_bill=PropertyBillFacts((_BILL,)))
_FORM = {"house": "h1", "amount_fen": 100_000, "card_id": CARD_ID}


def _billed(*bills: PropertyBill) -> Facts:
    return replace(_FACTS, property_bill=PropertyBillFacts(bills))


ITEM = Item(
    code="property-fee-withdrawal",
    name_zh="物业费提取",
    standard_code="WD_PROPERTY_FEE",
    kind="withdrawal",
    group="money",
    module="29",
    summary="交了物业费，提钱补回来",
    legal_basis=(
        Basis(
            "株洲市住房公积金管理委员会的通知",
            "株金管委〔2026〕2号",
            "自己住的房子交的物业费，一家一年最多提 3000 元，2026 年 5 月 1 日起试行两年",
        ),
        Basis(
            "住房公积金管理条例",
            "国务院令第844号修订，2026 年 9 月 20 日起施行",
            "支付自住住房物业费的，可以提取账户里的钱",
            from_on=date(2026, 9, 20),
        ),
    ),
    form=PropertyFeeForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS, *_ASKED}),
    eligibility=(
        account_usable,
        nothing_in_flight,
        owns_home,
        no_open_fund_loan,
        paid_this_year,
        once_a_year,
        cap_left,
        bill_left,
        something_to_draw,
    ),
    amount=fee_amount,
    keep_fen=leave_fen,
    approval=fee_approval,
    next_on=lambda facts, policy: date(facts.today.year + 1, 1, 1),
    effect=StartWithdrawal(),
    verification=Verification.FACE,
    sources=(
        ("物业缴费平台", "看今年交了多少物业费"),
        ("不动产登记", "看房子是不是您的"),
        ("民政部门", "看婚姻登记，一家的额度合在一起算"),
    ),
    documents=("物业费发票",),
    sla_text="立即审批，一般 1 分钟内到账",
    order=30,
    effective_from=date(2026, 5, 1),
    effective_to=date(2028, 4, 30),
    choices=choices,
    asks=asks,
    spends=spends,
    examples=(
        Example("交了 2,160 元，没有提过", _FORM, _FACTS, True, 216_000),
        Example(
            "交了 5,000 元：一家最多 3,000 元",
            _FORM,
            _billed(replace(_BILL, amount_fen=500_000)),
            True,
            300_000,
        ),
        Example(
            "交了 2,160 元，配偶今年提了 1,000 元：剩 2,000 元",
            _FORM,
            with_usage(replace(_FACTS, marriage=MarriageFacts("20")), spouse_year_fen=100_000),
            True,
            200_000,
            approval=Approval.INSTANT,
        ),
        Example(
            "一起住的人就这套房提了 2,000 元：剩 160 元",
            _FORM,
            with_usage(_FACTS, keyed=(KeyUsage("h1", 0, 0, 200_000, 200_000, 200_000),)),
            True,
            16_000,
        ),
        Example(
            "分两次交，共 1,500 元", _FORM, _billed(*[replace(_BILL, amount_fen=75_000)] * 2), True, 150_000
        ),
        Example(
            "物业没有联网：填 1,800 元，转人工审核",
            {"bill_fen": 180_000, "amount_fen": 100_000, "card_id": CARD_ID},
            replace(_FACTS, property_bill=None, sources=answered(*_ASKED, missing=Fact.PROPERTY_BILL)),
            True,
            180_000,
        ),
        Example(
            "已婚，婚姻登记没有说配偶是谁：一家提了多少算不出来，人工审核",
            _FORM,
            replace(_FACTS, marriage=MarriageFacts("20", spouse_unnamed=True)),
            True,
            216_000,
            approval=Approval.REVIEW,
        ),
        Example(
            "本市没有住房",
            _FORM,
            replace(_FACTS, property=PropertyFacts(0)),
            False,
            refusal="property_fee.no_home",
        ),
        Example("今年还没有交", _FORM, _billed(), False, refusal="property_fee.no_bill"),
        Example(
            "今年已经提过",
            _FORM,
            with_usage(_FACTS, year_fen=50_000, year_count=1),
            False,
            refusal="property_fee.year_used",
        ),
        Example(
            "配偶已经提了 3,000 元",
            _FORM,
            with_usage(_FACTS, spouse_year_fen=300_000),
            False,
            refusal="property_fee.cap_used",
        ),
        Example(
            "账户里没有钱",
            _FORM,
            with_account(_FACTS, balance_fen=0),
            False,
            refusal="withdrawal.nothing_available",
        ),
    ),
)
