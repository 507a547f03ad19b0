"""离退休提取 retirement: everything with interest to the day, and the account is closed (F6).

Retired is who social insurance says is retired: age alone is not enough since 渐进式延迟退休.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.items.closing import ClosingForm, nothing_frozen, something_left, whole_amount
from services.items.declaration import Basis, CloseAccount, Example, Item, Refusal, Verification
from services.items.example_facts import CARD_ID, answered, plain_facts, with_account
from services.items.facts import ClosingFacts, Fact, Facts
from services.items.outside import SocialFacts
from services.items.rules import account_usable, no_open_fund_loan, nothing_in_flight
from services.policies.rules import Policy


def retired(facts: Facts, form: ClosingForm, policy: Policy) -> Refusal | None:
    """社保已经办了退休."""
    if facts.social is None or facts.social.status == "retired":
        return None
    return Refusal(
        code="retirement.not_retired",
        rule="已经办理退休",
        article=policy.text("retirement.article"),
        fact="社保记录里您还没有办退休",
        source="人社部门社保记录",
        change="在社保办好退休以后就可以办；已经退休的，带退休证到网点办",
        text="社保记录里您还没有办退休。办好退休以后就可以办；已经退休的，可以带退休证到网点办。",
    )


_FACTS = with_account(
    plain_facts(
        Fact.SOCIAL, social=SocialFacts("retired", "2026-10-09"), closing=ClosingFacts("2026-06-30", 19_467)
    ),
    balance_fen=3_200_000,
)
_FORM = {"card_id": CARD_ID}

ITEM = Item(
    code="retirement-withdrawal",
    name_zh="离退休提取",
    standard_code="WD_RETIRE",
    kind="withdrawal",
    group="money",
    module="26",
    summary="退休了，把账户里的钱连本带息提完",
    legal_basis=(
        Basis(
            "住房公积金管理条例",
            "第二十四条第一款第（二）项",
            "离休、退休的，提取账户里全部的钱，同时注销账户",
            until_on=date(2026, 9, 19),
        ),
        Basis(
            "住房公积金管理条例",
            "国务院令第844号修订，2026 年 9 月 20 日起施行",
            "离休、退休的，提取账户里全部的钱，同时注销账户",
            from_on=date(2026, 9, 20),
        ),
    ),
    form=ClosingForm,
    needs=frozenset({Fact.ACCOUNT, Fact.USAGE, Fact.LOANS, Fact.CLOSING, Fact.SOCIAL}),
    eligibility=(
        account_usable,
        nothing_in_flight,
        retired,
        no_open_fund_loan,
        nothing_frozen,
        something_left,
    ),
    amount=whole_amount,
    keep_fen=lambda policy: 0,
    effect=CloseAccount("03"),
    verification=Verification.FACE,
    sources=(("人社部门", "看社保里是不是已经退休"),),
    documents=("退休证或退休审批表",),
    sla_text="立即审批，一般 1 分钟内到账",
    order=40,
    examples=(
        Example("已退休：余额 32,000.00 元加利息 194.67 元", _FORM, _FACTS, True, 3_219_467),
        Example(
            "封存的账户也可以",
            _FORM,
            with_account(_FACTS, state="02", state_text="封存"),
            True,
            3_219_467,
        ),
        Example(
            "社保没有回音：不拒绝，转人工审核",
            _FORM,
            replace(_FACTS, social=None, sources=answered(Fact.SOCIAL, missing=Fact.SOCIAL)),
            True,
            3_219_467,
        ),
        Example(
            "还在上班",
            _FORM,
            replace(_FACTS, social=SocialFacts("employed")),
            False,
            refusal="retirement.not_retired",
        ),
        Example(
            "有 100 元被冻结", _FORM, with_account(_FACTS, frozen_fen=10_000), False, refusal="closing.frozen"
        ),
        Example(
            "账户里没有钱",
            _FORM,
            with_account(replace(_FACTS, closing=ClosingFacts("2026-06-30", 0)), balance_fen=0),
            False,
            refusal="closing.nothing_left",
        ),
    ),
)
