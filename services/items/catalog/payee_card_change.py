"""收款卡变更 change of payee card: the bank confirms holder and kind; the card waits before it may receive money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from services.items.declaration import AddPayeeCard, Basis, Example, Form, Item, Refusal, Verification
from services.items.facts import AccountFacts, CardCheckFacts, Fact, Facts, SourceNote
from services.policies.rules import Policy

_REASONS = {
    "holder_mismatch": ("开户人不是您本人", "请换一张您本人名下的储蓄卡"),
    "card_not_found": ("银行没有查到这张卡", "请核对卡号和开户银行"),
    "card_frozen": ("这张卡被冻结了", "请先到银行解除冻结，或换一张卡"),
    "not_class_one": ("这张卡是Ⅱ类或Ⅲ类账户", "请换一张Ⅰ类储蓄卡"),
    "not_debit": ("这张卡不是储蓄卡", "请换一张储蓄卡"),
}


def _digits_together(text: str) -> str:
    """People type cards in groups of four; the bank knows the digits."""
    return text.replace(" ", "")


class CardForm(Form):
    """The new card."""

    card_no: Annotated[
        str,
        Field(
            title="银行卡号",
            min_length=12,
            max_length=30,
            json_schema_extra={
                "x-widget": "text",
                "x-input": "numeric",
                "x-help": "请填您本人名下的储蓄卡（Ⅰ类账户）",
            },
        ),
        AfterValidator(_digits_together),
    ]
    bank_code: Annotated[
        str,
        Field(
            title="开户银行",
            pattern="^[0-9]{6}$",
            json_schema_extra={
                "x-widget": "choice",
                "x-labels": {
                    "105000": "建设银行",
                    "102000": "工商银行",
                    "103000": "农业银行",
                    "104000": "中国银行",
                    "301000": "交通银行",
                },
            },
        ),
    ]


def bank_confirms(facts: Facts, form: CardForm, policy: Policy) -> Refusal | None:
    """户名、卡种由开户银行核验."""
    if facts.card_check is None or facts.card_check.matched:
        return None
    reason = facts.card_check.reason if facts.card_check.reason in _REASONS else "not_confirmed"
    fact, change = _REASONS.get(reason, ("银行没有核验通过", "请核对卡号和开户银行"))
    return Refusal(
        code=f"card.{reason}",
        rule="收款卡必须是本人名下的Ⅰ类储蓄卡",
        article="《住房公积金提取业务标准》（GB/T 51353-2019）：资金转入本人账户",
        fact=fact,
        source="开户银行核验",
        change=change,
        text=f"{fact}，不能用来收款。{change}。",
    )


def bank_answers(facts: Facts, form: CardForm, policy: Policy) -> Refusal | None:
    """银行核验必须有回音：没有核验过的卡不能收款."""
    if not facts.missing(Fact.CARD_CHECK):
        return None
    return Refusal(
        code="card.check_unavailable",
        rule="收款卡要先由开户银行核验",
        article="《住房公积金提取业务标准》（GB/T 51353-2019）：资金转入本人账户",
        fact="银行的核验服务现在没有回音",
        source="开户银行核验",
        change="过一会儿再试，或带卡到网点办理",
        text="银行的核验服务现在没有回音，暂时不能添加新卡。请过一会儿再试。",
    )


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
