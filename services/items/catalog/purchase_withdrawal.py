"""购房提取 purchase withdrawal: once for each house, up to what the member paid for it.

Formula F1: q(min(AV, s·P − W_me, price − L − W_all)); s the share, P what is paid by invoice, L loans for the house,
W what was drawn on it. At once where the contract is on file, otherwise a person looks at the papers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from services.items.facts import Fact, Facts, KeyUsage, LoanFacts
from services.items.fields import AmountFen, Day, PayeeCardId
from services.items.fund_loans import EXAMPLE_LOAN
from services.items.outside import DeedFacts, Purchase, PurchaseFacts
from services.items.rules import (
    account_usable,
    drawable,
    gap_over,
    leave_fen,
    nothing_in_flight,
    plus_months,
    something_to_draw,
)
from services.policies.rules import Policy

OTHER = "other"
_HOUSING, _TAX = "住建部门购房合同备案", "税务部门契税记录"


class PurchaseForm(Form):
    """Which house, how much, to which card; price and day only for a house that no register knows."""

    house: Annotated[
        str | None,
        Field(default=None, title="哪套房", max_length=40, json_schema_extra={"x-widget": "choice"}),
    ]
    price_fen: Annotated[
        StrictInt | None,
        Field(
            default=None,
            title="您已经付的购房款",
            gt=0,
            le=99_999_999_999,
            json_schema_extra={"x-widget": "yuan", "x-help": "按发票写，不算贷款"},
        ),
    ]
    bought_on: Annotated[
        Day | None,
        Field(default=None, title="哪天签的购房合同", json_schema_extra={"x-widget": "date"}),
    ]
    amount_fen: AmountFen
    card_id: PayeeCardId


@dataclass(frozen=True, slots=True)
class _House:
    """The house asked for: what was paid of its price, loans for it, and the member's share in percent."""

    key: str
    price_fen: int
    paid_fen: int
    loan_fen: int
    share_percent: int
    source: str
    contract: Purchase | None = None


def _houses(facts: Facts) -> Mapping[str, tuple[str, _House]]:
    """Houses the registers know, by key: label and figures; a contract on file goes before deed tax."""
    deeds = facts.deed.deeds if facts.deed else ()
    contracts = facts.purchase.contracts if facts.purchase else ()
    known = {d.key: (d.label, _House(d.key, d.price_fen, d.price_fen, 0, 100, _TAX)) for d in deeds}
    filed = {
        c.key: (
            c.label,
            _House(
                c.key,
                c.price_fen,
                c.paid_fen if c.kind == "new" else c.price_fen,
                c.loan_fen,
                c.share_percent,
                _HOUSING,
                c,
            ),
        )
        for c in contracts
    }
    found = {**filed, **known, **filed}  # what is on file first
    return {key: (label, _with_our_loans(house, facts)) for key, (label, house) in found.items()}


def _with_our_loans(house: _House, facts: Facts) -> _House:
    """The contract may be on file without the loan that we gave for the house afterwards."""
    loans = facts.loans.loans if facts.loans else ()
    ours = sum(loan.principal_fen for loan in loans if loan.house_key == house.key)
    return replace(house, loan_fen=max(house.loan_fen, ours))


def _house(facts: Facts, form: PurchaseForm) -> _House | None:
    """The house of the form; the first that is known while none is chosen; None when nothing is known of it."""
    known, price_fen = _houses(facts), form.price_fen
    if form.house is None and known:
        return next(iter(known.values()))[1]
    if form.house is not None and form.house in known:
        return known[form.house][1]
    return _House("", price_fen, price_fen, 0, 100, "您填写的") if price_fen else None


def _left_fen(house: _House, facts: Facts) -> tuple[int, int]:
    """What is left of the member's own payments, and of the price less loans, after what was drawn."""
    assert facts.usage is not None
    drawn = facts.usage.of(house.key)
    own = house.paid_fen * house.share_percent // 100 - drawn.own_fen
    return max(0, own), max(0, house.price_fen - house.loan_fen - drawn.all_fen)


def once_a_house(facts: Facts, form: PurchaseForm, policy: Policy) -> Refusal | None:
    """同一套房只能提取一次."""
    house = _house(facts, form)
    if house is None or facts.usage is None or not facts.usage.of(house.key).own_count:
        return None
    return Refusal(
        code="purchase.house_used",
        rule="购房提取，一套房只能提一次",
        article=policy.text("purchase.article"),
        fact="这套房您已经提取过",
        source="办理记录",
        change="买了别的自住住房可以再提；有房贷的，可以每年办一次偿还房贷提取",
        text="这套房您已经办过购房提取，一套房只能提一次。有房贷的，可以办“偿还商贷提取”。",
    )


