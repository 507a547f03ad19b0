"""收款卡变更 change of payee card: the bank confirms holder and kind; the card waits before it may receive money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.items.cards import CardForm, no_answer, not_confirmed
from services.items.declaration import AddPayeeCard, Basis, Example, Item, Refusal, Verification
from services.items.facts import AccountFacts, CardCheckFacts, Fact, Facts, SourceNote
from services.policies.rules import Policy

_ARTICLE = "《住房公积金提取业务标准》（GB/T 51353-2019）：资金转入本人账户"


def bank_confirms(facts: Facts, form: CardForm, policy: Policy) -> Refusal | None:
    """户名、卡种由开户银行核验."""
    return not_confirmed(facts, "收款", _ARTICLE)


def bank_answers(facts: Facts, form: CardForm, policy: Policy) -> Refusal | None:
    """银行核验必须有回音：没有核验过的卡不能收款."""
    return no_answer(facts, "收款", _ARTICLE)


_FACTS = Facts(
    today=date(2026, 11, 23),
    account=AccountFacts(
        "01", "正常", 5_600_000, 0, 0, "9920030100001", "示例单位", "2020-03-01", 1_000_000, 200_000
    ),
    card_check=CardCheckFacts(True, None, "105000", "建设银行"),
    sources=(SourceNote("card_check", "开户银行核验", "2026-11-23T09:00:00+08:00", "ok"),),
)
_FORM = {"card_no": "6217000000000000012", "bank_code": "105000"}

ITEM = Item(
    code="payee-card-change",
    name_zh="收款卡变更",
    standard_code="AC_INFO",
    kind="change",
    group="profile",
    module="40",
    summary="换一张收钱的银行卡",
    legal_basis=(Basis("住房公积金提取业务标准", "GB/T 51353-2019", "提取的资金转入职工本人的银行账户"),),
    form=CardForm,
    needs=frozenset({Fact.ACCOUNT, Fact.CARD_CHECK}),
    eligibility=(bank_answers, bank_confirms),
    effect=AddPayeeCard(),
    verification=Verification.FACE,
    sources=(("开户银行", "核对户名、卡种和状态"),),
    allowed_text="为了资金安全，新卡添加后要等一段时间才能收款。",
    sla_text="立即添加，24 小时后可以收款",
    private_fields=frozenset({"card_no"}),
    order=90,
    examples=(
        Example("本人Ⅰ类储蓄卡", _FORM, _FACTS, True),
        Example(
            "开户人不是本人",
            _FORM,
            replace(_FACTS, card_check=CardCheckFacts(False, "holder_mismatch", "105000", "建设银行")),
            False,
            refusal="card.holder_mismatch",
        ),
        Example(
            "银行没有回音",
            _FORM,
            replace(
                _FACTS,
                card_check=None,
                sources=(
                    SourceNote("card_check", "开户银行核验", "2026-11-23T09:00:00+08:00", "unavailable"),
                ),
            ),
            False,
            refusal="card.check_unavailable",
        ),
    ),
)