def long_enough_ago(facts: Facts, form: PurchaseForm, policy: Policy) -> Refusal | None:
    """距上次提取满规定月数."""
    items = policy.names("purchase.gap_items")
    return gap_over(
        facts, policy, key="purchase.gap_months", items=items, code="purchase.too_soon", what="购房提取"
    )


def something_paid(facts: Facts, form: PurchaseForm, policy: Policy) -> Refusal | None:
    """已经付过购房款."""
    house = _house(facts, form)
    if house is None or house.paid_fen * house.share_percent > 0:
        return None
    return Refusal(
        code="purchase.nothing_paid",
        rule="按已经付的购房款提取",
        article=policy.text("purchase.article"),
        fact="备案的购房合同里还没有您付款的记录",
        source=house.source,
        change="付款并开了发票，过几天备案更新后就可以办；已经付了的，带发票到网点办",
        text="备案的购房合同里还没有您付款的记录。付款并开了发票以后就可以办；已经付了的，可以带发票到网点办。",
    )


def price_left(facts: Facts, form: PurchaseForm, policy: Policy) -> Refusal | None:
    """提取和贷款合计不超过房价."""
    house = _house(facts, form)
    if house is None or house.paid_fen * house.share_percent == 0 or min(_left_fen(house, facts)) > 0:
        return None
    assert facts.usage is not None
    drawn = yuan_text(facts.usage.of(house.key).all_fen)
    return Refusal(
        code="purchase.price_used",
        rule="提取和贷款加起来不超过房价",
        article=policy.text("purchase.article"),
        fact=f"房价 {yuan_text(house.price_fen)} 元，贷款 {yuan_text(house.loan_fen)} 元，这套房已提 {drawn} 元",
        source=house.source,
        change="信息不对的，带购房合同和发票到网点核对",
        text=f"这套房的贷款和已经提的钱加起来已经等于房价（{yuan_text(house.price_fen)} 元），没有可以再提的了。",
    )


def purchase_amount(facts: Facts, form: PurchaseForm, policy: Policy) -> Amount:
    """F1: the least of what is there, what is left of the own payments, and of the price less loans."""
    house, article = _house(facts, form), policy.text("purchase.article")
    if house is None:
        return drawable(facts, policy, "账户里最多能提这么多；填了您付的购房款，才知道这次能提多少。")
    own, whole = _left_fen(house, facts)
    share = "" if house.share_percent == 100 else f"，您占 {house.share_percent}%"
    return drawable(
        facts,
        policy,
        "按您已经付的购房款算，一套房提一次。",
        Part("您付的购房款", own, f"已经付的 {yuan_text(house.paid_fen)} 元{share}", house.source),
        Part("房价减去贷款和已提的钱", whole, "提取和贷款加起来不能超过房价", article),
    )


def purchase_approval(facts: Facts, form: PurchaseForm, policy: Policy) -> Approval:
    """At once where the contract is on file and nothing looks like the frauds of 建金〔2018〕46号."""
    house = _house(facts, form)
    contract = house.contract if house else None
    if contract is None or facts.marriage is None:
        return Approval.REVIEW
    late = plus_months(date.fromisoformat(contract.signed_on), policy.integer("purchase.window_months"))
    strange = (
        contract.strangers
        or contract.trades >= policy.integer("purchase.flag_trades")
        or facts.marriage.changes >= policy.integer("purchase.flag_marriages")
        or late < facts.today
    )
    return Approval.REVIEW if strange else Approval.INSTANT


def choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """Houses the registers know, and another one."""
    known = [Choice(key, label) for key, (label, _) in _houses(facts).items()]
    other = Choice(OTHER, "别的房子（外地的，或者还没备案的）")
    return {"house": (*known, other)} if known else {}


def asks(facts: Facts, form: PurchaseForm, policy: Policy) -> frozenset[str]:
    """Price and day only of a house that no register knows."""
    known = _houses(facts)
    unknown = not known or form.house == OTHER
    return (
        frozenset({"amount_fen", "card_id"})
        | ({"house"} if known else set())
        | ({"price_fen", "bought_on"} if unknown else set())
    )


def spends(facts: Facts, form: PurchaseForm) -> frozenset[str]:
    """The house."""
    house = _house(facts, form)
    return frozenset({house.key} if house and house.key else ())


_ASKED = (Fact.MARRIAGE, Fact.PURCHASE, Fact.DEED)
_CONTRACT = Purchase(
    key="h1",
    label="天元区示例大道*号（编号尾号 1234）",
    kind="new",
    city_code="430200",
    signed_on="2026-07-01",
    price_fen=80_000_000,
    paid_fen=30_000_000,
    loan_fen=50_000_000,
    share_percent=100,
    strangers=False,
    trades=0,
)
_FACTS = with_account(
    plain_facts(*_ASKED, purchase=PurchaseFacts((_CONTRACT,)), deed=DeedFacts(())), balance_fen=3_200_000
)
_FORM = {"house": "h1", "amount_fen": 1_000_000, "card_id": CARD_ID}
_OUR_LOAN = LoanFacts((replace(EXAMPLE_LOAN, house_key="h1", principal_fen=78_000_000),))


def _filed(**changes: object) -> Facts:
    return replace(_FACTS, purchase=PurchaseFacts((replace(_CONTRACT, **changes),)))  # type: ignore[arg-type]


ITEM = Item(
    code="purchase-withdrawal",
    name_zh="购房提取",
    standard_code="WD_PURCHASE",
    kind="withdrawal",
    group="money",
    module="21",
    summary="买了自己住的房子，提钱付房款",
    legal_basis=(
        Basis(
            "住房公积金管理条例",
            "第二十四条第一款第（一）项",
            "购买自住住房的，可以提取账户里的钱",
            until_on=date(2026, 9, 19),
        ),
        Basis(
            "住房公积金管理条例",
            "国务院令第844号修订，2026 年 9 月 20 日起施行",
            "购买自住住房的，可以提取账户里的钱",
            from_on=date(2026, 9, 20),
        ),
        Basis(
            "株洲市住房公积金提取管理办法",
            "株金管委〔2026〕4号 第七条",
            "一套房提一次，和上次提取相隔满 12 个月",
            from_on=date(2026, 5, 1),
        ),
    ),
    form=PurchaseForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS, *_ASKED}),
    eligibility=(
        account_usable,
        nothing_in_flight,
        once_a_house,
        long_enough_ago,
        something_paid,
        price_left,
        something_to_draw,
    ),
    amount=purchase_amount,
    keep_fen=leave_fen,
    approval=purchase_approval,
    next_on=lambda facts, policy: plus_months(facts.today, policy.integer("purchase.gap_months")),
    effect=StartWithdrawal(),
    verification=Verification.FACE,
    sources=(
        ("住建部门", "看备案的购房合同：房价、已付款、贷款和您的份额"),
        ("税务部门", "合同没有备案的，看契税记录"),
        ("民政部门", "看婚姻登记"),
    ),
    documents=("购房合同", "购房发票或契税完税证明"),
    sla_text="合同已备案的立即审批，一般 1 分钟内到账",
    order=15,
    choices=choices,
    asks=asks,
    spends=spends,
    examples=(
        Example("合同已备案，付了 30 万元：余额 32,000.00 元，留 0.01 元", _FORM, _FACTS, True, 3_199_999),
        Example(
            "只占一半份额，付了 6 万元：60,000 × 50% = 30,000 元",
            _FORM,
            _filed(paid_fen=6_000_000, share_percent=50),
            True,
            3_000_000,
        ),
        Example(
            "房价 80 万元，贷款 78 万元，配偶已提 5,000 元：剩 15,000 元",
            _FORM,
            with_usage(
                _filed(loan_fen=78_000_000),
                keyed=(KeyUsage("h1", 0, 0, 500_000, 500_000, 500_000),),
            ),
            True,
            1_500_000,
        ),
        Example(
            "备案里没有贷款，中心给这套房贷了 78 万元：房价 80 万元，剩 20,000 元",
            _FORM,
            replace(_filed(loan_fen=0), loans=_OUR_LOAN),
            True,
            2_000_000,
        ),
        Example(
            "合同没有备案：填购房款 20,000 元，由人工审核",
            {"price_fen": 2_000_000, "bought_on": "2026-06-01", "amount_fen": 1_000_000, "card_id": CARD_ID},
            replace(_FACTS, purchase=PurchaseFacts(())),
            True,
            2_000_000,
        ),
        Example(
            "住建部门没有回音：不拒绝，转人工审核",
            {"price_fen": 2_000_000, "bought_on": "2026-06-01", "amount_fen": 1_000_000, "card_id": CARD_ID},
            replace(_FACTS, purchase=None, sources=answered(*_ASKED, missing=Fact.PURCHASE)),
            True,
            2_000_000,
        ),
        Example(
            "这套房已经提过",
            _FORM,
            with_usage(_FACTS, keyed=(KeyUsage("h1", 100_000, 1, 100_000, 0, 0),)),
            False,
            refusal="purchase.house_used",
        ),
        Example(
            "5 个月前刚提过一次",
            _FORM,
            with_usage(_FACTS, last_by_item={"purchase-withdrawal": "2026-06-23"}),
            False,
            refusal="purchase.too_soon",
        ),
        Example(
            "还没有付过购房款", _FORM, _filed(paid_fen=0, loan_fen=0), False, refusal="purchase.nothing_paid"
        ),
        Example("贷款等于房价", _FORM, _filed(loan_fen=80_000_000), False, refusal="purchase.price_used"),
        Example(
            "账户里只有 0.01 元",
            _FORM,
            with_account(_FACTS, balance_fen=1),
            False,
            refusal="withdrawal.nothing_available",
        ),
    ),
)
